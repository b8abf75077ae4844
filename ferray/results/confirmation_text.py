"""A confirmation in words: what the finalists hold, and which of them cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from ferray.results.finalists import Finalist, Pair
from ferray.stats.estimates import METRIC_NAMES, Metric
from ferray.stats.intervals import Interval
from ferray.text.counting import counted


def sentence_of(
    rows: Sequence[Finalist], pairs: Sequence[Pair], metric: Metric, *, num_folds: int, absent: Sequence[str] = ()
) -> str:
    """What the first finalist reaches and which others it differs from; then what is missing, where trainings are.

    `num_folds` is 0 where a test split judged; of the finalists called `absent` no training completed.
    """
    if not rows:
        return "no finalist was judged"
    first = rows[0]
    value = f"{METRIC_NAMES[metric]} {first.mean:.3f}{reach(first.interval)}{_promised(first)}"
    verdicts = [_verdict(pair, first.name) for pair in pairs if first.name in (pair.first, pair.second)]
    sentence = "; ".join([f"{_on_what(first, num_folds)}, {first.name} has {value}", *verdicts])
    lost = [f"{row.num_lost} of {row.name}" for row in rows if row.num_lost]
    lost += [f"all of {name}" for name in absent]
    return f"{sentence}. Trainings that did not complete are in no mean: {', '.join(lost)}" if lost else sentence


def _promised(first: Finalist) -> str:
    """What the search had told of it, by the images and the training that it was chosen by."""
    return "" if first.validation is None else f" (chosen by {first.validation:.3f} on validation)"


def _on_what(first: Finalist, num_folds: int) -> str:
    seeds = counted(len(first.seeds), "fresh seed")
    if num_folds:
        return f"Over {first.n:,} images, each held out once in {num_folds} folds, and {seeds}"
    return f"On {counted(first.n, 'test image')} and over {seeds}"


def _verdict(pair: Pair, name: str) -> str:
    """What the pair says of the finalist of this name, which is one of the two."""
    if pair.second == name:
        pair = pair.turned()
    numbers = f"{pair.difference:+.3f}{reach(pair.interval)}"
    p = "" if pair.holm_p is None else f", p {p_text(pair.holm_p)}"
    than = "from" if pair.verdict == "not distinguishable" else "than"
    return f"it is {pair.verdict} {than} {pair.second} ({numbers}{p})"


def reach(interval: Interval | None) -> str:
    """` [0.389, 0.479]`, nothing where none is known."""
    return f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""


def p_text(p: float) -> str:
    """`= 0.012`, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
