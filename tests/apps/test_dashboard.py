"""`ferray dashboard` without a browser: who is answered, what is told, and how it ends."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from ferray.apps.dashboard import Dashboard, guarded, open_dashboard, refuse_missing, told_of
from ferray.cli.app import run
from ferray.errors import ConfigError
from ferray.testing.fake_sweep import sweep_record

WRITTEN = Path(__file__).parents[1] / "written_by_0_1_0" / "plain"


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN, tmp_path / "plain"))


def inner(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"{}"]


def answer(method: str, host: str) -> str:
    """The status that a request gets."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "HTTP_HOST": host}
    setup_testing_defaults(environ)
    status: list[str] = []
    b"".join(guarded(inner)(environ, lambda line, *_: status.append(line)))
    return status[0]


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:9000", "localhost", "[::1]:8080", "[::1]"])
def test_this_machine_is_answered(host: str) -> None:
    assert answer("GET", host) == "200 OK"


@pytest.mark.parametrize("host", ["sweeps.example", "sweeps.example:8080", "", "localhost.example:8080"])
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    assert answer("GET", host) == "403 Forbidden"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_would_write_is_refused(method: str) -> None:
    assert answer(method, "localhost:8080") == "403 Forbidden"


def test_it_listens_on_the_loopback_alone(sweep: Path) -> None:
    opened = open_dashboard(sweep, None, 0)
    try:
        assert opened.server.server_address[0] == "127.0.0.1"
        assert opened.url == f"http://127.0.0.1:{opened.server.server_port}/dashboard/studies/{opened.study_id}"
    finally:
        opened.server.server_close()


def test_a_port_in_use_is_a_sentence(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["dashboard", str(sweep), "--port", str(port)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: port `{port}` is in use",
        "hint: choose another with `--port`, or any free one with `--port 0`",
    ]


class Interrupted:
    """A server at which somebody presses Ctrl-C."""

    server_port = 1

    def __init__(self) -> None:
        self.is_closed = False

    def serve_forever(self, poll_interval: float) -> None:
        raise KeyboardInterrupt

    def server_close(self) -> None:
        self.is_closed = True


def test_ctrl_c_ends_it_and_gives_the_port_back() -> None:
    server = Interrupted()
    Dashboard(server, 0).serve()  # type: ignore[arg-type]
    assert server.is_closed


def test_the_command_prints_the_address_and_ends_well(
    sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ferray.apps.dashboard._Server.serve_forever", Interrupted.serve_forever)
    assert run(["dashboard", str(sweep), "--port", "0"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("http://127.0.0.1:")
    assert said.err.splitlines()[-1] == "the dashboard has ended; the sweep is as it was"


def test_without_optuna_dashboard_its_installation_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.apps.dashboard.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="optuna-dashboard is not installed") as refused:
        refuse_missing()
    assert "optuna-dashboard>=" in refused.value.hint


def test_columns_are_numbers_that_sort_and_words_that_say_how_it_ended() -> None:
    columns = told_of(sweep_record()).columns
    assert {name: columns[4][name] for name in ("outcome", "rank", "epochs", "n")} == {
        "outcome": "completed",
        "rank": 1,
        "epochs": 2,
        "n": 40,
    }
    assert (columns[5]["outcome"], columns[5]["asked again as"]) == ("interrupted", 6)


def test_an_attempt_whose_driver_died_is_called_interrupted() -> None:
    record = sweep_record()
    died = replace(record.trials[5], outcome="orphaned")
    told = told_of(replace(record, trials=(died,)))
    assert (told.columns[5]["outcome"], told.notes[5].startswith("**interrupted**")) == ("interrupted", True)


def test_a_note_says_what_a_trial_rests_on() -> None:
    note = told_of(sweep_record()).notes[4].split("\n\n")
    assert note[0] == "**completed** after 2 of 2 epochs"
    assert note[1].startswith("val/uar 0.750 [")
    assert note[1].endswith("] on 40 validation images")


def test_the_note_of_an_interrupted_attempt_names_the_next() -> None:
    assert "its parameters were asked again as trial 6" in told_of(sweep_record()).notes[5]


def test_words_of_others_are_no_markdown() -> None:
    record = sweep_record()
    failed = replace(record.trials[2], message="[here](http://evil.example) <b>\nnow")
    note = told_of(replace(record, trials=(failed,))).notes[2]
    assert "\\[here\\]\\(http://evil.example\\) \\<b\\> now" in note


def test_the_note_of_the_sweep_speaks_of_luck() -> None:
    told = told_of(sweep_record())
    assert "luck: " in told.note
    assert json.loads(json.dumps(dict(told.study)))["objective"] == "val/uar (max)"
