"""Trained models judged by the test split, once each; what they answer is kept in the trials' folders."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.data_root import data_root_words
from ferray.config.exclusion import kept_list
from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.data.judging import judging
from ferray.data.samples import PackedSamples
from ferray.errors import DataError
from ferray.results.answers import Answers, write_answers
from ferray.results.blinding import Standing, standing_of
from ferray.results.held_out import HeldOut, read_held_out, write_held_out
from ferray.stats.metrics import metrics_of
from ferray.study.data_identity import doubt
from ferray.study.records import DataIdentity, SweepRecord, TrialRecord
from ferray.sweeps.check import data_identity
from ferray.system.cores import num_threads
from ferray.text.counting import counted
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.evaluation import Evaluation
from ferray.training.inputs import open_job_inputs, place_of_job, summarise_trial
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.process_state import give_memory_back
from ferray.training.training_set import class_counts_without

Tell = Callable[[str], None]
Remember = Callable[[Sequence[TrialRecord]], None]
CHUNK = 256  # images hashed at a time
_NO_LONGER_BLIND = "once the test split is read, no choice among later trials is blind; what is kept says when it was"


def judge_trials(
    record: SweepRecord,
    trials: Iterable[TrialRecord],
    folder: Path,
    runtime: Runtime,
    tell: Tell,
    remember: Remember,
) -> list[HeldOut]:
    """What each trial of the sweep in `folder` scores on its test split; one already judged is not judged again.

    How far the sweep has come is kept with each. `remember` is given the trials that are judged now, and writes down
    that the test split is read, before it is; it is not asked where all have been judged. `tell` is given a line for
    each trial that is judged, one for each data set, and a warning where trials are still to come or the data has
    changed. DataError for a split without test images, a checkpoint that is gone before it was judged, or missing data.
    `choose_trials` refuses those that `--keep` has deleted.
    """
    told: set[str] = set()

    def tell_once(line: str) -> None:
        if line not in told:
            tell(line)
        told.add(line)

    place = _Place(folder, runtime, standing_of(record, folder), record.data)
    asked = [_asked(trial, place, tell_once) for trial in trials]
    unknown = [each.trial for each in asked if each.answer is None]
    if not unknown:
        return [each.answer for each in asked if each.answer is not None]
    with judging(partial(remember, unknown)):
        return [each.answer or _judge(each, place, tell_once) for each in asked]


@dataclass(frozen=True)
class _Place:
    """Where trials are judged, how far their sweep has come, and what its trials were trained and chosen on."""

    folder: Path
    runtime: Runtime
    standing: Standing
    data: Mapping[str, DataIdentity]


@dataclass(frozen=True)
class _Asked:
    """A trial whose score is asked for: its files, its checkpoint and the hash of that, and what is known of either.

    `answer` is what stands, None where it is to be judged; `former` what an earlier checkpoint of it has scored.
    """

    trial: TrialRecord
    artifacts: TrialArtifacts
    checkpoint: ArtifactFile
    digest: str
    answer: HeldOut | None
    former: HeldOut | None


def _asked(trial: TrialRecord, place: _Place, tell: Tell) -> _Asked:
    artifacts = SweepArtifacts.of(place.folder)
    own, checkpoint = artifacts.trial(trial.folder), artifacts.file(trial.checkpoint)
    known = read_held_out(own)
    if known is not None and not checkpoint.exists():
        tell(f"trial {trial.number}: its checkpoint is gone, what was judged before stands")
        return _Asked(trial, own, checkpoint, known.checkpoint, known, known)
    digest = digest_checkpoint(checkpoint)
    answer = known if known is not None and known.checkpoint == digest else None
    return _Asked(trial, own, checkpoint, digest, answer, known)


def _judge(asked: _Asked, place: _Place, tell: Tell) -> HeldOut:
    trial, standing, job = asked.trial, place.standing, _job(asked, place)
    predictor = load_predictor(asked.checkpoint, job.device, threads=job.threads)
    predictor, test = _with_test_split(predictor, job)
    found = summarise_trial(predictor.config, place_of_job(job))
    tell(f"data: {found.line()}")
    if doubted := doubt(place.data, data_identity(found)):
        tell(f"warning: {doubted}")
    if standing.is_open:
        tell(f"warning: {standing}: {_NO_LONGER_BLIND}")
    tell(f"trial {trial.number}: judging {counted(len(test), 'test image')}")
    evaluation = predictor.evaluate(test)
    predictions = evaluation.predictions.cpu().numpy()
    write_answers(asked.artifacts, Answers(asked.digest, test.sample_ids, test.labels, predictions))
    held_out = _dated(_held_out(asked, predictor, test, evaluation), asked.former, standing)
    write_held_out(asked.artifacts, held_out)  # last: with it the trial counts as judged
    del predictor
    give_memory_back()
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
    test = splits.test.unsealed()
    _refuse_empty(test, config)
    if test.classes != predictor.classes:
        found, known = (", ".join(classes) for classes in (test.classes, predictor.classes))
        message = f"dataset `{config.dataset.name}` has the classes `{found}` now, the trial tells apart `{known}`"
        raise DataError(message, "put the folders or the rows back as they were")
    if predictor.checkpoint.class_counts is None:
        counts = class_counts_without(splits.train, predictor.checkpoint.removed_ids)
        predictor = predictor.with_class_counts(counts)
    return predictor, test


def _held_out(asked: _Asked, predictor: Predictor, test: PackedSamples, evaluation: Evaluation) -> HeldOut:
    metrics = {**metrics_of(evaluation.confusion, test.classes, "test"), "test/loss": evaluation.loss}
    return HeldOut(
        trial=asked.trial.number,
        recipe=asked.trial.recipe,
        epoch=predictor.checkpoint.epoch,
        n=len(test),
        metrics={name: value for name, value in metrics.items() if math.isfinite(value)},
        confusion=tuple(map(tuple, evaluation.confusion.tolist())),
        classes=test.classes,
        checkpoint=asked.digest,
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


def _job(asked: _Asked, place: _Place) -> TrialJob:
    config, runtime = asked.trial.trial_config(), place.runtime
    return TrialJob(
        number=asked.trial.number,
        config=config.to_json(),
        folder=asked.artifacts.address,
        data_root=data_root_words(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=num_threads(),
        exclude=str(kept_list(place.folder, config.exclude) or ""),
    )
