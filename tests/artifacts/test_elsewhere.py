"""A sweep whose trials keep their files in no folder: trained, stopped, continued and judged as any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from ferray.apps.evaluate import evaluate_trials
from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.runtime import Runtime
from ferray.results.blinding import num_read
from ferray.results.held_out import HeldOut
from ferray.results.progress import with_progress
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.sweeps.run import run_sweep
from ferray.testing.memory_files import KIND, MemoryFileSystem
from tests.artifacts.interrupted import SPEC, InterruptsOnce, Watcher


@dataclass(frozen=True)
class Ended:
    """What is left of a sweep that was interrupted and then continued, and of its best trial's judgement."""

    folder: Path
    interrupted: SweepRecord
    record: SweepRecord
    held_out: HeldOut
    files: list[list[str]]
    trained_after: list[int]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Ended]:
    output, root = tmp_path_factory.mktemp("elsewhere"), f"{KIND}://{uuid4().hex}"
    place = {"output": output, "cache_dir": shared_cache, "artifacts": root}
    runtime = Runtime.model_validate({"launcher": "inline", "device": "cpu", "trackers": (), **place})
    folder = output / SPEC.name
    with pytest.raises(KeyboardInterrupt):
        run_sweep(SPEC, runtime, listeners=[InterruptsOnce()])
    interrupted = with_progress(load_sweep(folder), folder)
    files = [artifacts.files.names() for artifacts in SweepArtifacts.of(folder)]
    watcher = Watcher()
    record = run_sweep(
        SPEC, runtime.model_copy(update={"artifacts": None}), listeners=[watcher]
    )  # the folder remembers
    best = [trial for trial in record.trials if trial.state == "complete"]
    (held_out,) = evaluate_trials(record, best, folder, runtime, lambda _: None)
    yield Ended(folder, interrupted, record, held_out, files, watcher.epochs)
    MemoryFileSystem(root).clear()


@pytest.mark.slow
def test_no_file_of_a_trial_lies_in_the_sweeps_folder(ended: Ended) -> None:
    assert not (ended.folder / "trials").exists()


@pytest.mark.slow
def test_an_interrupted_trial_has_saved_there(ended: Ended) -> None:
    assert ended.files == [["config.json", "history.jsonl", "last.pt"]]


@pytest.mark.slow
def test_its_progress_is_read_there(ended: Ended) -> None:
    assert [trial.epochs for trial in ended.interrupted.trials] == [2]


@pytest.mark.slow
def test_it_goes_on_from_there(ended: Ended) -> None:
    artifacts = SweepArtifacts.of(ended.folder).trial(ended.record.trials[1].folder)
    assert (ended.trained_after, [report.epoch for report in read_history(artifacts)]) == ([3], [1, 2, 3])


@pytest.mark.slow
def test_nothing_to_go_on_from_is_left_of_it(ended: Ended) -> None:
    assert [artifacts.last.exists() for artifacts in SweepArtifacts.of(ended.folder)] == [False, False]


@pytest.mark.slow
def test_its_test_split_is_judged_there(ended: Ended) -> None:
    assert (ended.held_out.n, num_read(ended.folder)) == (14, 1)
