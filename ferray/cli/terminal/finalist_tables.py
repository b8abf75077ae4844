"""A confirmation as tables on stdout: finalists over their seeds, every pair of them, and a sentence."""

from __future__ import annotations

from ferray.cli.terminal.plain_table import print_line, print_table
from ferray.cli.terminal.tables import stdout_console
from ferray.results.blinding import reading_words
from ferray.results.confirmation import Confirmation
from ferray.results.confirmation_text import p_text, reach
from ferray.results.finalists import Finalist, Pair
from ferray.stats.estimates import METRIC_NAMES
from ferray.text.counting import counted


def print_confirmation(found: Confirmation) -> None:
    """The finalists, their pairs, the sentence, and how often the test split was read."""
    out, name = stdout_console(), METRIC_NAMES[found.metric]
    what = "the test split" if found.split == "test" else f"{found.num_folds} nested folds"
    print_line(out, f"{found.sweep}: {name} on {what}, trained in {found.trainings}", style="bold")
    columns = ("finalist", "recipe", "validation", "seeds", name, "sd", "95 %", "n")
    print_table(out, columns, [_row(row) for row in found.rows])
    if found.pairs:
        columns = ("first", "second", "seeds", "difference", "95 %", "p", "p (Holm)", "first is")
        print_table(out, columns, [_pair(pair) for pair in found.pairs])
    for line in (found.sentence, found.method, readings_line(found)):
        print_line(out, line)


def readings_line(found: Confirmation) -> str:
    """`the test split was read once: confirm of 9 trials on 2026-11-26`."""
    times = "once" if len(found.readings) == 1 else counted(len(found.readings), "time")
    what = "the test split was" if found.split == "test" else "what is held out was"
    return f"{what} read {times}: {'; '.join(map(reading_words, found.readings))}"


def _row(row: Finalist) -> tuple[str, ...]:
    validation = "-" if row.validation is None else f"{row.validation:.3f}"
    lost = f" ({row.num_lost} lost)" if row.num_lost else ""
    sd = "-" if row.sd is None else f"{row.sd:.3f}"
    return (
        row.name,
        row.recipe,
        validation,
        f"{len(row.seeds)}{lost}",
        f"{row.mean:.3f}",
        sd,
        reach(row.interval).strip() or "-",
        f"{row.n:,}",
    )


def _pair(pair: Pair) -> tuple[str, ...]:
    ps = ("-" if p is None else p_text(p).removeprefix("= ") for p in (pair.p, pair.holm_p))
    difference = f"{pair.difference:+.3f}"
    return (
        pair.first,
        pair.second,
        str(pair.seeds),
        difference,
        reach(pair.interval).strip() or "-",
        *ps,
        pair.verdict,
    )
