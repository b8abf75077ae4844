"""All pictures of a sweep at once: `ferray figures` and the end of a paper's sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ferray.artifacts.history import read_history
from ferray.artifacts.sweep import SweepArtifacts
from ferray.results.arms import seed_of
from ferray.results.class_counts import SplitCounts
from ferray.results.figures.album import Album
from ferray.results.figures.classes import draw_classes
from ferray.results.figures.confusion import draw_confusion
from ferray.results.figures.curves import draw_curves, draw_variance
from ferray.results.figures.outliers import draw_outliers
from ferray.results.figures.scored import Scored
from ferray.results.figures.scores import draw_folds, draw_recalls
from ferray.results.groups import Group, numbers_of
from ferray.results.measured import measured_on
from ferray.results.removals import read_removals
from ferray.stats.estimates import METRICS, Metric
from ferray.study.records import SweepRecord


def draw_sweep(
    to: Path,
    record: SweepRecord,
    folder: Path,
    *,
    groups: Sequence[Group],
    counts: Mapping[str, SplitCounts] = MappingProxyType({}),
) -> Album:
    """Draw into `to` whatever there is to draw of these groups of the sweep in `folder`; returns what was drawn.

    `counts` are the class counts of its data sets, each by a group that has it. Scores are those of the test split
    where it was judged for all trials, else of validation. DataError for a damaged history or `test.json`, ConfigError
    where `to` holds figures of something else.
    """
    album = Album(to, f"{record.name}, {_names(groups)}", sweep=folder)
    artifacts = SweepArtifacts.of(folder)
    histories = {group.name: [read_history(artifacts.trial(each.folder)) for each in group.trials] for group in groups}
    scored = _scored(record, folder, groups)
    draw_curves(album, record.name, groups, histories)
    draw_variance(album, record.name, groups, histories)
    _draw_counts(album, record.name, counts)
    _draw_removals(album, record, folder, groups)
    draw_confusion(album, record.name, scored)
    draw_recalls(album, record.name, scored)
    draw_folds(album, record.name, scored)
    return album


def folder_name(groups: Sequence[Group]) -> str:
    """Where figures of these groups lie below those of the sweep: "" for its arms, `trial-3`, `trials-3-7`."""
    numbers = numbers_of(groups)
    if not numbers:
        return ""
    joined = "-".join(map(str, numbers))
    if len(numbers) == 1:
        return f"trial-{joined}"
    return f"trials-{joined}" if len(joined) <= 40 else f"trials-{numbers[0]}-and-{len(numbers) - 1}-more"


def _names(groups: Sequence[Group]) -> str:
    """`trial 3`, `trials 3, 7`; `its arms` however many have a trial by now."""
    numbers = numbers_of(groups)
    return f"trial{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}" if numbers else "its arms"


def _draw_counts(album: Album, title: str, counts: Mapping[str, SplitCounts]) -> None:
    for number, (name, found) in enumerate(counts.items(), start=1):
        whole = title if len(counts) == 1 else f"{title}, {name}"
        draw_classes(album, whole, found, "classes" if number == 1 else f"classes_{number}")


def _draw_removals(album: Album, record: SweepRecord, folder: Path, groups: Sequence[Group]) -> None:
    """The errors before and after the removals of each group's first trial that removed something."""
    artifacts = SweepArtifacts.of(folder)
    for group in groups:
        removed = [trial for trial in group.trials if artifacts.trial(trial.folder).removed.exists()]
        for trial in removed[:1]:
            subject = f"{record.name}, trial {trial.number}"
            own = album if subject == album.subject else album.chapter(f"trial-{trial.number}", subject)
            draw_outliers(own, read_removals(folder, trial), [], record.name)


def _scored(record: SweepRecord, folder: Path, groups: Sequence[Group]) -> list[Scored]:
    metric = _metric(record)
    ended = [group for group in groups if all(trial.confusion for trial in group.trials)]
    trials = {group.name: {seed_of(trial): trial for trial in group.trials} for group in ended}
    on_test = {name: measured_on("test", metric, of_seeds, folder) for name, of_seeds in trials.items()}
    if on_test and None not in on_test.values():
        return [Scored(name, "test", found) for name, found in on_test.items() if found is not None]
    on_val = {name: measured_on("val", metric, of_seeds, folder) for name, of_seeds in trials.items()}
    return [Scored(name, "cv" if found.folds else "val", found) for name, found in on_val.items() if found is not None]


def _metric(record: SweepRecord) -> Metric:
    """The objective's, accuracy where that is the loss."""
    name = record.metric.removeprefix("val/")
    return next((metric for metric in METRICS if metric == name), "accuracy")
