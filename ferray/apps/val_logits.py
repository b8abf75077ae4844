"""What trials say to their validation images: as they have kept it, or from their best.pt where they are older."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ferray.apps.trial_job import trial_predictor
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, read_validation_logits, write_validation_logits
from ferray.config.runtime import Runtime
from ferray.errors import DataError
from ferray.study.records import TrialRecord
from ferray.text.counting import counted
from ferray.training.process_state import give_memory_back

Tell = Callable[[str], None]


def val_logits_of(trial: TrialRecord, folder: Path, runtime: Runtime, tell: Tell) -> ValidationLogits:
    """Those of a trial of the sweep in `folder` by its best epoch, in the order of the sample ids.

    Where the trial has kept none, or a file that is damaged, its best.pt is asked and the answer kept, of which `tell`
    hears. CheckpointError for a checkpoint that is gone, DataError for data that is.
    """
    artifacts = SweepArtifacts.of(folder).trial(trial.folder)
    kept = _kept(artifacts, tell)
    if kept is None or kept.epoch != trial.best_epoch:
        kept = _computed(trial, folder, runtime, tell)
        write_validation_logits(artifacts, kept)
    return kept.sorted()


def alike(found: Sequence[ValidationLogits]) -> list[bool]:
    """Whether each is of the same images with the same labels and classes as the first, given in order of the ids."""
    first = found[0]
    return [
        each.classes == first.classes
        and np.array_equal(each.sample_ids, first.sample_ids)
        and np.array_equal(each.labels, first.labels)
        for each in found
    ]


def _kept(artifacts: TrialArtifacts, tell: Tell) -> ValidationLogits | None:
    try:
        return read_validation_logits(artifacts)
    except DataError as error:
        tell(f"{error.message}, and is made again")
        return None


def _computed(trial: TrialRecord, folder: Path, runtime: Runtime, tell: Tell) -> ValidationLogits:
    predictor, val = trial_predictor(trial, folder, runtime)
    tell(f"trial {trial.number}: its best.pt is asked about {counted(len(val), 'validation image')}")
    found = ValidationLogits(trial.best_epoch, val.classes, val.sample_ids, val.labels, predictor(val).numpy())
    del predictor
    give_memory_back()
    return found
