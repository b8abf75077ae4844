"""Manifests of KubeRay: the fields of clusters and jobs, and pods by Kubernetes' schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ferray.cluster.checks.kuberay_fields import schema_of_kuberay
from ferray.cluster.checks.kubernetes import NAME as KUBERNETES
from ferray.cluster.checks.kubernetes import is_kuberay
from ferray.cluster.checks.kubernetes_schema import kubernetes_schemas
from ferray.cluster.checks.pods import pod_problems, pods_of
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, schema_problems
from ferray.cluster.checks.source_file import FileKind, SourceFile
from ferray.config.optional_package import why_not_imported
from ferray.errors import did_you_mean

NAME = "KubeRay's fields"
KINDS = ("RayCluster", "RayJob")


def applies(source: SourceFile) -> bool:
    """Whether a document of the file is KubeRay's."""
    return source.kind is FileKind.KUBERNETES and any(map(is_kuberay, source.documents))


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What KubeRay's operator would refuse of its own documents in the file."""
    try:
        kubernetes_schemas()
    except ImportError as error:
        yield NotChecked(source.path, KUBERNETES, f"kubernetes-validate {why_not_imported(error)}", "validators")
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
