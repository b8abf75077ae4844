"""CloudFormation templates as cfn-lint reads them, with the actions and conditions of IAM's policies in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import offer
from ferray.cluster.checks.source_file import FileKind, SourceFile
from ferray.config.optional_package import why_not_imported

NAME = "cfn-lint"
NO_SUCH_ACTION = "W3037"  # a warning to cfn-lint; to a policy it means that it does not grant what it should
_ENUMERATED = re.compile(r"'([^']*)' is not one of \[(.*)\]")


def applies(source: SourceFile) -> bool:
    """Whether the file is a template."""
    return source.kind is FileKind.CLOUDFORMATION


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What cfn-lint has against the template."""
    try:
        from cfnlint.api import lint
    except ImportError as error:
        yield NotChecked(source.path, NAME, f"cfn-lint {why_not_imported(error)}", "validators")
        return
    for match in lint(source.text, rules=_rules()):
        rule = match.rule
        is_error = rule.severity == "error" or rule.id == NO_SUCH_ACTION
        message = f"{rule.id}: {_shortened(match.message)}"
        yield source.finding(NAME, message, match.linenumber, severity="error" if is_error else "warning")


@cache
def _rules() -> Any:
    """cfn-lint's rules, which take half a second to read."""
    from cfnlint.core import get_rules

    return get_rules([], [], [])


def _shortened(message: str) -> str:
    """A message with the nearest of the many words that it lists."""
    found = _ENUMERATED.search(message)
    if found is None:
        return " ".join(message.split())
    known = re.findall(r"'([^']*)'", found[2])
    return f"`{found[1]}` is not known{offer(found[1], known)}"
