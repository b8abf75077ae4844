"""`ferray cluster check`: kinds, files and folders, and what is said about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.cli.app import run

GOOD = "services: {x: {image: y}}\n"
BAD = "services: {x: {imag: y}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    (tmp_path / "mine" / "deep" / "compose.yaml").write_text(BAD)
    (tmp_path / "good.yaml").write_text(GOOD)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_folder_is_looked_through_and_a_finding_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "check", "mine"]) == 2
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "wrong  mine/deep/compose.yaml  (the Compose specification, ferray's rules of safety)",
        "  line 1: `imag` is no field of `services.x`: did you mean `image`? (the Compose specification)",
    ]
    assert said.err.splitlines() == ["checking 1 file", "1 file: 1 error, 0 warnings"]


@pytest.mark.usefixtures("folder")
def test_a_good_file_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "check", "good.yaml", "--quiet"]) == 0
    assert capsys.readouterr() == ("ok     good.yaml  (the Compose specification, ferray's rules of safety)\n", "")


@pytest.mark.usefixtures("folder")
def test_the_document_is_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "check", "good.yaml", "mine", "--json"]) == 2
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert (document["ok"], said.err) == (False, "")
    assert [entry["file"] for entry in document["files"]] == ["good.yaml", "mine/deep/compose.yaml"]
    assert [entry["line"] for entry in document["findings"]] == [1]


def test_a_kind_is_checked_as_it_is_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "check", "postgres", "--json"]) == 0
    files = [entry["file"] for entry in json.loads(capsys.readouterr().out)["files"]]
    assert files == ["postgres/compose.yaml", "postgres/kubernetes.yaml"]


def test_what_is_neither_a_kind_nor_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cluster", "check", "kubray"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: `kubray` is neither a kind of cluster nor a file",
        "hint: did you mean `kuberay`?",
    ]


@pytest.mark.usefixtures("folder")
def test_an_empty_folder_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert run(["cluster", "check", "empty"]) == 2
    assert capsys.readouterr().err.startswith("error: `empty`: there is no file to check")


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("picture").write_bytes(b"\xff\xfe\x00")
    assert run(["cluster", "check", "picture"]) == 3
    assert "`picture` cannot be read: it is not UTF-8 text" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_escape_sequences_of_a_file_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("evil.yaml").write_text('services: {x: {"\\e[31mimag": y}}\n')
    run(["cluster", "check", "evil.yaml"])
    assert "\x1b" not in capsys.readouterr().out
