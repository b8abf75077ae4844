"""A trial that has ended as a job again: with it its data is opened as the training opened it, for its predictor."""

from __future__ import annotations

from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.data_root import data_root_words
from ferray.config.exclusion import kept_list
from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.data.samples import PackedSamples
from ferray.errors import DataError
from ferray.study.records import TrialRecord
from ferray.system.cores import num_threads
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.training_set import class_counts_without


def trial_job(trial: TrialRecord, folder: Path, runtime: Runtime) -> TrialJob:
    """The job of a trial of the sweep in `folder`, in this place; DataError for a record of no configuration."""
    config = trial.trial_config()
    return TrialJob(
        number=trial.number,
        config=config.to_json(),
        folder=SweepArtifacts.of(folder).trial(trial.folder).address,
        data_root=data_root_words(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=num_threads(),
        exclude=str(kept_list(folder, config.exclude) or ""),
    )


def trial_predictor(trial: TrialRecord, folder: Path, runtime: Runtime) -> tuple[Predictor, PackedSamples]:
    """What a trial's best.pt answers with, and the validation images of its sweep, which lies in `folder`.

    CheckpointError for a checkpoint that is gone, DataError for data that is missing or has other classes.
    """
    job = trial_job(trial, folder, runtime)
    predictor = load_predictor(SweepArtifacts.of(folder).file(trial.checkpoint), job.device, threads=job.threads)
    splits = open_job_inputs(job)
    refuse_other_classes(splits.val, predictor)
    return with_counts_of(splits.train, predictor), splits.val


def with_counts_of(train: PackedSamples, predictor: Predictor) -> Predictor:
    """The predictor, which learns from the training split what it was trained on where its file is too old to say."""
    if predictor.checkpoint.class_counts is not None:
        return predictor
    return predictor.with_class_counts(class_counts_without(train, predictor.checkpoint.removed_ids))


def refuse_other_classes(samples: PackedSamples, predictor: Predictor) -> None:
    """DataError where a split of the predictor's data set has other classes by now."""
    if samples.classes != predictor.classes:
        found, known = (", ".join(classes) for classes in (samples.classes, predictor.classes))
        dataset = predictor.config.dataset.name
        message = f"dataset `{dataset}` has the classes `{found}` now, the trial tells apart `{known}`"
        raise DataError(message, "put the folders or the rows back as they were")
