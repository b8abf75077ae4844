"""A real cluster on one machine, a head and three workers with pretended GPUs: nodes join and die, the driver dies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from ferray.artifacts.sweep import SweepArtifacts
from ferray.study.history import load_sweep
from ferray.study.records import TrialRecord
from ferray.testing.faulty import install

pytestmark = pytest.mark.ray
TRIALS, EPOCHS, HELD_AT = 5, 40, 20  # no trial passes that epoch before both interruptions are over
GPU = {"num_cpus": 1, "num_gpus": 1, "object_store_memory": 80 * 2**20}
SMALL = ["--limit-per-class", "10", "--set", "image_size=32", "--set", "outliers=none", "--set", "augment=none"]
WITHIN_S = 600


@dataclass
class Played:
    """What became of a sweep: its trials, what its two drivers said, and the nodes that joined and died under it."""

    folder: Path
    trials: tuple[TrialRecord, ...]
    said: str
    said_at_last: str
    code: int
    joined: str
    dead: str

    def last_attempt(self, trial: TrialRecord) -> TrialRecord:
        """That at the same parameters which was not asked again; one in between may not have begun."""
        return trial if trial.superseded_by is None else self.last_attempt(self.trials[trial.superseded_by])

    def history(self, trial: TrialRecord) -> list[str]:
        path = Path(SweepArtifacts.of(self.folder).trial(trial.folder).address) / "history.jsonl"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file that trials wait for, as those can which every process started from here on trains."""
    plugin = install(tmp_path_factory.mktemp("plugin"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(plugin), os.environ.get("PYTHONPATH")))))
        yield plugin / "go"


@pytest.fixture(scope="module")
def cluster(waiting: Path) -> Iterator[Cluster]:
    """A head that takes no trial, and three nodes of one core and one pretended GPU, all with what waits."""
    assert not waiting.exists()
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a socket's path is short
    made = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 80 * 2**20, "temp_dir": folder}
    )
    for _ in range(3):
        made.add_node(**GPU)
    yield made
    made.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def start(output: Path, address: str, waiting: Path, log: Path) -> subprocess.Popen[str]:
    where = ["--address", address, "--gpus-per-trial", "1", "--device", "cpu", "--output", str(output)]
    how = ["--trials", str(TRIALS), "--epochs", str(EPOCHS), "--pruner", "none", "--tracker", "none", *SMALL]
    held = ["--set", f"imbalance={{waits: {{unless: {waiting}, from_epoch: {HELD_AT}}}}}"]
    command = [sys.executable, "-m", "cli", "sweep", "demo", *where, *how, *held]
    with log.open("w") as stderr:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, text=True)


def wait_until(is_so: Callable[[], Any], what: str, log: Path) -> None:
    until = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < until, f"{what} does not come:\n{log.read_text()}"
        time.sleep(0.1)


def num_training(folder: Path) -> int:
    """Trials of which a checkpoint lies on disk."""
    return sum(1 for _ in folder.glob("trials/*/last.pt"))


@pytest.fixture(scope="module")
def played(cluster: Cluster, waiting: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A node joins, one is killed with its trial, then the driver is; the same command is run again."""
    output = tmp_path_factory.mktemp("runs")
    folder, first, second = output / "demo", output / "first.log", output / "second.log"
    with start(output, cluster.address, waiting, first) as driver:
        wait_until(lambda: num_training(folder) >= 3, "training on three nodes", first)
        joined = cluster.add_node(**GPU)
        wait_until(lambda: "4 trials at a time" in first.read_text(), "the fourth node", first)
        wait_until(lambda: num_training(folder) >= 4, "training on four nodes", first)
        victim = next(node for node in cluster.worker_nodes if node is not joined)
        cluster.remove_node(victim, allow_graceful=False)
        wait_until(lambda: "its node was lost" in first.read_text(), "the end of the trial there", first)
        driver.send_signal(signal.SIGKILL)
    waiting.touch()
    with start(output, cluster.address, waiting, second) as driver:
        code = driver.wait(WITHIN_S)
    trials = load_sweep(folder).trials
    return Played(folder, trials, first.read_text(), second.read_text(), code, joined.node_id, victim.node_id)


def test_sweep_ends_well_after_all_that(played: Played) -> None:
    assert played.code == 0, played.said_at_last
    assert "running" not in {trial.outcome for trial in played.trials}


def test_every_set_of_parameters_is_finished_once(played: Played) -> None:
    finished = [trial for trial in played.trials if trial.superseded_by is None]
    assert {trial.outcome for trial in finished} == {"completed"}
    assert len({str(sorted(trial.params.items())) for trial in finished}) == len(finished) == TRIALS
    assert {trial.epochs for trial in finished} == {EPOCHS}


def test_node_that_joined_is_used(played: Played) -> None:
    assert played.joined in {trial.node for trial in played.trials}


def test_trial_of_the_dead_node_is_interrupted_by_name_and_goes_on_elsewhere(played: Played) -> None:
    lost = [trial for trial in played.trials if trial.reason == "node lost"]
    assert {(trial.outcome, trial.node) for trial in lost} == {("interrupted", played.dead)}
    again = [played.trials[trial.superseded_by or 0] for trial in lost]
    assert played.dead not in {trial.node for trial in again}


def test_every_interrupted_trial_goes_on_from_its_checkpoint(played: Played) -> None:
    begun = [trial for trial in played.trials if trial.superseded_by is not None and len(played.history(trial)) > 3]
    assert begun
    followed = [(played.history(trial), played.history(played.last_attempt(trial))) for trial in begun]
    assert [after[:2] for _, after in followed] == [before[:2] for before, _ in followed]  # times included


def test_trials_are_trained_side_by_side_on_their_nodes(played: Played) -> None:
    assert len({trial.node for trial in played.trials if trial.node}) >= 4
