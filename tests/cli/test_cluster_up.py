"""`ferray cluster up` starts nothing that has a fault, and neither it nor `down` acts unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.cluster.kinds import render
from ferray.testing.command import ferray


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which everything could start: the files of a kind, the wheel, and a home without a token."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, text in render("onprem").items():
        (tmp_path / "cluster" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cluster" / name).write_text(text)
    return tmp_path


@pytest.fixture
def wheel(here: Path) -> None:
    (here / "dist").mkdir()
    (here / "dist" / "ferray-0.1.0-py3-none-any.whl").touch()


@pytest.mark.usefixtures("wheel")
def test_a_dry_run_says_what_would_start_and_draws_no_token(here: Path) -> None:
    ran = ferray("cluster", "up", "cluster/onprem.yaml", "--dry-run")
    assert (ran.code, (here / "home" / ".ray").exists()) == (0, False), ran.err
    assert "`ferray` on `local`: a head and at most 2 workers" in ran.out


@pytest.mark.usefixtures("wheel")
def test_a_dry_run_as_json_is_one_document() -> None:
    document = json.loads(ferray("cluster", "up", "cluster/onprem.yaml", "--dry-run", "--json").out)
    assert (document["cluster"], document["most_workers"]) == ("ferray", 2)


def test_without_the_wheel_nothing_starts() -> None:
    ran = ferray("cluster", "up", "cluster/onprem.yaml", "--yes")
    assert (ran.code, "dist/ferray-0.1.0-py3-none-any.whl" in ran.err) == (2, True)


@pytest.mark.usefixtures("wheel")
def test_a_file_with_a_fault_does_not_start(here: Path) -> None:
    file = here / "cluster" / "onprem.yaml"
    file.write_text(file.read_text().replace("setup_commands:", "setup_comands:", 1))
    ran = ferray("cluster", "up", file, "--yes")
    assert (ran.code, "setup_comands" in ran.err, "nothing was started" in ran.err) == (2, True, True), ran.err


@pytest.mark.usefixtures("wheel")
@pytest.mark.parametrize("verb", ["up", "down"])
def test_without_a_terminal_it_wants_yes(verb: str) -> None:
    ran = ferray("cluster", verb, "cluster/onprem.yaml")
    assert (ran.code, "pass `--yes`" in ran.err) == (2, True), ran.err


def test_what_kubectl_starts_is_no_file_of_the_launcher(here: Path) -> None:
    (here / "storage.yaml").write_text("apiVersion: v1\nkind: PersistentVolumeClaim\n")
    ran = ferray("cluster", "up", "storage.yaml", "--yes")
    assert (ran.code, "kubectl apply -f storage.yaml" in ran.err) == (2, True)
