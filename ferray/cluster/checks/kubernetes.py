"""Manifests as Kubernetes' API would take them: its published schemas, and the rules of pods that no schema says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.kubernetes_schema import KubernetesSchemas, kubernetes_schemas
from ferray.cluster.checks.pods import claimed_volumes, pod_problems, pods_of
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, schema_problems
from ferray.cluster.checks.source_file import FileKind, SourceFile
from ferray.config.optional_package import why_not_imported
from ferray.errors import nearest

NAME = "Kubernetes' API"
KUBERAY = "ray.io/"


def applies(source: SourceFile) -> bool:
    """Whether `kubectl` reads the file, and not all of it is KubeRay's."""
    return source.kind is FileKind.KUBERNETES and not all(map(is_kuberay, source.documents))


def is_kuberay(document: Document) -> bool:
    """Whether a document is of KubeRay's API."""
    return isinstance(document.value, dict) and str(document.value.get("apiVersion")).startswith(KUBERAY)


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What Kubernetes would refuse of each document; those of KubeRay are left to `kuberay`."""
    try:
        schemas = kubernetes_schemas()
    except ImportError as error:
        yield NotChecked(source.path, NAME, f"kubernetes-validate {why_not_imported(error)}", "validators")
        return
    for document in source.documents:
        value = document.value
        if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("apiVersion", "kind")):
            yield source.finding(NAME, "`apiVersion` or `kind` is missing", document.line(()))
            continue
        if is_kuberay(document):
            continue
        schema = schemas.schema_of(value["kind"], value["apiVersion"])
        if schema is None and _is_foreign(value["apiVersion"]):
            reason = f"`{value['kind']}` of `{value['apiVersion']}` is a resource of somebody's own"
            yield NotChecked(source.path, NAME, reason)
            continue
        problems = [_unknown_kind(value, schemas)] if schema is None else list(_problems(schema, value, schemas))
        for path, message in problems:
            yield source.finding(NAME, message, document.line(path))


def _is_foreign(api_version: str) -> bool:
    """Whether an API is none of Kubernetes' own, whose groups have no dot or end in `k8s.io`."""
    group = api_version.rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def _unknown_kind(value: dict[str, Any], schemas: KubernetesSchemas) -> Problem:
    kind, api_version = value["kind"], value["apiVersion"]
    near = nearest(kind, schemas.kinds_of(api_version))
    offer = f": did you mean `{near}`, in its own spelling?" if near else ""
    return ("kind",), f"Kubernetes {schemas.version} has no `{kind}` in `{api_version}`{offer}"


def _problems(schema: dict[str, Any], value: dict[str, Any], schemas: KubernetesSchemas) -> Iterator[Problem]:
    yield from schema_problems(schema, value, schemas.registry)
    for path, pod in pods_of(value):
        yield from pod_problems(path, pod, claimed_volumes(value))
