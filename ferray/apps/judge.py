"""Trained models judged by the test split, once each; what they answer is kept in the trials' folders."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from ferray.apps.trial_job import refuse_other_classes, trial_job, with_counts_of
from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import TrialJob
from ferray.config.modality import image_size
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.data.judging import judging
from ferray.data.samples import PackedSamples
from ferray.data.shared_groups import GroupOf
from ferray.errors import DataError
from ferray.results.answers import Answers, read_answers, write_answers
from ferray.results.blinding import Standing, standing_of
from ferray.results.held_out import HeldOut, read_held_out, write_held_out
from ferray.stats.metrics import metrics_of
from ferray.stats.seeds_and_groups import clusters_of
from ferray.study.data_identity import doubt
from ferray.study.records import DataIdentity, SweepRecord, TrialRecord
from ferray.sweeps.check import data_identity
from ferray.text.commands import command
from ferray.text.counting import counted
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.evaluation import Evaluation
from ferray.training.inputs import open_job_inputs, place_of_job, summarise_trial
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.process_state import give_memory_back

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
    tell_once = _once(tell)
    place = _Place(folder, runtime, standing_of(record, folder), record.data)
    asked = [_asked(trial, place, tell_once) for trial in trials]
    unknown = [each.trial for each in asked if each.answer is None]
    if not unknown:
        return [each.answer for each in asked if each.answer is not None]
    _refuse_unreadable(unknown, place)
    with judging(partial(remember, unknown)):
        return [each.answer or _judge(each, place, tell_once) for each in asked]


@dataclass(frozen=True)
class Jury:
    """Models of one sweep that answer together, each with its weight in the mean of probabilities.

    `called` is what a line calls them, `artifacts` is where their answers are kept, `digest` tells them from others.
    """

    called: str
    artifacts: TrialArtifacts
    digest: str
    trials: tuple[TrialRecord, ...]
    weights: tuple[float, ...]


def judge_jury(
    record: SweepRecord, jury: Jury, folder: Path, runtime: Runtime, tell: Tell, remember: Remember
) -> Answers:
    """What the models say together to each image of the test split, kept in the jury's `answers.json`.

    What is known of these models is not asked again. Each is asked for the jury alone: no score of its own is kept.
    `tell`, `remember` and errors as in `judge_trials`; DataError where the models have other test images.
    """
    known = read_answers(jury.artifacts)
    if known is not None and known.checkpoint == jury.digest:
        return known
    tell_once = _once(tell)
    place = _Place(folder, runtime, standing_of(record, folder), record.data)
    _refuse_unreadable(jury.trials, place)
    with judging(partial(remember, jury.trials)):
        answers = _together(jury, place, tell_once)
    write_answers(jury.artifacts, answers)
    return answers


def _together(jury: Jury, place: _Place, tell: Tell) -> Answers:
    mean_NC: Tensor | None = None
    known_groups = GroupOf()
    first: PackedSamples | None = None
    for number, (trial, weight) in enumerate(zip(jury.trials, jury.weights, strict=True), start=1):
        predictor, test, known_groups = _opened(_member(trial, place), place, tell)
        tell(f"{jury.called}, model {number} of {len(jury.trials)}: judging {counted(len(test), 'test image')}")
        if first is not None and not _same_images(first, test):
            raise DataError(f"the models of {jury.called} have other test images than each other")
        probabilities_NC = weight * predictor(test).double().softmax(dim=1)
        first, mean_NC = first or test, probabilities_NC if mean_NC is None else mean_NC + probabilities_NC
        del predictor
        give_memory_back()
    assert first is not None
    assert mean_NC is not None
    groups = known_groups.groups(first.sample_ids)
    return Answers(jury.digest, first.sample_ids, first.labels, mean_NC.argmax(dim=1).numpy(), groups)


def _same_images(one: PackedSamples, other: PackedSamples) -> bool:
    pairs = ((one.sample_ids, other.sample_ids), (one.labels, other.labels))
    return one.classes == other.classes and all(np.array_equal(a, b) for a, b in pairs)


def _member(trial: TrialRecord, place: _Place) -> _Asked:
    artifacts = SweepArtifacts.of(place.folder)
    return _Asked(trial, artifacts.trial(trial.folder), artifacts.file(trial.checkpoint), "", None, None)


def _once(tell: Tell) -> Tell:
    """`tell` for lines that it has not been given before."""
    told: set[str] = set()

    def tell_once(line: str) -> None:
        if line not in told:
            tell(line)
        told.add(line)

    return tell_once


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
    trial, standing = asked.trial, place.standing
    predictor, test, known_groups = _opened(asked, place, tell)
    tell(f"trial {trial.number}: judging {counted(len(test), 'test image')}")
    evaluation = predictor.evaluate(test)
    predictions = evaluation.predictions.cpu().numpy()
    answers = Answers(asked.digest, test.sample_ids, test.labels, predictions, known_groups.groups(test.sample_ids))
    write_answers(asked.artifacts, answers)
    held_out = _dated(_held_out(asked, predictor, test, evaluation), asked.former, standing)
    clusters = clusters_of(answers.labels, predictions, answers.groups, known_groups.title)
    held_out = replace(held_out, clusters=clusters)
    write_held_out(asked.artifacts, held_out)  # last: with it the trial counts as judged
    del predictor
    give_memory_back()
    return held_out


def _opened(asked: _Asked, place: _Place, tell: Tell) -> tuple[Predictor, PackedSamples, GroupOf]:
    """The model, its test split and the groups of its data set.

    `tell` hears which data that is, and of what speaks against judging now.
    """
    standing, job = place.standing, trial_job(asked.trial, place.folder, place.runtime)
    predictor = load_predictor(asked.checkpoint, job.device, threads=job.threads)
    predictor, test = _with_test_split(predictor, job)
    found = summarise_trial(predictor.config, place_of_job(job))
    tell(f"data: {found.line()}")
    if doubted := doubt(place.data, data_identity(found)):
        tell(f"warning: {doubted}")
    if standing.is_open:
        tell(f"warning: {standing}: {_NO_LONGER_BLIND}")
    return predictor, test, found.group_of


def _dated(held_out: HeldOut, known: HeldOut | None, standing: Standing) -> HeldOut:
    """With how far the sweep had come when this trial was first judged, by whatever checkpoint."""
    if known is not None and known.num_ended is not None:
        return replace(held_out, num_ended=known.num_ended, num_asked=known.num_asked)
    return replace(held_out, num_ended=standing.num_ended, num_asked=standing.num_asked)


def _with_test_split(predictor: Predictor, job: TrialJob) -> tuple[Predictor, PackedSamples]:
    """The predictor that knows its class counts, and its test split; DataError for an empty one or other classes."""
    config = predictor.config
    splits = open_job_inputs(replace(job, config=config.to_json()))
    test = splits.test.unsealed()
    _refuse_empty(len(test), config)
    refuse_other_classes(test, predictor)
    return with_counts_of(splits.train, predictor), test


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


def _refuse_unreadable(trials: Sequence[TrialRecord], place: _Place) -> None:
    """DataError where a trial has no test split to read, so that nothing says later that it was read."""
    configs = [trial.trial_config() for trial in trials]
    packs = {(config.data_key, image_size(config)): trial for config, trial in zip(configs, trials, strict=True)}
    for trial in packs.values():
        splits = open_job_inputs(trial_job(trial, place.folder, place.runtime))
        _refuse_empty(sum(splits.test.class_counts()), trial.trial_config())


def _refuse_empty(num_test: int, config: TrialConfig) -> None:
    if not num_test:
        name, split = config.dataset.name, str(config.dataset.params.get("split"))
        kept = "random" if "kfold" in split else "halves"
        raise DataError(
            f"dataset `{name}` has no labelled test images with split `{split}`",
            f"`{command('confirm')}` holds each image out once in nested folds; a split such as `{kept}` keeps some",
        )
