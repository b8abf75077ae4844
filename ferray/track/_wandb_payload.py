"""What a W&B run of ours contains, as plain Python: no wandb here, so that it can be tested without it."""

from __future__ import annotations

import hashlib
from typing import Any

from ferray.config.trial import COMPONENT_FIELDS
from ferray.events import EpochReport, OutcomeKind, OutlierReport, TrialEnded, TrialStarted

STATES = {kind: "finished" if kind is OutcomeKind.COMPLETED else str(kind) for kind in OutcomeKind}
REMOVED_COLUMNS = ["epoch", "sample_id", "name", "label", "predicted", "loss", "truly_mislabelled"]


def run_id(identity: str, number: int) -> str:
    """The id of a trial's run: the same whenever the same sweep goes on, and no other sweep's."""
    return hashlib.sha256(f"{identity}\n{number}".encode()).hexdigest()[:16]


def config_of(trial: TrialStarted) -> dict[str, Any]:
    """The trial's configuration, components as `{component: name, ...params}`, beside what was searched.

    Columns come out as `backbone.component`, `optimizer.lr`: one per question, whichever component answers it. Dots in
    keys are W&B's own separator, so searched names carry a slash: `searched.optimizer/lr`.
    """
    config = {key: _component(value) if key in COMPONENT_FIELDS else value for key, value in trial.config.items()}
    searched = {name.replace(".", "/"): value for name, value in trial.params.items()}
    return {**config, "searched": searched, "trial": trial.number, "recipe": trial.recipe}


def _component(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((name, params),) = value.items()
        return {"component": name, **(params or {})}
    return {"component": value}


def epoch_row(report: EpochReport) -> dict[str, float]:
    """One row of history without its media: the metrics, `epoch`, and what an outlier rule saw."""
    row = {**report.metrics, "epoch": report.epoch}
    if report.outliers is not None:
        row["outliers/variance"] = report.outliers.variance
        row["outliers/num_kept"] = report.outliers.num_kept
        row["outliers/num_removed"] = len(report.outliers.removed)
        known = {"outliers/precision": report.outliers.precision, "outliers/recall": report.outliers.recall}
        row.update({name: value for name, value in known.items() if value is not None and report.outliers.removed})
    return row


def histograms(outliers: OutlierReport | None) -> dict[str, tuple[tuple[int, ...], tuple[float, ...]]]:
    """Counts and bin edges of the losses before a removal and, where there was one, after it."""
    if outliers is None:
        return {}
    named = {"outliers/loss_before": outliers.histogram, "outliers/loss_after": outliers.histogram_after}
    return {name: (counts, outliers.bin_edges) for name, counts in named.items() if counts}


def removed_rows(report: EpochReport) -> list[list[Any]]:
    """The samples a rule dropped in this epoch, parallel to REMOVED_COLUMNS, labels by name."""
    if report.outliers is None:
        return []
    return [
        [
            report.epoch,
            sample.sample_id,
            sample.name,
            report.classes[sample.label],
            report.classes[sample.predicted],
            sample.loss,
            sample.truly_mislabelled,
        ]
        for sample in report.outliers.removed
    ]


def confusion_rows(report: EpochReport) -> list[list[Any]]:
    """Truth, prediction and count of every cell of the confusion matrix."""
    named = zip(report.classes, report.confusion, strict=True)
    return [[truth, guess, count] for truth, row in named for guess, count in zip(report.classes, row, strict=True)]


def summary_of(trial: TrialEnded) -> dict[str, Any]:
    """Flat values to sort runs by: `state`, and the best epoch's figures as `best/...`."""
    summary: dict[str, Any] = {"state": STATES[trial.outcome.kind]}
    if trial.value is not None:
        summary["best/value"] = trial.value
    if trial.best is not None:
        summary |= {f"best/{name}": value for name, value in trial.best.metrics.items()}
        summary["best/epoch"] = trial.best.epoch
    if trial.outcome.message:
        summary["message"] = trial.outcome.message
    return summary
