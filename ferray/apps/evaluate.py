"""The test split, read once a trial: `evaluate` judges a finished trial's best.pt and keeps what it says."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.exclusion import kept_list
from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.errors import DataError
from ferray.results.blinding import Standing
from ferray.results.held_out import HeldOut, read_held_out, write_held_out
from ferray.stats.metrics import metrics_of
from ferray.study.data_identity import doubt
from ferray.study.records import DataIdentity, SweepRecord, TrialRecord
from ferray.sweeps.check import data_identity
from ferray.system.cores import num_threads
from ferray.text.counting import counted
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.inputs import open_job_inputs, place_of_job, summarise_trial
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.process_state import give_memory_back
from ferray.training.training_set import class_counts_without

Tell = Callable[[str], None]
CHUNK = 256  # images hashed at a time
_NO_LONGER_BLIND = "once the test split is read, no choice among later trials is blind; what is kept says when it was"


def evaluate_trials(
    record: SweepRecord,
    trials: Iterable[TrialRecord],
    folder: Path,
    runtime: Runtime,
    standing: Standing,
    tell: Tell,
) -> list[HeldOut]:
    """What each trial of the sweep in `folder` scores on its test split; one already judged is not judged again.

    `standing` is how far the sweep has come, which is kept with each. `tell` is given a line for each trial that is
    judged, one for each data set, and a warning where trials are still to come or the data has changed. DataError for a
    split without test images, a checkpoint that is gone before it was judged, or missing data. `choose_trials` refuses
    those that `--keep` has deleted.
    """
    told: set[str] = set()

    def tell_once(line: str) -> None:
        if line not in told:
            tell(line)
        told.add(line)

    place = _Place(folder, runtime, standing, record.data)
    results = []
    for trial in trials:
        results.append(_evaluate(trial, place, tell_once))
        give_memory_back()
    return results


@dataclass(frozen=True)
class _Place:
    """Where trials are judged, how far their sweep has come, and what its trials were trained and chosen on."""

    folder: Path
    runtime: Runtime
    standing: Standing
    data: Mapping[str, DataIdentity]


def _evaluate(trial: TrialRecord, place: _Place, tell: Tell) -> HeldOut:
    artifacts, standing = SweepArtifacts.of(place.folder), place.standing
    own, checkpoint = artifacts.trial(trial.folder), artifacts.file(trial.checkpoint)
    known = read_held_out(own)
    if known is not None and not checkpoint.exists():
        tell(f"trial {trial.number}: its checkpoint is gone, what was judged before stands")
        return known
    digest = digest_checkpoint(checkpoint)
    if known is not None and known.checkpoint == digest:
        return known
    job = _job(trial, own, place)
    predictor = load_predictor(checkpoint, job.device, threads=job.threads)
    predictor, test = _with_test_split(predictor, job)
    found = summarise_trial(predictor.config, place_of_job(job))
    tell(f"data: {found.line()}")
    if doubted := doubt(place.data, data_identity(found)):
        tell(f"warning: {doubted}")
    if standing.is_open:
        tell(f"warning: {standing}: {_NO_LONGER_BLIND}")
    tell(f"trial {trial.number}: judging {counted(len(test), 'test image')}")
    held_out = _dated(_judged(trial, predictor, test, digest), known, standing)
    write_held_out(own, held_out)
    return held_out


def _dated(held_out: HeldOut, known: HeldOut | None, standing: Standing) -> HeldOut:
    """With how far the sweep had come when this trial was first judged, by whatever checkpoint."""
    if known is not None and known.num_ended is not None:
        return replace(held_out, num_ended=known.num_ended, num_asked=known.num_asked)
    return replace(held_out, num_ended=standing.num_ended, num_asked=standing.num_asked)


def _with_test_split(predictor: Predictor, job: TrialJob) -> tuple[Predictor, PackedSamples]:
    """The test split of the predictor's trial; DataError where it is empty, or is of other classes.

    A predictor whose file is too old to say so learns from the training split what it was trained on.
    """
    config = predictor.config
    splits = open_job_inputs(replace(job, config=config.to_json()))
    _refuse_empty(splits.test, config)
    if splits.test.classes != predictor.classes:
        found, known = (", ".join(classes) for classes in (splits.test.classes, predictor.classes))
        message = f"dataset `{config.dataset.name}` has the classes `{found}` now, the trial tells apart `{known}`"
        raise DataError(message, "put the folders or the rows back as they were")
    if predictor.checkpoint.class_counts is None:
        counts = class_counts_without(splits.train, predictor.checkpoint.removed_ids)
        predictor = predictor.with_class_counts(counts)
    return predictor, splits.test


def _judged(trial: TrialRecord, predictor: Predictor, test: PackedSamples, digest: str) -> HeldOut:
    evaluation = predictor.evaluate(test)
    metrics = {**metrics_of(evaluation.confusion, test.classes, "test"), "test/loss": evaluation.loss}
    return HeldOut(
        trial=trial.number,
        recipe=trial.recipe,
        epoch=predictor.checkpoint.epoch,
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


def _refuse_empty(test: PackedSamples, config: TrialConfig) -> None:
    if not len(test):
        dataset = config.dataset
        raise DataError(
            f"dataset `{dataset.name}` has no labelled test images with split `{dataset.params.get('split')}`",
            "sweep over a split that keeps some, such as `halves` or `random`",
        )


def _job(trial: TrialRecord, artifacts: TrialArtifacts, place: _Place) -> TrialJob:
    config, runtime = trial.trial_config(), place.runtime
    return TrialJob(
        number=trial.number,
        config=config.to_json(),
        folder=artifacts.address,
        data_root=str(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=num_threads(),
        exclude=str(kept_list(place.folder, config.exclude) or ""),
    )
