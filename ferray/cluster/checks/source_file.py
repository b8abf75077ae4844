"""A file of a cluster, and what it is to whoever reads it in the end."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

from ferray.cluster.checks.document import CLOUDFORMATION, Document, NotYaml, read_documents
from ferray.cluster.checks.report import Finding, Severity

YAML_SUFFIXES = (".yaml", ".yml")
SCRIPT_SUFFIXES = (".sh", ".bash", ".sbatch")


class FileKind(Enum):
    """Who reads a file."""

    RAY_CLUSTER = "ray up"
    KUBERNETES = "kubectl"
    COMPOSE = "docker compose"
    PROMETHEUS = "prometheus"
    CLOUDFORMATION = "AWS CloudFormation"
    GCP_ROLE = "Google Cloud IAM"
    SCRIPT = "a shell"
    DOCKERFILE = "docker build"
    OTHER_YAML = "another reader of YAML"
    OTHER_JSON = "another reader of JSON"
    TEXT = "people"


@dataclass(frozen=True)
class SourceFile:
    """A file by its path in the cluster's folder, with the documents in it where it is YAML or JSON."""

    path: str
    text: str
    kind: FileKind
    documents: tuple[Document, ...] = ()

    def finding(
        self, validator: str, message: str, line: int | None = None, *, severity: Severity = "error"
    ) -> Finding:
        """A finding about this file."""
        return Finding(self.path, line, validator, message, severity)


def read_source(path: str, text: str) -> SourceFile:
    """A file by what it is; NotYaml for one that cannot be read as what its name says."""
    suffix = PurePosixPath(path).suffix
    if suffix in YAML_SUFFIXES:
        documents = read_documents(text)
        return SourceFile(path, text, _kind_of_yaml([document.value for document in documents]), documents)
    if suffix == ".json":
        documents = _json_documents(text)
        return SourceFile(path, text, _kind_of_json([document.value for document in documents]), documents)
    return SourceFile(path, text, _kind_of_text(path, text))


def _kind_of_yaml(values: Sequence[Any]) -> FileKind:
    keys = {key for value in values if isinstance(value, dict) for key in value}
    for kind, marks in {
        FileKind.CLOUDFORMATION: {CLOUDFORMATION},
        FileKind.KUBERNETES: {"apiVersion", "kind"},
        FileKind.GCP_ROLE: {"includedPermissions"},
        FileKind.PROMETHEUS: {"scrape_configs"},
        FileKind.COMPOSE: {"services"},
    }.items():
        if marks <= keys:
            return kind
    if keys & {"cluster_name", "available_node_types", "head_node_type", "provider"}:
        return FileKind.RAY_CLUSTER
    return FileKind.KUBERNETES if keys & {"apiVersion", "kind"} else FileKind.OTHER_YAML


def _kind_of_json(values: Sequence[Any]) -> FileKind:
    keys = {key for value in values if isinstance(value, dict) for key in value}
    return FileKind.CLOUDFORMATION if CLOUDFORMATION in keys else FileKind.OTHER_JSON


def _kind_of_text(path: str, text: str) -> FileKind:
    name = PurePosixPath(path)
    if name.name == "Dockerfile" or name.suffix.lower() == ".dockerfile":
        return FileKind.DOCKERFILE
    if name.suffix in SCRIPT_SUFFIXES or re.match(r"#!.*\b(ba|da|k)?sh\b", text):
        return FileKind.SCRIPT
    return FileKind.TEXT


def _json_documents(text: str) -> tuple[Document, ...]:
    """The one document of a JSON text; as JSON is YAML, its lines are found in the same way."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotYaml(f"it is not JSON: {error}", getattr(error, "lineno", None)) from error
    # PyYAML knows no tabs between values, and JSON none in them.
    documents = read_documents(text.replace("\t", " "))
    return (Document(value, documents[0].node),) if documents else ()
