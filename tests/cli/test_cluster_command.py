"""`ferray cluster list` and `ferray cluster render`, as they are typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ferray.cluster.kinds import KINDS, render, render_all
from ferray.testing.command import ferray


@pytest.fixture
def to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as it is called from here, wherever that is."""
    monkeypatch.chdir(tmp_path)
    Path("written").mkdir()
    return Path("written")


def test_kinds_are_listed_a_line_each() -> None:
    assert [line.split()[0] for line in ferray("cluster", "list").out.splitlines()] == list(KINDS)


def test_kinds_are_listed_for_programs() -> None:
    listed = json.loads(ferray("cluster", "list", "--json").out)
    assert {kind["name"]: tuple(kind["files"]) for kind in listed} == {kind.name: kind.files for kind in KINDS.values()}


def test_what_may_be_set_is_listed_with_its_default() -> None:
    assert "region = us-west-2  text. Where it runs." in ferray("cluster", "list", "aws").out.splitlines()


def test_a_kind_of_one_file_is_printed_as_it_is() -> None:
    (text,) = render("slurm").values()
    assert ferray("cluster", "render", "slurm").out == text


def test_several_files_are_printed_behind_their_names() -> None:
    ran = ferray("cluster", "render", "docker")
    assert [line for line in ran.out.splitlines() if line.startswith("==>")] == [
        "==> docker/Dockerfile <==",
        "==> docker/Dockerfile.dockerignore <==",
    ]


def test_files_are_printed_for_programs() -> None:
    assert json.loads(ferray("cluster", "render", "slurm", "--json").out)["files"] == render("slurm")


def test_files_are_written_into_a_folder(to: Path) -> None:
    ran = ferray("cluster", "render", "--to", to)
    assert (ran.code, ran.out.splitlines()) == (0, [str(to / name) for name in render_all()])


def test_files_that_are_written_are_named_for_programs(to: Path) -> None:
    document = json.loads(ferray("cluster", "render", "slurm", "--to", to, "--json").out)
    assert document["files"] == [str(to / name) for name in render("slurm")]


def test_scripts_are_written_as_programs(to: Path) -> None:
    ferray("cluster", "render", "local", "--to", to)
    assert all(os.access(path, os.X_OK) for path in to.rglob("*.sh"))


def test_what_somebody_changed_is_not_written_over(to: Path) -> None:
    ferray("cluster", "render", "docker", "--to", to)
    (to / "docker" / "Dockerfile").write_text("FROM mine\n")
    ran = ferray("cluster", "render", "docker", "--to", to)
    assert (ran.code, "`docker/Dockerfile`" in ran.err) == (2, True)
    assert (to / "docker" / "Dockerfile").read_text() == "FROM mine\n"


def test_what_nobody_changed_is_filled_in_where_it_lies(to: Path) -> None:
    ferray("cluster", "render", "--to", to)
    assert ferray("cluster", "render", "onprem", "--set", "head=node1", "--to", to).code == 0
    assert "head_ip: node1" in (to / "onprem.yaml").read_text()


def test_what_somebody_changed_is_written_over_by_force(to: Path) -> None:
    ferray("cluster", "render", "docker", "--to", to)
    (to / "docker" / "Dockerfile").write_text("FROM mine\n")
    assert ferray("cluster", "render", "docker", "--to", to, "--force").code == 0
    assert "FROM mine" not in (to / "docker" / "Dockerfile").read_text()


def test_a_wrong_setting_writes_nothing(to: Path) -> None:
    ran = ferray("cluster", "render", "aws", "--set", "disk_gib=x", "--to", to)
    assert (ran.code, list(to.iterdir())) == (2, [])


@pytest.mark.parametrize("words", [(), ("onprem",), ("onprem", "--set", "folder=cluster")])
def test_a_folder_that_commands_cannot_name_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    ran = ferray("cluster", "render", *words, "--to", tmp_path / "a b")
    assert (ran.code, "a b`, a path has letters" in ran.err, list(tmp_path.iterdir())) == (2, True, [])


def test_what_is_an_example_still_is_said() -> None:
    assert "still examples, which `--set` changes: `head`, `workers`" in ferray("cluster", "render", "onprem").err


def test_settings_without_a_kind_are_refused() -> None:
    ran = ferray("cluster", "render", "--set", "name=x")
    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (2, "", "error: `--set` changes one kind of cluster")


@pytest.mark.parametrize("words", [("list", "awz"), ("render", "awz")], ids=" ".join)
def test_a_wrong_kind_is_told_the_nearest(words: tuple[str, ...]) -> None:
    ran = ferray("cluster", *words)
    assert (ran.code, "did you mean `aws`" in ran.err) == (2, True)


def test_a_wrong_word_points_to_the_help_of_the_command_that_was_meant() -> None:
    assert "cluster up --help" in ferray("cluster", "up").err
    assert "cluster --help" in ferray("cluster", "upp").err
