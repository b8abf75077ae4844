"""A paper's numbers beside ours: what `ferray compare` shows, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.place import QUICK, output_words
from ferray.config.published import PublishedRow
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.papers.pairs import ArmPair, PrintedPair, arm_pairs, printed_pairs
from ferray.results.arms import changes, trials_by_arm
from ferray.results.blinding import earliest_reading, standing_of
from ferray.results.confirmation import read_confirmation
from ferray.results.measured import Hits, Measured, measured_on
from ferray.stats.differences import Difference, difference
from ferray.stats.estimates import Estimate, of_folds, of_fraction
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.commands import command


@dataclass(frozen=True)
class ComparedRow:
    """A published row and ours. `missing` says why there is none of ours, and which command makes it."""

    published: PublishedRow
    theirs: Estimate | None
    ours: Estimate | None = None
    missing: str = ""
    is_cut: bool = False
    measured: Measured | None = None

    @property
    def difference(self) -> Difference | None:
        """Ours minus theirs."""
        return difference(self.ours, self.theirs) if self.ours and self.theirs else None

    @property
    def is_comparable(self) -> bool:
        return self.published.comparable and not self.is_cut

    @property
    def why_not(self) -> str:
        """What stands between the two numbers; "" where nothing does."""
        row = self.published
        reasons = [row.why] if row.why else []
        if self.is_cut:
            reasons.append("a cut, not a reproduction")
        return "; ".join(reasons)

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        row, gap = self.published, self.difference
        return {
            "row": row.row,
            "arm": row.arm,
            "metric": row.metric,
            "split": row.split,
            "measured_on": row.measured_on,
            "published": self.theirs.to_json() if self.theirs else None,
            "ours": self.ours.to_json() if self.ours else None,
            "missing": self.missing,
            "difference": gap.to_json() if gap else None,
            "comparable": self.is_comparable,
            "why": self.why_not,
        }


@dataclass(frozen=True)
class ClassRow:
    """One class of a row that prints hits by class; ours are summed over seeds."""

    row: str
    name: str
    their_hits: Hits
    theirs: Estimate
    our_hits: Hits | None = None
    ours: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {
            "row": self.row,
            "class": self.name,
            "published_hits": list(self.their_hits),
            "published": self.theirs.to_json(),
            "hits": list(self.our_hits) if self.our_hits else None,
            "ours": self.ours.to_json() if self.ours else None,
        }


@dataclass(frozen=True)
class Comparison:
    """Everything `ferray compare` prints. `cut` says in which keys the sweep differs from the space, if it does.

    `is_quoting` is whether a paper's numbers are there, `asked_seeds` how many seeds the space wants of every arm,
    `early` when the test split was read too early, `confirmed` what was found of those whom validation images chose.
    """

    space: str
    sweep: str
    rows: tuple[ComparedRow, ...]
    cut: tuple[str, ...] = ()
    is_quick: bool = False
    is_quoting: bool = True
    asked_seeds: int = 1
    early: str = ""
    confirmed: str = ""

    @cached_property
    def arm_pairs(self) -> tuple[ArmPair, ...]:
        """Each arm of ours against the first one measured alike."""
        rows = [(row.published, row.measured) for row in self.rows]
        return tuple(arm_pairs((str(row.arm), row.measured_on, found) for row, found in rows if found is not None))

    @cached_property
    def printed_pairs(self) -> tuple[PrintedPair, ...]:
        """Each comparable row of the paper against the first one measured alike."""
        return tuple(printed_pairs(row.published for row in self.rows))

    @cached_property
    def classes(self) -> tuple[ClassRow, ...]:
        """A line a class for each row that has hits by class."""
        return tuple(line for row in self.rows for line in _class_rows(row))

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray compare --json`."""
        return {
            "space": self.space,
            "sweep": self.sweep,
            "quick": self.is_quick,
            "test_split": self.early or None,
            "confirmed": self.confirmed or None,
            "cut": list(self.cut),
            "rows": [row.to_json() for row in self.rows],
            "arm_pairs": [pair.to_json() for pair in self.arm_pairs],
            "published_pairs": [pair.to_json() for pair in self.printed_pairs],
            "classes": [line.to_json() for line in self.classes],
        }


def compare(spec: SweepSpec, record: SweepRecord, folder: Path, *, space: str, is_quick: bool = False) -> Comparison:
    """Put the rows that `spec` quotes beside the trials of `record`, a sweep of it or of its quick cut.

    A space that quotes none and has arms has a row an arm, by the objective on the validation split. `folder` is the
    sweep's, for what its trials scored on the test split; `space` the name that commands call it by. ConfigError for a
    space without published rows and arms, DataError for a damaged `test.json` or confirmation.
    """
    published = spec.published or _arms_as_rows(spec)
    if not published:
        raise ConfigError(
            f"the space `{space}` quotes no published numbers, and has no `arms` with an accuracy or UAR to compare",
            f"`{command('list spaces')}` shows the papers",
        )
    arms = trials_by_arm(record)
    cuts = {arm: changes(spec, next(iter(trials.values()))) for arm, trials in arms.items()}
    bench = _Bench(spec, arms, record, folder, space, is_quick)
    artifacts = SweepArtifacts.of(folder)
    return Comparison(
        space,
        record.name,
        rows=tuple(_row(row, bench, is_cut=is_quick or bool(cuts.get(row.arm or ""))) for row in published),
        cut=tuple(dict.fromkeys(line for lines in cuts.values() for line in lines)),
        is_quick=is_quick,
        is_quoting=bool(spec.published),
        asked_seeds=spec.seeds or 1,
        early=earliest_reading((artifacts.trial(trial.folder) for trial in record.trials), standing_of(record, folder)),
        confirmed=_confirmed(folder),
    )


def _confirmed(folder: Path) -> str:
    found = read_confirmation(folder)
    return found.sentence if found else ""


@dataclass(frozen=True)
class _Bench:
    """What has been run, and what the rest is called."""

    spec: SweepSpec
    arms: dict[str, dict[int, TrialRecord]]
    record: SweepRecord
    folder: Path
    space: str
    is_quick: bool

    def why_missing(self, row: PublishedRow) -> str:
        """Why there is no number of ours for an arm, and the command that makes it."""
        if row.arm in self.arms:
            if row.measured_on != "test":
                return "run without folds"
            return f"not judged: `{self.record.command('evaluate --all')}`"
        if any(trial.params.get("arm") == row.arm and trial.state == "failed" for trial in self.record.trials):
            return f"failed: `{self.record.command('trials --failed')}`"
        quick = self.spec.quick if self.is_quick else None
        in_quick = quick is not None and (not quick.arms or row.arm in quick.arms)
        is_own = self.folder.name in (self.spec.name, f"{self.spec.name}{QUICK}") or self.is_quick is not in_quick
        named = [] if is_own else ["--name", self.folder.name]
        words = [*(["--quick"] if in_quick else []), *named, *output_words(self.folder.parent)]
        return f"not run: `{command('sweep', self.space, *words)}`"


def _arms_as_rows(spec: SweepSpec) -> tuple[PublishedRow, ...]:
    """A row an arm, where the objective is something that papers measure too; none for a loss."""
    split, _, metric = spec.objective.metric.partition("/")
    if split != "val" or metric not in get_args(PublishedRow.model_fields["metric"].annotation):
        return ()
    measured = {"metric": metric, "split": "cv" if spec.base.get("folds") else "val", "why": "no paper's"}
    return tuple(PublishedRow.model_validate({"row": arm, "arm": arm, **measured}) for arm in spec.arms)


def _row(row: PublishedRow, bench: _Bench, *, is_cut: bool) -> ComparedRow:
    compared = ComparedRow(row, _theirs(row), is_cut=is_cut and row.arm in bench.arms)
    if row.arm is None:
        return replace(compared, missing="quoted only")
    trials = bench.arms.get(row.arm)
    measured = measured_on(row.measured_on, row.metric, trials, bench.folder) if trials else None
    if measured is None:
        return replace(compared, missing=bench.why_missing(row))
    return replace(compared, ours=measured.estimate(), measured=measured)


def _theirs(row: PublishedRow) -> Estimate | None:
    if row.value is None:
        return None
    if row.folds:
        found = of_folds(row.folds, num_train=len(row.folds) - 1, num_val=1, n=row.n)
        return replace(found, value=row.value)
    return of_fraction(row.metric, row.value, row.n)


def _class_rows(row: ComparedRow) -> Iterator[ClassRow]:
    labels = {name.lower(): label for label, name in enumerate(row.measured.classes)} if row.measured else {}
    for name, (right, of) in row.published.hits.items():
        line = ClassRow(row.published.row, name, (right, of), of_fraction("accuracy", right / of, of))
        label = labels.get(name.lower())
        ours = row.measured.recall(label) if row.measured is not None and label is not None else None
        yield line if ours is None else replace(line, our_hits=ours[0], ours=ours[1])
