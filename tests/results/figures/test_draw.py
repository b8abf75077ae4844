"""The pictures of a made-up sweep: that they are there, and that labels, units and n stand in them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.results.class_counts import SplitCounts
from ferray.results.figures.draw import draw_sweep
from ferray.results.groups import groups_of
from ferray.study.records import SweepRecord
from ferray.testing.fake_arms import CLASSES, arms_record, arms_spec, fold_record, hold_out
from ferray.testing.fake_sweep import TRIALS, append_history

COUNTS = {"plain": SplitCounts(CLASSES, {"train": (60, 40), "val": (50, 50)})}
RECORD = arms_record(arms_spec(), {"plain": (40, 44), "cleaned": (50, 48)})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every picture of two arms with two seeds; trial 0 removed samples in its second epoch."""
    folder = tmp_path_factory.mktemp("sweep")
    write_histories(folder, RECORD)
    (folder / RECORD.trials[0].folder / "removed.csv").touch()
    draw_sweep(folder / "figures", RECORD, folder, groups=groups_of(RECORD), counts=COUNTS)
    return folder / "figures"


def write_histories(folder: Path, record: SweepRecord) -> None:
    for trial in record.trials:
        for report in TRIALS[0].reports:
            outliers = report.outliers if trial.number == 0 else None
            append_history(folder / trial.folder, replace(report, outliers=outliers))


def words(path: Path) -> str:
    """All text of an SVG, in its order."""
    return " ".join(text for text in ElementTree.parse(path).getroot().itertext() if text.strip())


@pytest.mark.parametrize("stem", ["curves", "variance", "classes", "confusion", "recalls", "trial-0/outliers_errors"])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_every_picture_is_there_twice(drawn: Path, stem: str, kind: str) -> None:
    assert (drawn / f"{stem}.{kind}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("curves", ["epoch", "loss (nats)", "accuracy (%)", "plain, training", "cleaned, validation"]),
        ("variance", ["epoch", "variance of the cross-entropy (nats²)", "two, plain"]),
        ("classes", ["class", "images", "training (n = 100)", "Happy"]),
        ("confusion", ["true class", "predicted class", "42 %", "percent of the true class"]),
        ("recalls", ["recall (%)", "true class", "95 %"]),
    ],
)
def test_axes_are_labelled(drawn: Path, stem: str, labels: list[str]) -> None:
    found = words(drawn / f"{stem}.svg")
    assert [label for label in labels if label not in found] == []


@pytest.mark.parametrize(
    ("stem", "n"),
    [
        ("curves", "n = 100 training samples, 40 validation images"),
        ("variance", "n = 100 training samples"),
        ("classes", "n = 200"),
        ("confusion", "n = 100 validation images, 2 seeds"),
        ("recalls", "n = 100 validation images, 2 seeds"),
    ],
)
def test_n_stands_in_the_title(drawn: Path, stem: str, n: str) -> None:
    assert n in words(drawn / f"{stem}.svg")


def test_counts_of_a_matrix_are_summed_over_seeds(drawn: Path) -> None:
    # `plain`: 20 + 22 of 50 + 50 happy images right.
    assert re.search(r"\b42 %\s+42\b", words(drawn / "confusion.svg"))


def test_scores_are_those_of_the_test_split_where_all_were_judged(tmp_path: Path) -> None:
    for trial in RECORD.trials:
        hold_out(tmp_path, trial, right=30, n=60)
    draw_sweep(tmp_path, RECORD, tmp_path, groups=groups_of(RECORD))
    assert "n = 60 test images" in words(tmp_path / "recalls.svg")


def test_without_histories_there_are_no_curves(tmp_path: Path) -> None:
    files = draw_sweep(tmp_path, RECORD, tmp_path, groups=groups_of(RECORD)).files
    assert sorted(path.name for path in files) == ["confusion.png", "confusion.svg", "recalls.png", "recalls.svg"]


def test_folds_have_a_picture(tmp_path: Path) -> None:
    folds = tuple(fold_record(fold, right=right, n=100, num_train=200) for fold, right in enumerate((40, 50, 60)))
    trial = replace(RECORD.trials[0], folds=folds, config={**RECORD.trials[0].config, "folds": {"k": 3}})
    record = replace(RECORD, trials=(trial,))
    draw_sweep(tmp_path, record, tmp_path, groups=groups_of(record))
    found = words(tmp_path / "folds.svg")
    assert ("accuracy (%)" in found, "n = 300 validation images of all folds" in found) == (True, True)


def test_many_arms_take_several_pages(tmp_path: Path) -> None:
    names = [f"arm{number}" for number in range(6)]
    record = arms_record(arms_spec(arms={name: {} for name in names}), dict.fromkeys(names, (40,)))
    write_histories(tmp_path, record)
    files = draw_sweep(tmp_path, record, tmp_path, groups=groups_of(record)).files
    assert {path.stem for path in files} >= {"curves", "curves_2", "confusion", "confusion_2", "recalls_2"}


def test_counts_of_images_are_whole(tmp_path: Path) -> None:
    few = {"plain": SplitCounts(CLASSES, {"train": (3, 2), "val": (1, 1)})}
    draw_sweep(tmp_path / "figures", RECORD, tmp_path, groups=groups_of(RECORD), counts=few)
    assert "0.5" not in words(tmp_path / "figures" / "classes.svg")


def test_a_single_epoch_stands_at_a_whole_number(tmp_path: Path) -> None:
    for trial in RECORD.trials:
        append_history(tmp_path / trial.folder, replace(TRIALS[0].reports[0], outliers=None))
    draw_sweep(tmp_path / "figures", RECORD, tmp_path, groups=groups_of(RECORD))
    assert "0.9" not in words(tmp_path / "figures" / "curves.svg").split("epoch")[1]


def test_a_title_tells_counts_that_are_summed_over_seeds(drawn: Path) -> None:
    assert "the images, summed over seeds" in words(drawn / "confusion.svg")


def test_an_arm_that_has_a_trial_by_now_joins_the_earlier_set(tmp_path: Path) -> None:
    some = arms_record(arms_spec(), {"plain": (40, 44)})
    draw_sweep(tmp_path / "figures", some, tmp_path, groups=groups_of(some))
    again = draw_sweep(tmp_path / "figures", RECORD, tmp_path, groups=groups_of(RECORD))
    assert len(again.replaced) == len(again.files)
