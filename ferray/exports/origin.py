"""Where an exported model comes from, and what was measured of it. C = classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ferray.results.held_out import HeldOut
from ferray.stats.clusters import Clusters
from ferray.stats.estimates import METHODS, METRIC_NAMES, METRICS, of_confusion


@dataclass(frozen=True)
class Origin:
    """A trial of a sweep, which was the best of `num_complete` by `metric` on the validation split, or chosen by hand.

    `held_out` is what it scored on the test split, None where that was not read for it.
    """

    sweep: str
    trial: int
    recipe: str
    metric: str
    num_complete: int
    is_best: bool
    held_out: HeldOut | None = None


@dataclass(frozen=True)
class Measured:
    """The scores of one split: `confusion` (C, C) has the truth in its rows."""

    split: str
    classes: tuple[str, ...]
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    clusters: Clusters | None = None

    @property
    def n(self) -> int:
        """Images that were judged."""
        return sum(map(sum, self.confusion))

    def to_json(self) -> dict[str, Any]:
        """Each score with its 95 % interval and how that was made, and each class with its recall."""
        estimates = {
            metric: of_confusion(metric, self.metrics[f"{self.split}/{metric}"], self.confusion, self.clusters)
            for metric in METRICS
        }
        return {
            "n": self.n,
            "scores": {metric: estimate.to_json() for metric, estimate in estimates.items()},
            "recalls": {
                name: {"right": row[place], "n": sum(row)}
                for place, (name, row) in enumerate(zip(self.classes, self.confusion, strict=True))
            },
            "confusion": [list(row) for row in self.confusion],
        }


@dataclass(frozen=True)
class Checks:
    """What was asked of both the trial and its export, and by how much their logits differ at most.

    None: `onnx` where no such file was written, `timm` where timm does not build all of the network.
    """

    asked: str
    n: int
    safetensors: float
    onnx: float | None = None
    timm: float | None = None


def metrics_document(validation: Measured, test: Measured | None, checks: Checks) -> dict[str, Any]:
    """The content of metrics.json."""
    known = {
        estimate["method"] for part in (validation, test) if part for estimate in part.to_json()["scores"].values()
    }
    return {
        "format": 1,
        "validation": validation.to_json(),
        "test": test.to_json() if test else None,
        "checks": asdict(checks),
        "intervals": {method: METHODS[method] for method in sorted(known & set(METHODS))},
    }


def score_lines(measured: Measured) -> Sequence[str]:
    """Rows of a table in markdown: the score, its value, its 95 % interval and n."""
    rows = []
    for metric, estimate in measured.to_json()["scores"].items():
        interval = estimate["interval"]
        reach = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "unknown"
        rows.append(
            f"| {measured.split} | {METRIC_NAMES[metric]} | {estimate['value']:.3f} | {reach} | {measured.n:,} |"
        )
    return rows
