"""Manifests of KubeRay: the fields of clusters and jobs, pods by Kubernetes' schema, and the CRDs where they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ferray.cluster.checks.kuberay_fields import schema_of_kuberay
from ferray.cluster.checks.kubernetes import KUBERAY, is_kuberay
from ferray.cluster.checks.kubernetes_schema import kubernetes_schemas
from ferray.cluster.checks.pods import pod_problems, pods_of
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, schema_problems
from ferray.cluster.checks.source_file import FileKind, SourceFile
from ferray.errors import did_you_mean
from ferray.files.size_limits import read_within

NAME = "KubeRay's fields"
CRDS = "KubeRay's CRDs"
CRDS_VARIABLE = "FERRAY_KUBERAY_CRDS"
KINDS = ("RayCluster", "RayJob")
MOST_BYTES = 16 * 1024 * 1024  # of a file of CRDs: those of KubeRay 1.7 have up to 1.5 MB


def applies(source: SourceFile) -> bool:
    """Whether a document of the file is KubeRay's."""
    return source.kind is FileKind.KUBERNETES and any(map(is_kuberay, source.documents))


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What KubeRay's operator would refuse of its own documents in the file."""
    for document in filter(is_kuberay, source.documents):
        value = document.value
        kind = str(value.get("kind"))
        if kind not in KINDS:
            yield source.finding(
                NAME, f"`{kind}` is not checked: {did_you_mean(kind, KINDS)}", document.line(("kind",))
            )
            continue
        for path, message in (*_schema_findings(kind, value), *_group_problems(value)):
            yield source.finding(NAME, message, document.line(path))
        yield from _not_checked(source)
        for path, message in _crd_problems(kind, value):
            yield source.finding(CRDS, message, document.line(path))


def _schema_findings(kind: str, value: dict[str, Any]) -> Iterator[Problem]:
    try:
        registry = kubernetes_schemas().registry
    except ImportError:
        yield from schema_problems(schema_of_kuberay(kind, pods_are_known=False), value)
    else:
        yield from schema_problems(schema_of_kuberay(kind, pods_are_known=True), value, registry)
    for path, pod in pods_of(value):
        yield from pod_problems(path, pod)


def _group_problems(value: dict[str, Any]) -> Iterator[Problem]:
    """Groups of workers of one name, and numbers of workers that cannot be."""
    spec = value.get("spec") or {}
    path: tuple[str | int, ...] = ("spec", "rayClusterSpec") if "rayClusterSpec" in spec else ("spec",)
    groups = (spec.get("rayClusterSpec") or spec).get("workerGroupSpecs") or []
    names = [group.get("groupName") for group in groups if isinstance(group, dict)]
    for index, group in enumerate(groups):
        if not isinstance(group, dict):
            continue
        place = (*path, "workerGroupSpecs", index)
        if names.index(group.get("groupName")) < index:
            yield (*place, "groupName"), f"two groups of workers are called `{group.get('groupName')}`"
        least, now, most = (group.get(key) for key in ("minReplicas", "replicas", "maxReplicas"))
        counts = [count for count in (least, now, most) if isinstance(count, int)]
        if counts != sorted(counts):
            yield (
                place,
                f"`minReplicas`, `replicas` and `maxReplicas` are not in this order: `{least}`, `{now}`, `{most}`",
            )


def _not_checked(source: SourceFile) -> Iterator[NotChecked]:
    if not os.environ.get(CRDS_VARIABLE):
        reason = f"`{CRDS_VARIABLE}` names no folder of them (`kubectl get crd rayclusters.ray.io -o yaml` prints one)"
        yield NotChecked(source.path, CRDS, reason)
    try:
        kubernetes_schemas()
    except ImportError:
        yield NotChecked(source.path, "Kubernetes' API", "kubernetes-validate is not installed", "validators")


def _crd_problems(kind: str, value: dict[str, Any]) -> Iterator[Problem]:
    folder = os.environ.get(CRDS_VARIABLE)
    if not folder:
        return
    schema = _crd_schema(Path(folder), kind, value["apiVersion"].removeprefix(KUBERAY))
    if schema is None:
        yield ("apiVersion",), f"no file in `{folder}` defines `{kind}` of `{value['apiVersion']}`"
        return
    yield from schema_problems(schema, value)


def _crd_schema(folder: Path, kind: str, version: str) -> dict[str, Any] | None:
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
    for document in yaml.load_all(read_within(file, MOST_BYTES), Loader=loader):
        if isinstance(document, dict):
            yield document


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


def crd_digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a folder of CRDs, by which one tells that they are a release's."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.yaml"))}
