"""A file of Ray's launcher says what it would start, and the launcher's end is a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ferray.cluster.kinds import render
from ferray.cluster.launcher import launch, read_launcher_file
from ferray.errors import ClusterError, ConfigError


def rendered(kind: str, folder: Path) -> Path:
    """The file of a kind of cluster, with its defaults."""
    file = folder / f"{kind}.yaml"
    file.write_text(render(kind)[file.name])
    return file


def test_machines_of_ones_own_cost_nothing(tmp_path: Path) -> None:
    found = read_launcher_file(rendered("onprem", tmp_path))
    assert (found.provider, found.is_rented, found.most_workers) == ("local", False, 2)


@pytest.mark.parametrize("kind", ["aws", "gcp"])
def test_rented_machines_are_named_with_their_number_and_whether_they_are_spot(kind: str, tmp_path: Path) -> None:
    found = read_launcher_file(rendered(kind, tmp_path))
    spot = next(one for one in found.node_types if one.is_spot)
    assert (found.is_rented, bool(spot.machine), spot.least) == (True, True, 0)
    assert f"{spot.name}: 0 to {spot.most} of {spot.machine}, spot" in "".join(found.sentences())


def test_what_the_nodes_are_given_must_be_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    missing = read_launcher_file(rendered("onprem", tmp_path)).missing
    assert [path.suffix for path in missing] == [".whl", ".sh"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("apiVersion: v1\nkind: Namespace\n", "kubectl apply -f"),
        ("#!/bin/bash\n#SBATCH --nodes=2\necho: 1\n", "sbatch"),
        ("services: {}\n", "docker compose up"),
        ("AWSTemplateFormatVersion: 2010-09-09\nRole: !GetAtt Head.Arn\n", "aws cloudformation deploy"),
        ("#!/usr/bin/env bash\nexit 1\necho a: b: c\n", "bash"),
        ("one: two\n", "cluster list"),
    ],
)
def test_another_file_says_who_starts_it(text: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(ConfigError, match="no file of Ray's launcher") as error:
        read_launcher_file(tmp_path / "file")
    assert hint in error.value.hint


@pytest.mark.parametrize("text", ["a: [", None])
def test_what_is_no_file_or_no_yaml_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "file.yaml").write_text(text)
    with pytest.raises(ConfigError):
        read_launcher_file(tmp_path / "file.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "provider: {type: aws}\navailable_node_types: [head]\n",
        "provider: {type: aws}\navailable_node_types: {head: {min_workers: few}}\n",
        "provider: {type: local, worker_ips: 3}\n",
        "provider: {type: aws}\nfile_mounts: [a]\n",
    ],
)
def test_a_value_of_another_type_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(f"cluster_name: one\n{text}")
    with pytest.raises(ConfigError, match="cannot read") as error:
        read_launcher_file(tmp_path / "file.yaml")
    assert "cluster check" in error.value.hint


def launched(tmp_path: Path, code: str) -> list[str]:
    """The lines of a program in the place of Ray's, which is called as that is."""
    told: list[str] = []
    launch("up", read_launcher_file(rendered("onprem", tmp_path)), told.append, (sys.executable, "-c", code))
    return told


def test_the_launcher_is_told_to_go_on_with_tokens_and_without_asking(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv[1], sys.argv[3], os.environ['RAY_AUTH_MODE'])"
    assert launched(tmp_path, code) == ["up --yes token"]


def test_a_launcher_that_fails_has_told_all_it_said(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="ended with exit code 3"):
        launched(tmp_path, "raise SystemExit(3)")
