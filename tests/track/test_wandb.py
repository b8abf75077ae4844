"""Real offline W&B runs, read back with W&B's own reader, and the choice between online and offline."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from ferray.errors import FerrayError
from ferray.testing.fake_sweep import sweep_started
from ferray.testing.trackers import play
from ferray.text.commands import command
from ferray.track.wandb import Voice, Wandb
from ferray.track.wandb_runs.mode import choose_mode
from ferray.track.wandb_runs.payload import run_id
from ferray.track.wandb_runs.place import WandbPlace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep's folder after the fake sweep was played to an offline tracker, once for all tests."""
    folder = tmp_path_factory.mktemp("sweep")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        patch.delenv("WANDB_PROJECT", raising=False)
        tracker = Wandb(folder)
        play(tracker)
        tracker.close()
    return folder


def inspect(folder: Path, number: int, *options: str) -> str:
    identity = run_id(str(folder), number)
    (place,) = folder.glob(f"wandb/offline-run-*-{identity}")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", *options, str(place)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def completed(folder: Path) -> dict[str, Any]:
    """Trial 0, which removed outliers, as one JSON object."""
    read: dict[str, Any] = json.loads(inspect(folder, 0, "--summary"))
    return read


@pytest.fixture(scope="module")
def failed(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(inspect(folder, 2, "--summary"))
    return read


@pytest.fixture(scope="module")
def records(folder: Path) -> str:
    """Every record of trial 0, one JSON object a line."""
    return inspect(folder, 0)


AT_HOME = """
import sys
from pathlib import Path
from ferray.testing.fake_sweep import TRIALS, sweep_started
from ferray.testing.trackers import play_trial
from ferray.track.wandb import Wandb
tracker = Wandb(Path(sys.argv[1]))
tracker.sweep_started(sweep_started(tracker.folder))
play_trial(tracker, TRIALS[0])
tracker.close()
"""


def test_nothing_is_left_in_the_users_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "TMPDIR": str(home), "WANDB_MODE": "offline"}
    others = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "XDG_"))}
    command = [sys.executable, "-c", AT_HOME, str(tmp_path / "sweep")]
    subprocess.run(command, env=others | places, check=True, capture_output=True)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_the_drivers_environment_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    before = dict(os.environ)
    tracker = Wandb(tmp_path)
    play(tracker)
    assert dict(os.environ) == before
    tracker.close()


def test_each_trial_has_one_run(folder: Path) -> None:
    assert len(list(folder.glob("wandb/offline-run-*"))) == 7


def test_project_is_ferray_unless_told_otherwise(completed: dict[str, Any]) -> None:
    assert completed["project"] == "ferray"


def test_group_is_the_sweep(records: str) -> None:
    run = next(json.loads(line) for line in records.splitlines() if '"type":"run"' in line.replace(" ", ""))
    assert '"fake"' in json.dumps(run)


def test_config_answers_which_component(completed: dict[str, Any]) -> None:
    assert completed["config"]["backbone"] == {"component": "timm", "name": "resnet18", "pretrained": False}


def test_config_tells_what_was_searched(completed: dict[str, Any]) -> None:
    searched = {key: value for key, value in completed["config"].items() if key.startswith("p/")}
    assert searched == {"p/optimizer/lr": 3.14159e-4, "p/backbone": "resnet18", "p/epochs": 3}


def test_summary_holds_the_best_epoch_flat(completed: dict[str, Any]) -> None:
    wanted = ("score", "best/val/uar", "best/val/recall/Sad", "best/epoch", "outcome")
    assert [completed["summary"][key] for key in wanted] == [0.5, 0.5, 0.5, 3, "completed"]


def test_tags_say_outcome_backbone_and_dataset(completed: dict[str, Any]) -> None:
    assert (completed["tags"], completed["exit_code"]) == (["backbone:resnet18", "dataset:demo", "completed"], 0)


def test_pruned_trial_is_tagged_pruned_and_has_no_score_to_rank_by(folder: Path) -> None:
    read = json.loads(inspect(folder, 1, "--summary"))
    assert (read["tags"][-1], read["summary"].get("score"), read["summary"]["score_so_far"]) == ("pruned", None, 0.25)


def test_failed_trial_is_tagged_failed_and_says_why(failed: dict[str, Any]) -> None:
    told = (failed["tags"][-1], failed["exit_code"], failed["summary"]["message"])
    assert told == ("failed", 1, "RuntimeError: out of memory")


def test_diverged_trial_is_tagged_diverged(folder: Path) -> None:
    assert json.loads(inspect(folder, 3, "--summary"))["tags"][-1] == "diverged"


def test_trial_that_never_ended_is_tagged_interrupted(folder: Path) -> None:
    assert json.loads(inspect(folder, 6, "--summary"))["tags"][-1] == "interrupted"


def test_history_has_a_row_an_epoch(records: str) -> None:
    rows = [json.loads(line) for line in records.splitlines() if "val/recall/Sad" in line and '"history"' in line]
    assert len(rows) == 3


def test_histograms_before_and_after_the_removal_are_there(completed: dict[str, Any]) -> None:
    after = completed["summary"]["outliers/loss_after"]
    assert (after["values"], after["bins"]) == ([60, 38], [0, 1, 2])


def test_variance_is_in_the_summary(completed: dict[str, Any]) -> None:
    assert completed["summary"]["outliers/variance"] == pytest.approx(0.5 / 3)


def test_removed_samples_are_a_table(folder: Path) -> None:
    (table,) = folder.glob("wandb/*/files/media/table/outliers/removed_*.table.json")
    assert json.loads(table.read_text())["data"] == [
        [2, 7, "happy_007.png", "Happy", "Sad", 1.9, True],
        [2, 31, "sad_031.png", "Sad", "Happy", 1.7, False],
    ]


def test_confusion_matrix_is_that_of_the_best_epoch(folder: Path) -> None:
    identity = run_id(str(folder), 4)
    (table,) = folder.glob(f"wandb/*-{identity}/files/media/table/best/confusion_table_*.table.json")
    assert json.loads(table.read_text())["data"] == [
        ["Happy", "Happy", 15],
        ["Happy", "Sad", 5],
        ["Sad", "Happy", 5],
        ["Sad", "Sad", 15],
    ]


def test_what_cannot_be_written_is_told_once_on_the_callers_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    (tmp_path / "wandb").write_text("in the way")
    tracker = Wandb(tmp_path)
    tracker.sweep_started(sweep_started(tmp_path))
    with pytest.raises(FerrayError, match="W&B cannot be written"):
        tracker.close()


def test_a_sweep_that_goes_on_with_wandb_switched_off_adds_nothing_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    WandbPlace(entity="us", is_online=True).remember(tmp_path)
    tracker = Wandb(tmp_path)
    tracker.sweep_started(sweep_started(tmp_path))
    tracker.close()
    assert WandbPlace.of(tmp_path) == WandbPlace(entity="us", is_online=False)


@dataclass
class FakeWandb:
    """The few calls that the choice of a mode makes."""

    mode: str = "online"
    has_key: bool = False
    base_url: str = "http://127.0.0.1:9"
    Settings: Any = field(default=SimpleNamespace)
    Error: Any = field(default=OSError)

    def setup(self, settings: Any) -> Any:
        assert settings.silent
        return SimpleNamespace(settings=SimpleNamespace(mode=self.mode, base_url=self.base_url))

    def login(self, *, prompt: bool, verify: bool) -> bool:
        assert (prompt, verify) == (False, False)
        return self.has_key


@pytest.fixture
def server() -> Iterator[str]:
    """A host that answers nothing but a refusal."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_refuse, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _refuse(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_silent_wandb_says_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_SILENT", "true")
    Voice().say("offline")
    assert capsys.readouterr().err == ""


def test_only_the_first_trouble_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Voice()
    voice.say("the server refuses tables")
    voice.say("still busy")
    assert capsys.readouterr().err == "W&B: the server refuses tables\n"


@pytest.mark.parametrize(
    ("wandb", "reason"),
    [
        (FakeWandb(mode="offline", has_key=True), "as asked"),
        (FakeWandb(), "no API key"),
        (FakeWandb(has_key=True), "no network"),
    ],
)
def test_offline_says_why_and_how_to_upload(wandb: FakeWandb, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert choose_mode(wandb, Path("runs/my sweep"), Voice().say) == "offline"
    assert capsys.readouterr().err == (f"W&B: offline ({reason}); to upload later: `{command('sync', 'my sweep')}`\n")


def test_key_and_network_mean_online(server: str) -> None:
    assert choose_mode(FakeWandb(has_key=True, base_url=server), Path("runs/demo"), Voice().say) == "online"


def test_disabled_stays_disabled_and_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert (choose_mode(FakeWandb(mode="disabled"), Path("runs/demo"), Voice().say), capsys.readouterr().err) == (
        "disabled",
        "",
    )
