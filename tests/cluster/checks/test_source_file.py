"""What a file is to whoever reads it in the end."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.source_file import FileKind, read_source
from tests.cluster.checks.said import report_on


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("a.yaml", "cluster_name: x\nprovider: {type: local}\n", FileKind.RAY_CLUSTER),
        ("a.yaml", "clustr_name: x\nprovider: {type: local}\n", FileKind.RAY_CLUSTER),
        ("a.yml", "apiVersion: v1\nkind: Pod\n", FileKind.KUBERNETES),
        ("a.yaml", "apiVersion: v1\nknd: Pod\n", FileKind.KUBERNETES),
        ("a.yaml", "services: {}\n", FileKind.COMPOSE),
        ("a.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n", FileKind.CLOUDFORMATION),
        ("a.yaml", "includedPermissions: []\n", FileKind.GCP_ROLE),
        ("a.yaml", "scrape_configs: []\n", FileKind.PROMETHEUS),
        ("a.yaml", "x: y\n", FileKind.OTHER_YAML),
        ("a.json", '{\t"x": 1}', FileKind.OTHER_JSON),
        ("docker/Dockerfile", "FROM scratch\n", FileKind.DOCKERFILE),
        ("Dockerfile.dockerignore", "*\n", FileKind.TEXT),
        ("a.sbatch", "", FileKind.SCRIPT),
        ("run", "#!/usr/bin/env bash\n", FileKind.SCRIPT),
        ("README.md", "services: x", FileKind.TEXT),
    ],
)
def test_a_file_is_told_by_its_name_and_its_keys(path: str, text: str, kind: FileKind) -> None:
    assert read_source(path, text).kind is kind


@pytest.mark.parametrize(("path", "text", "line"), [("a.yaml", "a: 1\na: 2\n", 2), ("a.json", '{\n"a": 1,\n}', 3)])
def test_a_file_that_cannot_be_read_is_a_finding(path: str, text: str, line: int) -> None:
    findings = report_on(text, path).findings
    assert [(finding.file, finding.line, finding.validator) for finding in findings] == [(path, line, "yaml")]
