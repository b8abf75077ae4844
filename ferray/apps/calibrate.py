"""Probabilities that come true: the temperature of a trial or an ensemble, found on its validation logits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ferray.apps.recorded import RecordedSweep
from ferray.apps.val_logits import val_logits_of
from ferray.artifacts.calibration import Calibration, write_calibration
from ferray.artifacts.ensemble import read_ensemble
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, read_validation_logits
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError, DataError
from ferray.results.figures.album import Album
from ferray.results.figures.reliability import draw_reliability
from ferray.stats.calibration import CalibrationEffect, calibration_effect
from ferray.study.records import SweepRecord, TrialRecord
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.predictor import load_predictor
from ferray.training.seeding import derive_generator

Tell = Callable[[str], None]
FEWEST = 10  # images


def run_calibration(asked: RecordedSweep, to: Path | None, tell: Tell) -> tuple[Calibration, list[Path]]:
    """`calibrate_trial` of the trial that is asked for, written to `to` as well; without one `calibrate_ensemble`."""
    record, folder = asked.record, asked.folder
    if not asked.trials:
        return calibrate_ensemble(record, folder)
    trial = asked.trials[0]
    found, files = calibrate_trial(record, trial, folder, asked.runtime, tell)
    if to is not None:
        tell(f"written: {save_calibrated(trial, folder, found, to)}")
    return found, files


def calibrate_trial(
    record: SweepRecord, trial: TrialRecord, folder: Path, runtime: Runtime, tell: Tell
) -> tuple[Calibration, list[Path]]:
    """The temperature of a trial, written into its folder, and the pictures of its reliability.

    Errors of `val_logits_of`, DataError for too few images.
    """
    artifacts = SweepArtifacts.of(folder)
    logits = val_logits_of(trial, folder, runtime, tell)
    digest = digest_checkpoint(artifacts.file(trial.checkpoint))
    to = folder / "figures" / f"trial-{trial.number}"
    return _calibrated(
        artifacts.trial(trial.folder), digest, logits, Album(to, f"{record.name}, trial {trial.number}", sweep=folder)
    )


def calibrate_ensemble(record: SweepRecord, folder: Path) -> tuple[Calibration, list[Path]]:
    """The same of the ensemble of the sweep in `folder`; ConfigError where none has been chosen."""
    place = SweepArtifacts.of(folder).ensemble
    ensemble, logits = read_ensemble(place.ensemble), read_validation_logits(place)
    if ensemble is None or logits is None:
        message = f"`{record.name}` has no ensemble"
        raise ConfigError(message, f"`{record.command('ensemble')}` chooses one")
    album = Album(folder / "figures" / "ensemble", f"{record.name}, ensemble", sweep=folder)
    return _calibrated(place, ensemble.digest, logits, album)


def save_calibrated(trial: TrialRecord, folder: Path, calibration: Calibration, to: Path) -> Path:
    """Write a trial with its temperature as one `.safetensors` file, or into a folder; errors of `Predictor.save`."""
    predictor = load_predictor(SweepArtifacts.of(folder).file(trial.checkpoint))
    return predictor.with_temperature(calibration.temperature).save(to)


def _calibrated(
    place: TrialArtifacts, digest: str, logits: ValidationLogits, album: Album
) -> tuple[Calibration, list[Path]]:
    if len(logits.labels) < FEWEST:
        message = f"`{len(logits.labels)}` validation images are too few to calibrate on"
        raise DataError(message, f"validate on {FEWEST} at least")
    effect = calibration_effect(logits.logits, logits.labels, generator=derive_generator(0, "calibrate"))
    calibration = _as_kept(digest, effect)
    write_calibration(place, calibration)
    draw_reliability(album, album.subject, effect)
    return calibration, album.files


def _as_kept(digest: str, effect: CalibrationEffect) -> Calibration:
    before, after = effect.before, effect.after
    return Calibration(
        of=digest,
        temperature=effect.temperature,
        n=effect.n,
        log_loss_before=before.log_loss,
        log_loss_after=after.log_loss,
        ece_before=before.error,
        ece_before_interval=before.interval,
        ece_after=after.error,
        ece_after_interval=after.interval,
        difference=effect.difference,
        difference_interval=effect.interval,
    )
