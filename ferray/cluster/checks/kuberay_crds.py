"""Manifests of KubeRay, held against the CRDs of the operator that will read them, where a folder of them is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ferray.cluster.checks.kuberay import applies
from ferray.cluster.checks.kubernetes import KUBERAY, is_kuberay
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, schema_problems
from ferray.cluster.checks.source_file import SourceFile
from ferray.errors import ConfigError
from ferray.files.os_errors import reading
from ferray.files.size_limits import read_within

__all__ = ["NAME", "VARIABLE", "applies", "check", "crd_schema"]

NAME = "KubeRay's CRDs"
VARIABLE = "FERRAY_KUBERAY_CRDS"
MOST_BYTES = 16 * 1024 * 1024  # of a file: those of KubeRay 1.7 have up to 1.5 MB


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What the CRDs have against the documents of KubeRay in the file."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        reason = f"`{VARIABLE}` names no folder of them (`kubectl get crd rayclusters.ray.io -o yaml` prints one)"
        yield NotChecked(source.path, NAME, reason)
        return
    for document in filter(is_kuberay, source.documents):
        for path, message in _problems(Path(folder), document.value):
            yield source.finding(NAME, message, document.line(path))


def _problems(folder: Path, value: dict[str, Any]) -> Iterator[Problem]:
    kind, api_version = str(value.get("kind")), str(value["apiVersion"])
    schema = crd_schema(folder, kind, api_version.removeprefix(KUBERAY))
    if schema is None:
        yield ("apiVersion",), f"no file in `{folder}` defines `{kind}` of `{api_version}`"
        return
    yield from schema_problems(schema, value)


def crd_schema(folder: Path, kind: str, version: str) -> dict[str, Any] | None:
    """The schema of one version of a kind out of a folder of CRDs, made strict."""
    for crd in _crds(folder):
        if crd.get("kind") != "CustomResourceDefinition" or crd["spec"]["names"]["kind"] != kind:
            continue
        for defined in crd["spec"]["versions"]:
            if defined["name"] == version:
                schema: dict[str, Any] = _strict(defined["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                return schema
    return None


def _crds(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        for document in _documents(file):
            inner = document.get("items") if document.get("kind") == "List" else None
            yield from inner if isinstance(inner, list) else [document]


def _documents(file: Path) -> Iterator[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a second instead of ten
    hint = f"name another folder with `{VARIABLE}`, or none"
    with reading(file, ConfigError, hint):
        content = read_within(file, MOST_BYTES)
    try:
        documents = list(yaml.load_all(content, Loader=loader))
    except yaml.YAMLError as error:
        raise ConfigError(f"`{file}` is not YAML: {' '.join(str(error).split())}", hint) from error
    yield from (document for document in documents if isinstance(document, dict))


def _strict(schema: Any) -> Any:
    """A schema of OpenAPI as JSON schema that refuses fields which it does not name, as `kubectl --validate` does."""
    if isinstance(schema, list):
        return [_strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(inner) for name, inner in schema.items()}
    if made.get("x-kubernetes-int-or-string") is True:
        made.pop("type", None)
    is_open = made.get("x-kubernetes-preserve-unknown-fields") is True
    if isinstance(made.get("properties"), dict) and made.get("type") == "object" and not is_open:
        made.setdefault("additionalProperties", False)
    filled_in = [name for name, inner in (made.get("properties") or {}).items() if "default" in inner]
    if filled_in and isinstance(made.get("required"), list):  # the API fills in defaults before it looks
        made["required"] = [name for name in made["required"] if name not in filled_in]
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made
