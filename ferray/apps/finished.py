"""`ferray.evaluate`, `ensemble`, `calibrate` and `export`: what is asked of the trials of a finished sweep."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from ferray.apps.listener_group import ListenerGroup, listeners_of, telling
from ferray.apps.options import (
    CalibrateOptions,
    EnsembleOptions,
    EvaluateOptions,
    ExportOptions,
    known_options,
    whole_number,
)
from ferray.apps.recorded import SweepWords, recorded_sweep, request_calibration, request_evaluation, request_export
from ferray.track.console import EpochLines

if TYPE_CHECKING:
    from ferray.apps.ensemble import JudgedEnsemble
    from ferray.artifacts.calibration import Calibration
    from ferray.exports.folder import Exported
    from ferray.results.held_out import HeldOut

FEWEST = {"candidates": 2, "bags": 1, "rounds": 1}


def evaluate(sweep: SweepWords, **options: Unpack[EvaluateOptions]) -> tuple[HeldOut, ...]:
    """Judge the best trial on the test split, or those asked for; what is known of a checkpoint is not asked again.

    `sweep` is a name, a folder, or what `ferray.load` gives. The options are the words of `ferray evaluate`; see
    `EvaluateOptions`. That the test split is read is in the sweep's store before it is. Each `HeldOut` has its `n`
    images, `metrics` as fractions in [0, 1], their `intervals`, and a confusion matrix (C, C), rows are the truth.

    Raises ConfigError for what cannot be asked; DataError where no trial has a checkpoint, the data is missing, or its
    split has no test images.
    """
    asked = known_options(options, EvaluateOptions, "ferray.evaluate")
    listener = ListenerGroup(listeners_of(asked, EpochLines))
    found = request_evaluation(sweep, asked, listener)
    from ferray.apps.evaluate import evaluate_trials

    return tuple(evaluate_trials(found.record, found.trials, found.folder, found.runtime, telling(listener)))


def ensemble(sweep: SweepWords, **options: Unpack[EnsembleOptions]) -> JudgedEnsemble:
    """Choose trials that answer best together on validation images, and measure the gain on test images, once.

    `sweep` is as for `ferray.evaluate`, the options are the words of `ferray ensemble`; see `EnsembleOptions`. What is
    chosen is written beside the trials, where `Sweep.ensemble` and `ferray.load_ensemble` read it. Each of `gains` has
    its `n` images, both scores in [0, 1] and their difference, with 95 % intervals; none with `test=False`, which
    leaves the test split unread, or where there is none.

    Raises ConfigError for what cannot be asked, and where fewer than two trials can answer; DataError where there is
    none, or the data is missing.
    """
    asked = known_options(options, EnsembleOptions, "ferray.ensemble")
    listener = ListenerGroup(listeners_of(asked, EpochLines))
    found = recorded_sweep(sweep, asked, listener)
    numbers = {name: whole_number(asked, name, least=least) for name, least in FEWEST.items() if name in asked}
    from ferray.apps.ensemble import build_ensemble
    from ferray.apps.ensemble_choice import SelectionOptions

    chosen_by, test = SelectionOptions(**numbers), bool(asked.get("test", True))
    return build_ensemble(found.record, found.folder, found.runtime, chosen_by, telling(listener), test=test)


def calibrate(sweep: SweepWords, **options: Unpack[CalibrateOptions]) -> Calibration:
    """Find the temperature that makes probabilities come true, on validation images; no answer changes.

    `sweep` is as for `ferray.evaluate`, the options are the words of `ferray calibrate`; see `CalibrateOptions`. Logits
    are to be divided by `temperature`, as `Predictor.with_temperature` does. Calibration errors are fractions in
    [0, 1], log losses are in nats, of `n` validation images. Pictures of the reliability go where the command has them.

    Raises ConfigError for what cannot be asked, DataError for fewer than ten images or where the data is missing.
    """
    asked = known_options(options, CalibrateOptions, "ferray.calibrate")
    listener = ListenerGroup(listeners_of(asked, EpochLines))
    found = request_calibration(sweep, asked, listener)
    from ferray.apps.calibrate import run_calibration

    to = asked.get("to")
    calibration, _ = run_calibration(found, None if to is None else Path(to), telling(listener))
    return calibration


def export(sweep: SweepWords, to: str | os.PathLike[str], **options: Unpack[ExportOptions]) -> Exported:
    """Write weights, ONNX, preprocessing, metrics with intervals and a model card of a trial into the folder `to`.

    `sweep` is as for `ferray.evaluate`, the options are the words of `ferray export`; see `ExportOptions`. The folder
    is asked about 100 validation images, and is there only if its logits are the trial's within 1e-4, or within that
    fraction of a logit over 1; `checks` has the largest differences.

    Raises ConfigError for what cannot be asked, for a folder that is taken and where a package for ONNX is missing;
    DataError where no trial has a checkpoint or the export answers otherwise.
    """
    asked = known_options(options, ExportOptions, "ferray.export")
    listener = ListenerGroup(listeners_of(asked, EpochLines))
    found = request_export(sweep, Path(to), asked, listener)
    from ferray.apps.export import run_export

    return run_export(found, Path(to), with_onnx=bool(asked.get("onnx", True)), listener=listener)
