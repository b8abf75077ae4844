"""A comparison in words and cells: percent with one digit, n and interval behind every number, methods by letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ferray.papers.compare import ClassRow, ComparedRow, Comparison
from ferray.papers.pairs import ArmPair, PrintedPair
from ferray.results.measured import Hits
from ferray.stats import differences, estimates
from ferray.stats.differences import Difference
from ferray.stats.estimates import METRIC_NAMES, Estimate
from ferray.stats.power import MOST_SEEDS, Spread

USUAL_SPREAD = 0.03  # the standard deviation over seeds that small sets of faces show


@dataclass(frozen=True)
class TextTable:
    """A title, headings, and rows of as many cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ComparisonText:
    """All that is printed: tables, then notes of one sentence each."""

    tables: tuple[TextTable, ...]
    notes: tuple[str, ...]


@dataclass
class _Letters:
    """A letter for each method in order of its first use."""

    used: dict[str, str] = field(default_factory=dict)

    def of(self, method: str) -> str:
        return self.used.setdefault(method, chr(ord("a") + len(self.used)))

    def notes(self) -> Iterator[str]:
        known = {**estimates.METHODS, **differences.METHODS}
        for method, letter in self.used.items():
            meaning = known.get(method) or known.get(method.removeprefix("paired "), "")
            yield f"({letter}) {method}: {meaning}" if meaning else f"({letter}) {method}"


@dataclass
class _Reasons:
    """A number for each reason that is too long for a cell, in order of its first use."""

    used: dict[str, int] = field(default_factory=dict)

    def of(self, word: str, reason: str) -> str:
        return f"{word} ({self.used.setdefault(reason, len(self.used) + 1)})"

    def notes(self) -> Iterator[str]:
        for reason, number in self.used.items():
            yield f"({number}) {reason}"


def text_of(comparison: Comparison) -> ComparisonText:
    """Tables and notes of a comparison."""
    letters, reasons = _Letters(), _Reasons()
    tables = [(_main_table if comparison.is_quoting else _arms_table)(comparison, letters, reasons)]
    if comparison.arm_pairs:
        tables.append(_pairs_table(comparison.arm_pairs, letters))
    if comparison.classes:
        tables.append(_class_table(comparison.classes, letters))
    early = [f"the test split was first {comparison.early}"] if comparison.early else []
    told = f"validation images chose who was confirmed, and flatter them. Confirmed: {comparison.confirmed}"
    confirmed = [told] if comparison.confirmed else []
    notes = [*_cut_note(comparison), *early, *confirmed, *map(printed_pair_line, comparison.printed_pairs)]
    legend = ["[low, high]: 95 % intervals, made by", *letters.notes()] if letters.used else []
    return ComparisonText(tuple(tables), (*reasons.notes(), *notes, *legend))


def _main_table(comparison: Comparison, letters: _Letters, reasons: _Reasons) -> TextTable:
    quick = ", a quick cut" if comparison.is_quick else ""
    return TextTable(
        f"{comparison.space}: published, and ours in the sweep {comparison.sweep}{quick}",
        ("row", "split", "published", "ours", "ours - published", "comparable"),
        tuple(_cells(row, comparison, letters, reasons) for row in comparison.rows),
    )


def _arms_table(comparison: Comparison, letters: _Letters, reasons: _Reasons) -> TextTable:
    """What each arm reaches, where no paper says anything."""
    quick = ", a quick cut" if comparison.is_quick else ""
    rows = tuple(
        (
            row.published.row,
            f"{row.published.measured_on} {METRIC_NAMES[row.published.metric]}",
            f"{estimate_text(row.ours, letters)}{_seeds_text(row.ours, comparison)}"
            if row.ours
            else _missing(row, reasons),
        )
        for row in comparison.rows
    )
    return TextTable(f"Arms of the sweep {comparison.sweep}{quick}", ("arm", "measured", "mean over seeds"), rows)


def _cells(row: ComparedRow, comparison: Comparison, letters: _Letters, reasons: _Reasons) -> tuple[str, ...]:
    published = row.published
    elsewhere = f", ours {published.measured_on}" if published.measured_on != published.split else ""
    metric = "" if published.metric == "accuracy" else f" ({METRIC_NAMES[published.metric]})"
    return (
        f"{published.row}{metric}",
        f"{published.split}{elsewhere}",
        estimate_text(row.theirs, letters) if row.theirs else "no number",
        f"{estimate_text(row.ours, letters)}{_seeds_text(row.ours, comparison)}"
        if row.ours
        else _missing(row, reasons),
        difference_text(row.difference, letters) if row.difference else "",
        _comparable(row, reasons),
    )


def _missing(row: ComparedRow, reasons: _Reasons) -> str:
    word, _, why = row.missing.partition(": ")
    return reasons.of(word, row.missing) if why else word


def _comparable(row: ComparedRow, reasons: _Reasons) -> str:
    if not row.why_not:
        return "yes" if row.is_comparable else "no"
    return reasons.of("no" if row.theirs else "", row.why_not).strip()


def estimate_text(estimate: Estimate, letters: _Letters) -> str:
    """`42.0 % [35.6, 48.7] (a), n = 216`; "no interval" and "n unknown" where that is so."""
    if estimate.interval is None:
        reach = "[no interval]"
    else:
        reach = f"[{_percent(estimate.interval[0])}, {_percent(estimate.interval[1])}] ({letters.of(estimate.method)})"
    n = "n unknown" if estimate.n is None else f"n = {estimate.n}"
    folds = f", {estimate.num_folds} folds" if estimate.num_folds else ""
    return f"{_percent(estimate.value)} % {reach}, {n}{folds}"


def _seeds_text(estimate: Estimate, comparison: Comparison) -> str:
    asked = comparison.asked_seeds
    of = f" of {asked}" if estimate.num_seeds < asked else ""
    return f", {estimate.num_seeds}{of} seed{'' if of == '' and estimate.num_seeds == 1 else 's'}"


def difference_text(gap: Difference, letters: _Letters) -> str:
    """`+1.3 [-5.2, +7.9] (b)` in points of percent."""
    if gap.interval is None:
        return f"{_points(gap.value)} [no interval]"
    low, high = gap.interval
    return f"{_points(gap.value)} [{_points(low)}, {_points(high)}] ({letters.of(gap.method)})"


def _pairs_table(pairs: Sequence[ArmPair], letters: _Letters) -> TextTable:
    rows = tuple(
        (
            f"{pair.second} - {pair.first}",
            f"{pair.split} {METRIC_NAMES[pair.measured.metric]}",
            difference_text(pair.difference, letters),
            f"{_num_pairs(pair)}, n = {pair.measured.n}",
            "" if pair.difference.p is None else f"p = {pair.difference.p:.3f}",
            _verdict(pair.difference),
        )
        for pair in pairs
    )
    columns = ("arms", "measured", "points", "pairs", "Wilcoxon", "")
    return TextTable("Arms of ours with the same seeds, paired", columns, rows)


def _num_pairs(pair: ArmPair) -> str:
    number = pair.difference.num_pairs
    return f"{number} {'fold' if pair.measured.folds else 'seed'}{'' if number == 1 else 's'}"


def _verdict(gap: Difference) -> str:
    if gap.interval is None:
        if gap.num_pairs < 2:
            return "too few pairs to say"
        return "all pairs differ alike" if gap.value else "no pair differs"
    return "beyond noise" if gap.is_beyond_noise else "inside the noise"


def _class_table(lines: Sequence[ClassRow], letters: _Letters) -> TextTable:
    rows = tuple(
        (
            line.row,
            line.name,
            f"{_hits(line.their_hits)} = {_share(line.theirs, letters)}",
            f"{_hits(line.our_hits)} = {_share(line.ours, letters)}" if line.our_hits and line.ours else "not run",
        )
        for line in lines
    )
    return TextTable("Right answers by class; ours are summed over seeds", ("row", "class", "published", "ours"), rows)


def _share(estimate: Estimate, letters: _Letters) -> str:
    if estimate.interval is None:
        return f"{_percent(estimate.value)} %"
    low, high = estimate.interval
    return f"{_percent(estimate.value)} % [{_percent(low)}, {_percent(high)}] ({letters.of(estimate.method)})"


def _hits(hits: Hits) -> str:
    return f"{hits[0]}/{hits[1]}"


def _cut_note(comparison: Comparison) -> Iterator[str]:
    if comparison.is_quick or comparison.cut:
        what = f": {'; '.join(comparison.cut)}" if comparison.cut else ""
        yield f"{comparison.sweep} is a cut of {comparison.space}, not a reproduction{what}"


def printed_pair_line(pair: PrintedPair) -> str:
    """Whether a difference that the paper prints is more than chance on so many images."""
    gap, first = pair.difference, pair.first
    verdict = "is inside the noise" if pair.test.is_noise else "is beyond the noise"
    assert gap.interval is not None
    line = (
        f"published: {first.row} to {pair.second.row}, {_points(gap.value)} points on {first.n} {first.split} images "
        f"{verdict}: z = {pair.test.z:.2f}, p {_p(pair.test.p)}, "
        f"95 % {_points(gap.interval[0])} to {_points(gap.interval[1])}"
    )
    if not pair.test.is_noise or not gap.value:
        return line
    num_seeds = Spread.of_recipes(USUAL_SPREAD).num_seeds(abs(gap.value)) or f"more than {MOST_SEEDS:,}"
    return f"{line}; at a spread of {100 * USUAL_SPREAD:.0f} points over seeds it takes about {num_seeds} seeds an arm"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _points(fraction: float) -> str:
    points = round(100 * fraction, 1)
    return f"{points:+.1f}" if points else "0.0"


def _p(p: float) -> str:
    return f"= {p:.2f}" if p >= 0.01 else "< 0.01"


def markdown(text: ComparisonText) -> str:
    """Tables of GitHub's Markdown, notes as a list."""
    lines: list[str] = []
    for table in text.tables:
        lines += [f"**{table.title}**", "", _markdown_row(table.columns), "|" + " --- |" * len(table.columns)]
        lines += [*map(_markdown_row, table.rows), ""]
    return "\n".join([*lines, *(f"- {note}" for note in text.notes)]) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"


def latex(text: ComparisonText) -> str:
    """Tables for the packages booktabs and tabularx, the notes below the last one."""
    tables = [_latex_table(table) for table in text.tables]
    notes = " \\\\\n".join(_latex_escaped(note) for note in text.notes)
    return "\n".join(tables) + (f"\n{{\\footnotesize\\noindent\n{notes}\n\\par}}\n" if notes else "\n")


def _latex_table(table: TextTable) -> str:
    body = [" & ".join(map(_latex_escaped, cells)) + r" \\" for cells in (table.columns, *table.rows)]
    widths = "X" * len(table.columns)
    return "\n".join(
        [
            r"\begin{table}",
            r"\footnotesize",
            rf"\caption{{{_latex_escaped(table.title)}}}",
            rf"\begin{{tabularx}}{{\linewidth}}{{{widths}}}",
            r"\toprule",
            body[0],
            r"\midrule",
            *body[1:],
            r"\bottomrule",
            r"\end{tabularx}",
            r"\end{table}",
        ]
    )


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "`": r"\textasciigrave{}",
    "|": r"\textbar{}",
}


def _latex_escaped(text: str) -> str:
    # An opening bracket right after a line's end would be read as its length, two hyphens as a dash.
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    return escaped.replace("[", "{[}").replace("]", "{]}").replace("--", "-{}-")
