"""`ferray sync` and the real W&B client against a stand-in for its server: the runs agree with record and histories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

from ferray.apps.sync import Synced, settle, sync_sweep
from ferray.config.place import read_place
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.results.leaderboard import rank
from ferray.study.history import load_sweep
from ferray.testing.command import ferray
from ferray.testing.recorded_sweep import NAME, run_recorded, spec_of
from ferray.testing.wandb_agreement import disagreements
from ferray.testing.wandb_faults import Faults
from ferray.testing.wandb_replies import Record
from ferray.testing.wandb_server import WandbServer
from ferray.text.commands import command
from ferray.track.wandb_runs.payload import Standing, run_id, summary_of
from ferray.track.wandb_runs.place import WandbPlace

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
SPEC = spec_of(trials=4, epochs=3)
FORMER = {"p/backbone/timm/name", "searched"}  # keys of a run's config that there were


@contextmanager
def wandb_at(url: str, **variables: str) -> Iterator[None]:
    """The variables that a command of a user with a key has, and none of the machine's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        for name, value in {"WANDB_BASE_URL": url, "no_proxy": "127.0.0.1", **variables}.items():
            patch.setenv(name, value)
        yield


def sync(folder: Path, url: str) -> Synced:
    with wandb_at(url, WANDB_API_KEY=KEY):
        return sync_sweep(read_place(folder), Listener())


@dataclass(frozen=True)
class Story:
    """A sweep that was killed, synced, continued without W&B, synced, and synced once more."""

    folder: Path
    server: Record
    after_kill: list[str]
    later: Synced
    again: Synced
    requests_again: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("killed") / NAME
    with WandbServer() as server:
        play = [sys.executable, "-m", "ferray.testing.recorded_sweep", str(folder), "--trials", "4", "--epochs", "3"]
        with wandb_at(server.url, WANDB_API_KEY=KEY, HOME=str(folder.parent)):
            killed = subprocess.run([*play, "--kill-after", "7", "--pace", "0.1"], capture_output=True, check=False)
        assert killed.returncode == -9, killed.stderr
        sync(folder, server.url)
        after_kill = disagreements(server.record, folder)
        run_recorded(folder, SPEC, tracked=False)
        server.faults = Faults(delay_s=0.02, errors_fraction=0.05, breaks_fraction=0.05, seed=1)
        later = sync(folder, server.url)
        server.faults = None
        before = len(server.record.requests)
        again = sync(folder, server.url)
        return Story(folder, server.record, after_kill, later, again, server.record.requests[before:])


def test_after_a_kill_every_run_agrees_with_record_and_histories(story: Story) -> None:
    assert story.after_kill == []


def test_what_came_later_is_added_to_the_same_runs_once(story: Story) -> None:
    assert disagreements(story.server, story.folder) == []
    assert len(story.server.runs) == 4


def test_a_second_time_changes_nothing_and_says_so(story: Story) -> None:
    assert story.again.sentence().startswith("nothing to upload: W&B has all that is known of the 4 runs of `curves`")
    assert {"UpsertBucket", "CreateRunFiles"} & set(story.requests_again) == set()


def test_what_was_done_is_counted(story: Story) -> None:
    told = story.later.to_json()
    assert (told["runs"], told["left"], told["running"], told["short"]) == (4, 0, 0, [])
    assert 1 <= told["made"] + told["brought_up"] <= 4


def test_the_first_of_the_leaderboard_alone_is_tagged_best(story: Story) -> None:
    best = [run for run, facts in story.server.runs.items() if "best" in facts["tags"]]
    assert [story.server.summaries[run]["rank"] for run in best] == [1]


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep without a network."""
    folder = tmp_path_factory.mktemp("offline") / NAME
    with wandb_at("http://127.0.0.1:9", WANDB_MODE="offline"):
        run_recorded(folder, SPEC, tracked=True)
    return folder


@pytest.fixture(scope="module")
def arrived(offline: Path) -> tuple[Synced, Record]:
    """What came of it once it was synced, and what a server has then."""
    with WandbServer() as server:
        return sync(offline, server.url), server.record


def test_a_sweep_that_was_offline_arrives_whole(offline: Path, arrived: tuple[Synced, Record]) -> None:
    synced, record = arrived
    assert (synced.num_made, disagreements(record, offline)) == (4, [])
    files = list(offline.glob("wandb/offline-run-*/*.wandb"))
    assert [file.with_name(f"{file.name}.synced").exists() for file in files] == [True] * 4  # or `wandb sync` doubles


def test_an_offline_folder_holds_what_the_leaderboard_prints(offline: Path) -> None:
    best = rank(load_sweep(offline)).to_json()["trials"][0]
    place = read_place(offline)
    identity = run_id(f"{place.study}\n{place.identity}", best["number"])
    (folder,) = offline.glob(f"wandb/offline-run-*-{identity}")
    inspect = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", "--summary", str(folder)]
    read = json.loads(subprocess.run(inspect, check=True, capture_output=True, text=True).stdout)
    # Its rank is known when all trials have ended.
    wanted = summary_of(best, Standing())
    assert {key: read["summary"].get(key) for key in wanted} == wanted
    assert {key: read["config"][f"p/{key.replace('.', '/')}"] for key in best["params"]} == best["params"]
    assert read["tags"] == ["backbone:tiny_cnn", "dataset:demo", "completed"]


def test_what_made_a_trial_is_in_its_config(arrived: tuple[Synced, Record]) -> None:
    _, record = arrived
    configs = [record.config(run) for run in record.runs]
    assert [config["objective"] for config in configs] == [{"metric": "val/uar", "mode": "max", "epoch": "best"}] * 4
    assert [config["sampler"] for config in configs] == [{"component": "random"}] * 4
    assert {config["pruner"]["component"] for config in configs} == {"median"}


def test_epochs_that_nobody_has_any_more_are_told(offline: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(offline, tmp_path / NAME))
    (history,) = folder.glob("trials/0001-*/history.jsonl")
    history.unlink()
    with WandbServer() as server, wandb_at(server.url, WANDB_API_KEY=KEY):
        ran = ferray("sync", folder)
    assert (ran.code, "the histories of trials 1 lack epochs that their record counts" in ran.err) == (0, True), ran.err


class Heard(Listener):
    """What is told at the end of a sweep."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, line: str) -> None:
        self.warnings.append(line)


@pytest.fixture
def online(offline: Path, tmp_path: Path) -> Path:
    """The same sweep as one whose tracker had a server."""
    folder = Path(shutil.copytree(offline, tmp_path / NAME))
    WandbPlace(is_online=True).remember(folder)
    return folder


def test_the_end_of_an_online_sweep_gives_runs_their_ranks(online: Path) -> None:
    heard = Heard()
    with WandbServer() as server, wandb_at(server.url, WANDB_API_KEY=KEY):
        settle(read_place(online), heard)
    assert (heard.warnings, disagreements(server.record, online)) == ([], [])


def test_a_server_that_is_gone_at_the_end_is_a_line_with_the_way_on(online: Path) -> None:
    heard = Heard()
    with wandb_at("http://127.0.0.1:9", WANDB_API_KEY=KEY):
        settle(read_place(online), heard)
    (line,) = heard.warnings
    assert line.startswith("the runs in W&B are not all up to date (the W&B server `http://127.0.0.1:9` does not ")
    assert "\n" not in line
    assert line.endswith(f"`{command('sync', *read_place(online).words)}` goes on with that")


def test_the_end_of_an_offline_sweep_asks_nothing(offline: Path) -> None:
    with WandbServer() as server, wandb_at(server.url, WANDB_API_KEY=KEY):
        WandbPlace().remember(offline)
        settle(read_place(offline), Heard())
    assert server.record.requests == []


def add_former_keys(record: Record, run: str) -> None:
    config = json.loads(record.runs[run]["config"]) | {key: {"value": "resnet18"} for key in FORMER}
    record.runs[run]["config"] = json.dumps(config)


def test_runs_of_earlier_versions_are_mended(offline: Path, arrived: tuple[Synced, Record]) -> None:
    with WandbServer(record=deepcopy(arrived[1])) as server:
        run = max(server.record.runs, key=lambda name: len(server.record.rows[name]))
        del server.record.rows[run][:2]  # as if a file of ours had run ahead
        server.record.rows[run].append({"_step": 3, "best/confusion_table": {}})  # the row that tables had
        server.record.summaries[run] |= {"state": "finished", "best/value": 0.5}
        del server.record.summaries[run]["score"]
        server.record.runs[run]["displayName"] = f"{NAME}-0000"
        add_former_keys(server.record, run)
        server.record.ended[run] = 1
        sync(offline, server.url)
        again = sync(offline, server.url)
    assert sorted(server.record.epochs(run)) == [1, 2, 3]
    assert again.repair.lacks == {}
    assert "best/value" not in server.record.summaries[run]
    assert not FORMER & server.record.config(run).keys()


def test_keys_of_earlier_versions_are_taken_out_of_a_run_that_has_all(
    offline: Path, arrived: tuple[Synced, Record]
) -> None:
    with WandbServer(record=deepcopy(arrived[1])) as server:
        run = next(iter(server.record.runs))
        add_former_keys(server.record, run)
        assert sync(offline, server.url).repair.left == {}
    assert not FORMER & server.record.config(run).keys()


def test_a_server_that_does_not_answer_is_one_sentence(offline: Path) -> None:
    with pytest.raises(ConfigError, match=r"the W&B server `http://127\.0\.0\.1:9` does not answer"):
        sync(offline, "http://127.0.0.1:9")


def test_runs_are_uploaded_where_the_environment_keeps_sweeps_offline(offline: Path) -> None:
    with WandbServer() as server, wandb_at(server.url, WANDB_API_KEY=KEY, WANDB_MODE="offline"):
        synced = sync_sweep(read_place(offline), Listener())
    assert (synced.num_made, len(server.record.runs)) == (4, 4)


def test_where_wandb_is_switched_off_that_is_said_and_not_that_a_key_lacks(offline: Path) -> None:
    with WandbServer() as server, wandb_at(server.url, WANDB_API_KEY=KEY, WANDB_MODE="disabled"):
        ran = ferray("sync", offline)
    assert (ran.code, "error: W&B is switched off: WANDB_MODE is `disabled`" in ran.err) == (2, True)


def test_a_missing_key_is_one_sentence(offline: Path, tmp_path: Path) -> None:
    with WandbServer() as server, wandb_at(server.url, HOME=str(tmp_path)):
        ran = ferray("sync", offline)
    assert (ran.code, "error: there is no W&B API key\nhint: set WANDB_API_KEY" in ran.err) == (2, True)


def test_a_refused_key_is_no_success(offline: Path) -> None:
    with WandbServer(refuses_key=True) as server, wandb_at(server.url, WANDB_API_KEY=KEY):
        ran = ferray("sync", offline)
    assert (ran.code, "error: W&B does not take the API key: " in ran.err) == (2, True)


def test_a_sweep_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = ferray("sync", "nosuch", "--output", tmp_path)
    assert (ran.code, "there is no sweep `nosuch`" in ran.err) == (2, True)
