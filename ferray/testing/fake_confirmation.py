"""A confirmation that never ran: two finalists and a baseline over three seeds, on 40 test images of `fake_sweep`."""

from __future__ import annotations

from ferray.results.confirmation import Confirmation
from ferray.results.finalists import Finalist, Pair
from ferray.study.records import Reading

EVALUATED = Reading("a1", "evaluate", "fake", (4,), when=1_700_000_000.0, num_ended=5, num_asked=7)
CONFIRMED = Reading("b2", "confirm", "fake-confirm", (0, 1, 2), when=1_700_090_000.0, num_ended=7, num_asked=7)


def fake_confirmation() -> Confirmation:
    """The second finalist cannot be told from the first, the baseline is worse."""
    rows = (
        _row("trial-4", 4, "1f3a9c2e", (0.75, 0.7, 0.8), 0.75),
        _row("trial-0", 0, "2f3a9c2e", (0.7, 0.7, 0.7), 0.5),
        _row("baseline", None, "3f3a9c2e", (0.5, 0.4, 0.45), None),
    )
    pairs = (
        Pair("trial-4", "trial-0", 3, 0.05, (-0.08, 0.18), 0.4, 0.4),
        Pair("trial-4", "baseline", 3, 0.3, (0.15, 0.45), 0.0004, 0.0012),
        Pair("trial-0", "baseline", 3, 0.25, (0.1, 0.4), 0.002, 0.004),
    )
    return Confirmation(
        sweep="fake",
        trainings="fake-confirm",
        metric="uar",
        split="test",
        seeds=(1000, 1001, 1002),
        classes=("Happy", "Sad"),
        rows=rows,
        pairs=pairs,
        readings=(EVALUATED, CONFIRMED),
        written=1_700_090_100.0,
        method="bootstrap over seeds and images",
    )


def _row(name: str, trial: int | None, recipe: str, values: tuple[float, ...], validation: float | None) -> Finalist:
    mean = sum(values) / len(values)
    interval = (round(mean - 0.1, 3), round(mean + 0.1, 3))
    return Finalist(name, trial, recipe, (1000, 1001, 1002), values, 40, mean, 0.05, interval, validation)
