"""A sweep on a node that does not see the driver's folder: results come to it all the same, and are gone on from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.exclusion import Exclusion
from ferray.config.place import DataPlace
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport, Listener, TrialStarted
from ferray.study.records import SweepRecord
from ferray.sweeps.run import run_sweep
from ferray.training.inputs import open_inputs
from tests.launch.hidden_node import cluster_that_hides, why_not

DATA = {"demo": {"num_train": 56, "num_val": 28, "num_test": 14}}
BASE = {"image_size": 32, "augment": "none", "backbone": {"tiny_cnn": {"width": 4}}}
EPOCHS = 200  # on a fast machine twenty end before the first checkpoint is due
pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not())]


def sweep_of(name: str, **base: object) -> SweepSpec:
    whole = {"dataset": DATA, "budget": {"trials": 1}, "sampler": "random", "pruner": "none"}
    space = {"optimizer.lr": {"choice": [0.001]}}
    return SweepSpec.model_validate({"name": name, **whole, "base": {**BASE, **base}, "space": space})


class KillsItsWorker(Listener):
    """Kills the worker of the first trial once its checkpoint lies in the driver's folder."""

    def __init__(self, of_cluster: Path) -> None:
        self.recalled: list[int] = []
        self._of_cluster = str(of_cluster)
        self._folder = ""
        self._has_killed = False

    def trial_started(self, trial: TrialStarted) -> None:
        self._folder = self._folder or trial.folder

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        if not self._has_killed and (Path(self._folder) / "last.pt").exists():
            self._has_killed = True
            for process in psutil.process_iter(["name", "ppid"]):
                if process.info["name"].startswith("ray::Bundle") and self._is_ours(process.info["ppid"]):
                    process.kill()

    def epoch_recalled(self, number: int, report: EpochReport) -> None:
        self.recalled.append(report.epoch)

    def _is_ours(self, raylet: int) -> bool:
        return any(self._of_cluster in argument for argument in psutil.Process(raylet).cmdline())


@dataclass(frozen=True)
class Ended:
    """A sweep whose worker was killed in mid-trial, and which epochs its retry had from before."""

    folder: Path
    record: SweepRecord
    recalled: list[int]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("hidden")
    output, cache = folder / "runs", folder / "cache"
    output.mkdir()
    place = {"output": output, "cache_dir": cache, "data_root": folder / "data", "device": "cpu", "trackers": ()}
    run_sweep(sweep_of("first", epochs=1), Runtime.model_validate({**place, "launcher": "inline"}))
    config = TrialConfig.model_validate({"dataset": DATA, **BASE})
    left_out = int(open_inputs(config, DataPlace(folder / "data", cache)).train.sample_ids[0])
    (output / "bad.csv").write_text(Exclusion(frozenset({left_out}), frozenset()).to_csv())
    spec = sweep_of("second", epochs=EPOCHS, init_from="first:best", exclude=str(output / "bad.csv"))
    with tempfile.TemporaryDirectory(prefix="fr") as scratch, cluster_that_hides(output, Path(scratch)) as address:
        killer = KillsItsWorker(Path(scratch))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ferray.launch.ray.NODE_SEEN_S", 2.0)  # its node lives: no need to wait for Ray to miss it
            record = run_sweep(spec, Runtime.model_validate({**place, "address": address}), listeners=[killer])
    return Ended(output / "second", record, killer.recalled)


def test_the_trial_goes_on_from_the_checkpoint_in_the_drivers_folder(ended: Ended) -> None:
    lost, retry = ended.record.trials
    assert (lost.superseded_by, retry.state, bool(ended.recalled)) == (retry.number, "complete", True)


def test_all_its_epochs_are_in_the_drivers_folder(ended: Ended) -> None:
    retry = SweepArtifacts.of(ended.folder).trial(ended.record.trials[1].folder)
    assert [report.epoch for report in read_history(retry)] == list(range(1, EPOCHS + 1))


def test_so_are_its_best_weights_and_no_other_checkpoint(ended: Ended) -> None:
    _, retry = SweepArtifacts.of(ended.folder)
    assert (retry.best.exists(), retry.last.exists()) == (True, False)


def test_it_began_with_the_weights_of_a_sweep_that_its_node_does_not_see(ended: Ended) -> None:
    _, retry = SweepArtifacts.of(ended.folder)
    assert str(ended.folder.parent / "first").encode() in retry.init.read_bytes()


def test_it_left_out_what_a_list_names_that_its_node_does_not_see(ended: Ended) -> None:
    _, retry = SweepArtifacts.of(ended.folder)
    assert {report.num_train for report in read_history(retry)} == {55}


def test_nothing_tells_of_the_driver_once_it_has_ended(ended: Ended) -> None:
    assert [path.name for path in (ended.folder / "trials").iterdir() if path.name.startswith(".")] == []
