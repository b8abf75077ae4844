"""A sweep whose results go to an address, killed on one machine and gone on with on another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from ferray.apps.removal import plan_removal, remove
from ferray.artifacts.outputs import output_at
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import read_place
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError
from ferray.results.leaderboard import rank
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.sweeps.run import put_aside, run_sweep
from ferray.testing.memory_files import KIND, MemoryFileSystem
from tests.artifacts.interrupted import SPEC, InterruptsOnce, Watcher


@dataclass(frozen=True)
class Ended:
    """What a second machine has made of it."""

    address: str
    identity: str
    record: SweepRecord
    folder: Path
    trained_after: list[int]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Ended]:
    address = f"{KIND}://{uuid4().hex}"
    place = {"cache_dir": shared_cache, "launcher": "inline", "device": "cpu", "trackers": ()}
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("FERRAY_CACHE", str(tmp_path_factory.mktemp("first")))
        output = output_at(f"{address}/runs")
        with pytest.raises(KeyboardInterrupt):
            run_sweep(SPEC, Runtime.model_validate({**place, "output": output}), listeners=[InterruptsOnce()])
        identity = read_place(output / SPEC.name).identity
        machine.setenv("FERRAY_CACHE", str(tmp_path_factory.mktemp("second")))
        output = output_at(f"{address}/runs")
        watcher = Watcher()
        record = run_sweep(SPEC, Runtime.model_validate({**place, "output": output}), listeners=[watcher])
    yield Ended(f"{address}/runs", identity, record, output / SPEC.name, watcher.epochs)
    MemoryFileSystem(address).clear()


@pytest.mark.slow
def test_it_is_the_same_sweep_there(ended: Ended) -> None:
    assert read_place(ended.folder).identity == ended.identity


@pytest.mark.slow
def test_its_trial_goes_on_from_the_checkpoint_at_the_address(ended: Ended) -> None:
    interrupted, retry = ended.record.trials
    assert (interrupted.superseded_by, retry.state, ended.trained_after) == (retry.number, "complete", [3])


@pytest.mark.slow
def test_its_trials_keep_nothing_on_either_machine(ended: Ended) -> None:
    assert (SweepArtifacts.of(ended.folder).root, (ended.folder / "trials").exists()) == (
        f"{ended.address}/elsewhere",
        False,
    )


@pytest.mark.slow
def test_a_third_machine_reads_what_the_second_has_recorded(
    ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path))
    record = load_sweep(output_at(ended.address) / "elsewhere")
    assert rank(record).best == rank(ended.record).best


@pytest.mark.slow
def test_commands_speak_of_the_address(ended: Ended) -> None:
    words = "leaderboard elsewhere --output"
    assert ended.record.command("leaderboard").endswith(f"{words} {ended.address}")


@pytest.mark.slow
def test_it_is_not_put_aside(ended: Ended) -> None:
    with pytest.raises(ConfigError, match="`--fresh` cannot move a sweep out of"):
        put_aside(ended.folder, None)


@pytest.mark.slow
def test_removing_it_leaves_nothing_at_the_address(ended: Ended) -> None:
    """The last of this file."""
    remove(plan_removal("elsewhere", ended.folder.parent))
    assert MemoryFileSystem(ended.address).names() == []
