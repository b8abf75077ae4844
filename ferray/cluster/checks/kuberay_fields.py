"""The fields of KubeRay's `RayCluster` and `RayJob` in `ray.io/v1`, as its API reference describes them.

Everything but what lies in a pod, which Kubernetes' own schema knows. KubeRay's CRDs say the same and more, and are
asked where a folder of them is named.
"""

from __future__ import annotations

from typing import Any

PODS = "https://kubernetes.io/api/_definitions.json#/$defs/io.k8s.api.core.v1."
TEXT = {"type": "string"}
WHOLE = {"type": "integer", "minimum": 0}
NUMBER = {"type": "number", "minimum": 0}
YES_OR_NO = {"type": "boolean"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
LIST_OF_TEXTS = {"type": "array", "items": TEXT}
MANAGER = {"enum": ["ray.io/kuberay-operator", "kueue.x-k8s.io/multikueue"]}


def schema_of_kuberay(kind: str, *, pods_are_known: bool) -> dict[str, Any]:
    """The JSON schema of a whole manifest of the kind; pods are referred to Kubernetes' schema where it is there."""
    spec = _cluster(pods_are_known) if kind == "RayCluster" else _job(pods_are_known)
    fields = {"apiVersion": {"const": "ray.io/v1"}, "kind": {"const": kind}, "metadata": _part("ObjectMeta", False)}
    return _object({**fields, "spec": spec}, "apiVersion", "kind", "metadata", "spec")


def _object(fields: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def _part(name: str, known: bool) -> dict[str, Any]:
    """A part of a pod, by its name in Kubernetes' API."""
    return {"$ref": f"{PODS}{name}"} if known else {"type": "object"}


def _cluster(known: bool) -> dict[str, Any]:
    return _object(
        {
            "rayVersion": TEXT,
            "suspend": YES_OR_NO,
            "managedBy": MANAGER,
            "enableInTreeAutoscaling": YES_OR_NO,
            "autoscalerOptions": _autoscaler(known),
            "authOptions": _object(
                {"mode": _one_of("disabled", "token"), "secretName": TEXT, "enableK8sTokenAuth": YES_OR_NO}
            ),
            "gcsFaultToleranceOptions": {"type": "object"},
            "headServiceAnnotations": TEXTS,
            "tlsOptions": _object({"enabled": YES_OR_NO}),
            "networkPolicy": {"type": "object"},
            "historyServerOptions": {"type": "object"},
            "upgradeStrategy": _object({"type": _one_of("Recreate", "None")}),
            "headGroupSpec": _head(known),
            "workerGroupSpecs": {"type": "array", "items": _workers(known)},
        },
        "headGroupSpec",
    )


def _autoscaler(known: bool) -> dict[str, Any]:
    return _object(
        {
            "version": _one_of("v1", "v2"),
            "idleTimeoutSeconds": WHOLE,
            "upscalingMode": _one_of("Default", "Aggressive", "Conservative"),
            "image": TEXT,
            "imagePullPolicy": _one_of("Always", "IfNotPresent", "Never"),
            "command": LIST_OF_TEXTS,
            "args": LIST_OF_TEXTS,
            "env": {"type": "array", "items": _part("EnvVar", known)},
            "envFrom": {"type": "array", "items": _part("EnvFromSource", known)},
            "volumeMounts": {"type": "array", "items": _part("VolumeMount", known)},
            "resources": _part("ResourceRequirements", known),
            "securityContext": _part("SecurityContext", known),
        }
    )


def _head(known: bool) -> dict[str, Any]:
    return _object(
        {
            "serviceType": _one_of("ClusterIP", "NodePort", "LoadBalancer"),
            "headService": _part("Service", known),
            "enableIngress": YES_OR_NO,
            "ingressOptions": {"type": "object"},
            "rayStartParams": TEXTS,
            "labels": TEXTS,
            "resources": TEXTS,
            "template": _part("PodTemplateSpec", known),
        },
        "template",
    )


def _workers(known: bool) -> dict[str, Any]:
    return _object(
        {
            "groupName": {"type": "string", "minLength": 1},
            "replicas": WHOLE,
            "minReplicas": WHOLE,
            "maxReplicas": WHOLE,
            "numOfHosts": WHOLE,
            "priority": {"type": "integer"},
            "idleTimeoutSeconds": WHOLE,
            "suspend": YES_OR_NO,
            "rayStartParams": TEXTS,
            "labels": TEXTS,
            "resources": TEXTS,
            "scaleStrategy": _object({"workersToDelete": LIST_OF_TEXTS}),
            "template": _part("PodTemplateSpec", known),
        },
        "groupName",
        "template",
    )


def _job(known: bool) -> dict[str, Any]:
    return _object(
        {
            "entrypoint": {"type": "string", "minLength": 1},
            "entrypointNumCpus": NUMBER,
            "entrypointNumGpus": NUMBER,
            "entrypointResources": TEXT,
            "runtimeEnvYAML": TEXT,
            "jobId": TEXT,
            "metadata": TEXTS,
            "submissionMode": _one_of("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"),
            "submitterPodTemplate": _part("PodTemplateSpec", known),
            "submitterConfig": _object({"backoffLimit": WHOLE}),
            "shutdownAfterJobFinishes": YES_OR_NO,
            "ttlSecondsAfterFinished": WHOLE,
            "activeDeadlineSeconds": WHOLE,
            "preRunningDeadlineSeconds": WHOLE,
            "backoffLimit": WHOLE,
            "suspend": YES_OR_NO,
            "managedBy": MANAGER,
            "clusterSelector": TEXTS,
            "deletionStrategy": {"type": "object"},
            "rayClusterSpec": _cluster(known),
        }
    )
