"""CloudFormation templates and IAM policies as cfn-lint reads them, names of actions and conditions among them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.source_file import FileKind, SourceFile
from ferray.errors import nearest

NAME = "cfn-lint"
_WRAPPED = ("Resources", "Policy", "Properties", "PolicyDocument")
_ENUMERATED = re.compile(r"('[^']*') is not one of \[(.*)\]")


def applies(source: SourceFile) -> bool:
    """Whether the file is a template or a policy."""
    return source.kind in (FileKind.CLOUDFORMATION, FileKind.IAM_POLICY)


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What cfn-lint has against a template, or against a policy that stands by itself."""
    try:
        for document in source.documents:
            yield from _findings(source, document)
    except ImportError:
        yield NotChecked(source.path, NAME, "cfn-lint is not installed", "validators")


def _findings(source: SourceFile, document: Document) -> Iterator[Finding]:
    from cfnlint.api import lint

    is_policy = source.kind is FileKind.IAM_POLICY
    for match in lint(_as_template(document.value) if is_policy else source.text):
        path = tuple(getattr(match, "path", None) or ())
        line = document.line(path[len(_WRAPPED) :]) if is_policy else match.linenumber
        # W3037 tells of actions that are none: a policy that lacks what it means to grant.
        is_error = match.rule.severity == "error" or match.rule.id == "W3037"
        yield source.finding(
            NAME, f"{match.rule.id}: {_shortened(match.message)}", line, severity="error" if is_error else "warning"
        )


def _as_template(policy: Any) -> str:
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Policy": resource}})


def _shortened(message: str) -> str:
    """A message with the nearest of many words that it lists."""
    found = _ENUMERATED.search(message)
    if found is None:
        return " ".join(message.split())
    near = nearest(found[1].strip("'"), re.findall(r"'([^']*)'", found[2]))
    offer = f": did you mean `{near}`?" if near else ""
    return f"`{found[1].strip(chr(39))}` is not known{offer}"
