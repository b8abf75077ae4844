"""A sweep as large as one likes that trained nothing: a real study over made-up curves, with histories in its folders.

Scores depend on the learning rate, the backbone and a little noise, so that a reader has something to find. Every
outcome occurs, faults say what a hostile record might, and trials with a rule have removed samples of the demo's
training split.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ferray.artifacts.history import history_line
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import RESOLVED_NAME, SPACE_NAME
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.data.opened import open_dataset
from ferray.data.splits import SplitTable, split_rows
from ferray.emotions import Emotion
from ferray.events import (
    EpochReport,
    FailureReason,
    Listener,
    Outcome,
    OutcomeKind,
    OutlierReport,
    RemovedSample,
    TrialStarted,
)
from ferray.files.atomic import write_json, write_text
from ferray.sweeps.launcher import TrialEvent
from ferray.sweeps.loop import run_trials
from ferray.testing.curves import Curves, as_told, open_driver

CLASSES = tuple(emotion.title for emotion in Emotion)
NUM_EACH = 60  # validation images of each class
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)> {{7*7}} \"'&\x1b[31m\u202e"
SPACE = {
    "backbone": {"one_of": ["tiny_cnn", "lenet", "deep_cnn"]},
    "head": {"one_of": [{"linear": {"dropout": {"uniform": [0.0, 0.5]}}}, {"bn_mlp": {}}]},
    "optimizer.lr": {"log_uniform": [1e-5, 1e-1]},
    "optimizer.weight_decay": {"log_uniform": [1e-6, 1e-2]},
    "batch_size": {"choice": [16, 32, 64, 128]},
    "epochs": {"int_uniform": [10, 30]},
    "imbalance": {"one_of": ["none", "weighted_sampler", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}]},
    "outliers": {"one_of": ["none", {"bdr": {"start_epoch": 5}}]},
}


def studied_spec(num_trials: int, *, epochs: tuple[int, int] = (10, 30)) -> SweepSpec:
    """What is searched, by random trials and a median pruner; each trial has between so many epochs."""
    return SweepSpec.model_validate(
        {
            "name": "studied",
            "dataset": {"demo": {"num_train": 140, "num_val": 70, "num_test": 70}},
            "budget": {"trials": num_trials},
            "sampler": "random",
            "pruner": {"median": {"startup_trials": 5, "warmup_fraction": 0.3}},
            "base": {"image_size": 32},
            "space": {**SPACE, "epochs": {"int_uniform": list(epochs)}},
        }
    )


def study_sweep(folder: Path, num_trials: int, *, epochs: tuple[int, int] = (10, 30), slots: int = 4) -> Path:
    """Run such a sweep in `folder`, some milliseconds an epoch, and return the folder."""
    spec = studied_spec(num_trials, epochs=epochs)
    driver = open_driver(folder, spec, _Histories(folder), max_failures=10**6)
    write_json(folder / RESOLVED_NAME, spec.model_dump(mode="json"))
    write_text(folder / SPACE_NAME, f"# {HOSTILE}\nspace: {{}}\n")
    known = {"python": "3.11", "host": HOSTILE, "commands": ["ferray sweep studied", HOSTILE]}
    write_json(folder / "environment.json", {**known, "versions": {"ferray": "0.1.0"}})
    run_trials(driver, _Faces(driver.runtime, slots=slots, removable=removable_samples(spec)))
    driver.study.close()
    return folder


def removable_samples(spec: SweepSpec, count: int = 60) -> list[RemovedSample]:
    """Training samples of the spec's data, each said to be the next class."""
    config = TrialConfig.model_validate({"dataset": spec.dataset})
    samples = open_dataset(config.dataset, Path("nowhere"), Path("nowhere")).listing.samples
    rows = split_rows(SplitTable.from_samples(samples), config.dataset.build_params()).train[:count].tolist()
    return [_removed(samples[row].sample_id, samples[row].name, samples[row].label, row) for row in rows]


def _removed(sample_id: int, name: str, label: int, row: int) -> RemovedSample:
    said = (label + 1) % len(CLASSES)
    return RemovedSample(sample_id, name, label, said, loss=1 + row % 7 / 3, truly_mislabelled=row % 3 == 0)


class _Faces(Curves):
    """Trials that learn, fail or diverge, as their number and their parameters have it."""

    def __init__(self, runtime: Runtime, *, slots: int, removable: Sequence[RemovedSample]) -> None:
        super().__init__(runtime, lambda *_: 0.0, slots=slots)
        self._removable = tuple(removable)

    def _step(self, number: int) -> TrialEvent:
        job, reports = self._running[number]
        if number % 23 == 7 and len(reports) == 2:
            del self._running[number]
            reason = FailureReason.OUT_OF_MEMORY if number % 2 else FailureReason.BUG
            return TrialEvent(number, Outcome(OutcomeKind.FAILED, f"RuntimeError: {HOSTILE}", reason=reason))
        epoch = _epoch(job.trial_config(), number, len(reports) + 1, self._removable)
        reports[:] = as_told([*reports, epoch], job)
        if reports[-1].is_last:
            del self._running[number]
        return TrialEvent(number, reports[-1])


class _Histories(Listener):
    """Keeps each epoch where a worker would have."""

    def __init__(self, folder: Path) -> None:
        self._artifacts, self._folders = SweepArtifacts.of(folder), dict[int, str]()

    def trial_started(self, trial: TrialStarted) -> None:
        self._folders[trial.number] = trial.folder

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        files = self._artifacts.trial(f"trials/{Path(self._folders[number]).name}")
        files.make()
        files.history.append_text(f"{history_line(report)}\n")
        if report.outliers and report.outliers.removed:
            files.removed.write_text("epoch,sample_id\n", durable=False)


def _epoch(config: TrialConfig, number: int, epoch: int, removable: tuple[RemovedSample, ...]) -> EpochReport:
    """One epoch of a curve that rises to its ceiling, with the noise of that trial and epoch."""
    draw, fraction = random.Random(1000 * number + epoch), epoch / config.epochs
    off = abs(math.log10(config.optimizer.lr) + 3.2)
    ceiling = max(0.05, 0.62 - 0.13 * off + {"lenet": 0.06, "deep_cnn": 0.12}.get(config.backbone.name, 0.0))
    share = min(0.97, max(0.02, ceiling * (1 - math.exp(-4 * fraction)) + draw.gauss(0, 0.012)))
    diverged = off > 2.1 and number % 3 == 0 and epoch == 4
    rows = tuple(_row(label, min(0.98, share * (0.8 + 0.07 * label)), draw) for label in range(len(CLASSES)))
    recalls = [row[label] / NUM_EACH for label, row in enumerate(rows)]
    uar = sum(recalls) / len(recalls)
    loss = math.nan if diverged else 2.2 * math.exp(-2 * fraction * ceiling) + draw.random() / 20
    return EpochReport(
        epoch=epoch,
        epochs=config.epochs,
        metrics={
            "train/loss": loss * 0.9,
            "val/loss": loss,
            "val/accuracy": uar,
            "val/uar": math.nan if diverged else uar,
            "val/macro_f1": uar,
            "seconds": 0.004,
            **{f"val/recall/{name}": recall for name, recall in zip(CLASSES, recalls, strict=True)},
        },
        confusion=rows,
        classes=CLASSES,
        num_train=140,
        is_best=not diverged,
        diverged=diverged,
        outliers=_look(epoch, removable) if config.outliers.name == "bdr" else None,
    )


def _row(label: int, share: float, draw: random.Random) -> tuple[int, ...]:
    """The answers to one class's images, right ones first counted and the others spread."""
    right = round(NUM_EACH * share)
    row = [0] * len(CLASSES)
    for _ in range(NUM_EACH - right):
        row[(label + draw.randint(1, len(CLASSES) - 1)) % len(CLASSES)] += 1
    row[label] = right
    return tuple(row)


def _look(epoch: int, removable: tuple[RemovedSample, ...]) -> OutlierReport:
    seen = OutlierReport(epoch, variance=0.4 / epoch, num_kept=140, num_mislabelled=20)
    return replace(seen, removed=removable, num_kept=140 - len(removable)) if epoch == 5 else seen
