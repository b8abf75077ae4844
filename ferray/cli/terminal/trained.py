"""What `ferray train` says of a training at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ferray.artifacts.trial import TrialArtifacts
from ferray.cli.terminal.output import print_json, show
from ferray.config.job import TrialJob
from ferray.errors import SweepFailed
from ferray.events import EpochReport, pooled


def print_trained(reports: Sequence[EpochReport], job: TrialJob, *, json: bool) -> None:
    """Write what was measured to stdout: `reports` are the epochs that count, one, or one of each fold.

    SweepFailed where no epoch counts, as no objective was finite.
    """
    if not reports:
        message = f"no epoch had a finite `{job.metric}`, and no weights are kept"
        raise SweepFailed(message, "try a smaller learning rate, such as `--set optimizer.lr=1e-4`")
    if json:
        print_json(_document(reports, job))
        return
    show(_sentence(reports))
    for checkpoint in checkpoints(job):
        show(f"checkpoint: {checkpoint}")


def is_trained(job: TrialJob) -> bool:
    """Whether the job's folder holds the end of its training, of every fold where it has folds."""
    return all(part.best.exists() and not part.last.exists() for part in _parts(job))


def checkpoints(job: TrialJob) -> list[str]:
    """The best.pt that the training has left, one for each fold."""
    return [str(part.best) for part in _parts(job) if part.best.exists()]


def _parts(job: TrialJob) -> list[TrialArtifacts]:
    config, own = job.trial_config(), TrialArtifacts.at(job.folder)
    return [own.fold(fold) for fold in range(config.num_folds)] if config.folds is not None else [own]


def _sentence(reports: Sequence[EpochReport]) -> str:
    from ferray.results.trial_intervals import measured_interval

    together, interval = pooled(reports), measured_interval(reports)
    folds = len(reports)
    subject = f"best epoch {together.epoch}" if folds == 1 else f"mean of {folds} folds, each at its best epoch"
    reach = f", 95 % {interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
    return (
        f"{subject}: validation accuracy {together.metrics['val/accuracy']:.3f} (n = {together.num_val}{reach}), "
        f"UAR {together.metrics['val/uar']:.3f}, macro-F1 {together.metrics['val/macro_f1']:.3f}"
    )


def _document(reports: Sequence[EpochReport], job: TrialJob) -> dict[str, Any]:
    from ferray.results.trial_intervals import measured_interval

    together = pooled(reports)
    return {
        "best_epoch": together.epoch if len(reports) == 1 else None,
        "metrics": together.metrics,
        "num_val": together.num_val,
        "interval": measured_interval(reports),
        "classes": list(together.classes),
        "confusion": [list(row) for row in together.confusion],
        "folder": job.folder,
        "checkpoints": checkpoints(job),
        "folds": [_fold(report) for report in reports] if len(reports) > 1 else [],
    }


def _fold(report: EpochReport) -> dict[str, Any]:
    return {
        "fold": report.fold,
        "best_epoch": report.epoch - report.fold * (report.epochs // report.folds),
        "metrics": report.metrics,
        "num_train": report.num_train,
        "num_val": report.num_val,
    }
