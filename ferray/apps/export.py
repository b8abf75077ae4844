"""A trial of a sweep as a folder for others, for `ferray.export` and its command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ferray.apps.recorded import RecordedSweep
from ferray.artifacts.ensemble import read_ensemble
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.exclusion import kept_list
from ferray.config.place import DataPlace
from ferray.config.runtime import Runtime
from ferray.errors import CheckpointError, FerrayError
from ferray.events import Listener
from ferray.exports.ensemble_folder import write_ensemble
from ferray.exports.folder import Exported, RealInputs, write_network, write_other
from ferray.exports.onnx_file import require_onnx
from ferray.exports.origin import Measured, Origin
from ferray.results.answers import read_answers
from ferray.results.held_out import HeldOut, read_held_out
from ferray.results.leaderboard import rank
from ferray.stats.metrics import confusion_matrix, metrics_of
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.commands import command
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.ensemble_predictor import EnsemblePredictor, load_ensemble
from ferray.training.inputs import open_inputs
from ferray.training.predictor import Predictor, load_predictor

MOST_ASKED = 100  # validation images of which both are asked


def run_export(asked: RecordedSweep, to: Path, *, with_onnx: bool, listener: Listener) -> Exported:
    """`export_trial` of the trial that is asked for; without one `export_ensemble`."""
    if not asked.trials:
        return export_ensemble(asked.record, asked.folder, to, asked.runtime, with_onnx=with_onnx, listener=listener)
    (trial,) = asked.trials
    return export_trial(asked.record, trial, asked.folder, to, asked.runtime, with_onnx=with_onnx, listener=listener)


def export_trial(
    record: SweepRecord,
    trial: TrialRecord,
    folder: Path,
    to: Path,
    runtime: Runtime,
    *,
    with_onnx: bool,
    listener: Listener,
) -> Exported:
    """Write the trial of the sweep in `folder` to the folder `to`, and ask both about validation images.

    Where the data is not there they are asked about noise, and a line says so. Of what is asked about rows no ONNX file
    is written. ConfigError where a package for ONNX is missing, CheckpointError for a best.pt that cannot be used.
    """
    artifacts = SweepArtifacts.of(folder)
    checkpoint = artifacts.file(trial.checkpoint)
    predictor = load_predictor(checkpoint)
    known = read_held_out(artifacts.trial(trial.folder))
    held_out = known if known is not None and known.checkpoint == digest_checkpoint(checkpoint) else None
    origin = _origin(record, trial, held_out)
    inputs = _inputs(predictor, folder, runtime, listener)
    if not _is_over_images(predictor):
        listener.noted(
            "note: it is asked about rows of features, of which no ONNX file and no preprocessing of pixels is written"
        )
        return write_other(to, predictor, origin, inputs.called, torch.from_numpy(inputs.images))
    if with_onnx:
        require_onnx()
    return write_network(to, predictor, origin, inputs, with_onnx=with_onnx, progress=listener.noted)


def export_ensemble(
    record: SweepRecord, folder: Path, to: Path, runtime: Runtime, *, with_onnx: bool, listener: Listener
) -> Exported:
    """Write the ensemble of the sweep in `folder` to the folder `to`, as `export_trial` does a trial.

    CheckpointError where none was chosen, or a member's best.pt is gone; ConfigError for one that sees no images.
    """
    place = SweepArtifacts.of(folder).ensemble
    if read_ensemble(place.ensemble) is None:
        raise CheckpointError(f"no ensemble was chosen for `{record.name}`", f"`{command('ensemble', record.name)}`")
    predictor = load_ensemble(place)
    if with_onnx:
        require_onnx()
    inputs = _inputs(predictor.members[0], folder, runtime, listener)
    listener.noted(f"writing {len(predictor.members)} members of the ensemble of `{record.name}`")
    return write_ensemble(to, predictor, inputs, _judged(place, predictor), with_onnx=with_onnx)


def _judged(place: TrialArtifacts, predictor: EnsemblePredictor) -> Measured | None:
    """What this ensemble has scored on the test split, by what it said to each image; None where that was not read."""
    answers = read_answers(place)
    if answers is None or answers.checkpoint != predictor.ensemble.digest:
        return None
    labels, predictions = torch.from_numpy(answers.labels), torch.from_numpy(answers.predictions)
    confusion = confusion_matrix(labels, predictions, len(predictor.classes))
    metrics = metrics_of(confusion, predictor.classes, "test")
    return Measured("test", predictor.classes, metrics, tuple(map(tuple, confusion.tolist())))


def _origin(record: SweepRecord, trial: TrialRecord, held_out: HeldOut | None) -> Origin:
    complete = rank(record).complete
    return Origin(
        sweep=record.name,
        trial=trial.number,
        recipe=trial.recipe,
        metric=record.metric,
        num_complete=len(complete),
        is_best=bool(complete) and complete[0].number == trial.number,
        held_out=held_out,
    )


def _is_over_images(predictor: Predictor) -> bool:
    """Whether it is a network that sees pictures themselves."""
    config = predictor.config
    return predictor.takes_images and config.estimator.name == "none" and config.descriptor.name == "none"


def _inputs(predictor: Predictor, folder: Path, runtime: Runtime, listener: Listener) -> RealInputs:
    """Validation images, an even choice of them, as the trial is asked about them; noise where there is no data."""
    config = predictor.config
    place = DataPlace(runtime.data_root, runtime.cache_dir, kept_list(folder, config.exclude))
    try:
        val = open_inputs(config, place).val
        chosen = np.linspace(0, len(val) - 1, min(MOST_ASKED, len(val))).round().astype(np.int64)
        rows: NDArray[Any] = val.images_of(chosen) if predictor.takes_images else val.inputs_of(chosen)
        return RealInputs(f"{len(chosen)} validation images", rows)
    except FerrayError as error:
        listener.warned(f"warning: it is checked on noise and not on validation samples: {error.message}")
    return _noise(predictor)


def _noise(predictor: Predictor) -> RealInputs:
    generator, size, width = np.random.default_rng(0), predictor.checkpoint.image_size, predictor.row_width
    if width is not None and not predictor.takes_images:
        rows_ND = generator.standard_normal((MOST_ASKED, width), dtype=np.float32)
        return RealInputs(f"{MOST_ASKED} rows of noise", rows_ND)
    images_NHWC = generator.integers(0, 256, (MOST_ASKED, size, size, 3), dtype=np.uint8)
    return RealInputs(f"{MOST_ASKED} images of noise", images_NHWC)
