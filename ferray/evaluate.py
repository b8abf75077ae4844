"""The test split, read once a trial: `evaluate` judges a finished trial's best.pt and keeps what it says."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.errors import ConfigError, DataError, did_you_mean
from ferray.metrics import metrics_of
from ferray.results.held_out import HeldOut, read_held_out, write_held_out
from ferray.results.leaderboard import rank
from ferray.study.records import SweepRecord, TrialRecord
from ferray.train.inputs import summarise_trial
from ferray.train.judge import AnyJudge, judging

Tell = Callable[[str], None]
CHUNK = 256  # images hashed at a time


def choose_trials(record: SweepRecord, numbers: Sequence[int] = (), *, every: bool = False) -> list[TrialRecord]:
    """The trials asked for: those `numbers`, `every` one with a checkpoint, or else the best one.

    ConfigError for a number that the sweep lacks or that left no checkpoint, DataError where there is none at all.
    """
    if numbers:
        return [_by_number(record, number) for number in dict.fromkeys(numbers)]
    board = rank(record)
    judged = [trial for trial in board.complete if trial.checkpoint]
    if not judged:
        raise DataError(*_nothing_to_judge(record))
    return sorted(judged, key=lambda trial: trial.number) if every else judged[:1]


def evaluate_trials(trials: Iterable[TrialRecord], folder: Path, runtime: Runtime, tell: Tell) -> list[HeldOut]:
    """What each trial of the sweep in `folder` scores on its test split; one already judged is not judged again.

    `tell` is given a line for each trial that is, and one for each data set. DataError for a split without test images,
    a checkpoint that is gone before it was judged, or missing data.
    """
    told: set[str] = set()

    def tell_once(line: str) -> None:
        if line not in told:
            tell(line)
        told.add(line)

    return [_evaluate(trial, folder, runtime, tell_once) for trial in trials]


def _evaluate(trial: TrialRecord, folder: Path, runtime: Runtime, tell: Tell) -> HeldOut:
    own = folder / trial.folder
    checkpoint = folder / trial.checkpoint
    known = read_held_out(own)
    if known is not None and not checkpoint.exists():
        tell(f"trial {trial.number}: its checkpoint is gone, what was judged before stands")
        return known
    digest = _digest(checkpoint)
    if known is not None and known.checkpoint == digest:
        return known
    with judging(checkpoint, _job(trial, own, runtime)) as judge:
        _refuse_empty(judge)
        found = summarise_trial(judge.config, data_root=runtime.data_root, cache_dir=runtime.cache_dir)
        tell(f"data: {found.line()}")
        tell(f"trial {trial.number}: judging {len(judge.splits.test)} test images")
        held_out = _judged(trial, judge, digest)
    write_held_out(own, held_out)
    return held_out


def _judged(trial: TrialRecord, judge: AnyJudge, digest: str) -> HeldOut:
    test = judge.splits.test
    evaluation = judge.evaluate(test)
    metrics = {**metrics_of(evaluation.confusion, test.classes, "test"), "test/loss": evaluation.loss}
    return HeldOut(
        trial=trial.number,
        recipe=trial.recipe,
        epoch=judge.epoch,
        n=len(test),
        metrics={name: value for name, value in metrics.items() if math.isfinite(value)},
        confusion=tuple(map(tuple, evaluation.confusion.tolist())),
        classes=test.classes,
        checkpoint=digest,
        data=fingerprint(test),
    )


def fingerprint(samples: PackedSamples) -> str:
    """SHA-256 of the ids, labels and pixels (or features) of these samples, in their order."""
    digest = hashlib.sha256()
    digest.update(np.ascontiguousarray(samples.sample_ids).tobytes())
    digest.update(np.ascontiguousarray(samples.labels).tobytes())
    for start in range(0, len(samples), CHUNK):
        digest.update(samples.inputs_of(np.arange(start, min(start + CHUNK, len(samples)))).tobytes())
    return digest.hexdigest()


def _by_number(record: SweepRecord, number: int) -> TrialRecord:
    trials = {trial.number: trial for trial in record.trials}
    if number not in trials:
        raise ConfigError(f"`{record.name}` has no trial `{number}`", did_you_mean(str(number), map(str, trials)))
    trial = trials[number]
    if trial.folds:
        message = f"trial `{number}` is cross-validated and leaves no checkpoint"
        raise ConfigError(message, f"its folds are its measurement, see `{record.command('leaderboard')}`")
    if not trial.checkpoint:
        message = f"trial `{number}` ended as `{trial.outcome}` and left no checkpoint"
        raise ConfigError(message, f"`{record.command('leaderboard')}` lists the complete ones")
    return trial


def _nothing_to_judge(record: SweepRecord) -> tuple[str, str]:
    if any(trial.folds for trial in record.trials):
        message = f"the trials of `{record.name}` are cross-validated and leave no checkpoints"
        return message, f"their folds are their measurement, see `{record.command('leaderboard')}`"
    return f"no trial of `{record.name}` is complete", f"`{record.command('trials')}` says how they ended"


def _digest(checkpoint: Path) -> str:
    try:
        with checkpoint.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"`{checkpoint}` cannot be read: {error.strerror}", "train the trial again") from error


def _refuse_empty(judge: AnyJudge) -> None:
    if not len(judge.splits.test):
        dataset = judge.config.dataset
        raise DataError(
            f"dataset `{dataset.name}` has no labelled test images with split `{dataset.params.get('split')}`",
            "sweep over a split that keeps some, such as `halves` or `random`",
        )


def _job(trial: TrialRecord, folder: Path, runtime: Runtime) -> TrialJob:
    return TrialJob(
        number=trial.number,
        config=TrialConfig.model_validate(trial.config).to_json(),
        folder=str(folder.absolute()),
        data_root=str(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=len(os.sched_getaffinity(0)),
    )
