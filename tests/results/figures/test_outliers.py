"""Words are read back from the SVG; how it looks was looked at."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ferray.results.figures.album import Album
from ferray.results.figures.outliers import draw_outliers
from ferray.results.figures.removed import Picture
from ferray.results.removals import Gone, Look, Removals
from ferray.testing.fake_sweep import CLASSES, outlier_report

LOOKS = tuple(Look(epoch, 0, outlier_report(epoch)) for epoch in (1, 2, 3))
REMOVALS = Removals(3, "bdr", {"error": "ce", "start": "epoch", "halt_variance": 0.01}, CLASSES, {0: 100}, LOOKS)
NOTHING = replace(REMOVALS, looks=LOOKS[:1])
IMAGE = np.full((8, 8, 3), 128, dtype=np.uint8)


def pictures(count: int) -> list[Picture]:
    gone = REMOVALS.removed[0]
    return [Picture(Gone(2, 0, gone.sample), IMAGE)] * count


def words(folder: Path, stem: str, removals: Removals = REMOVALS, shown: int = 2) -> str:
    draw(folder, removals, pictures(shown))
    return (folder / f"outliers_{stem}.svg").read_text()


def draw(folder: Path, removals: Removals, shown: list[Picture]) -> list[Path]:
    album = Album(folder, "sfew, trial 3")
    draw_outliers(album, removals, shown, "sfew")
    return album.files


def test_four_pictures_are_drawn_in_both_formats(tmp_path: Path) -> None:
    written = draw(tmp_path, REMOVALS, pictures(2))
    stems = [f"outliers_{name}" for name in ("variance", "errors", "classes", "removed")]
    assert [path.name for path in written] == [f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")]


def test_a_trial_that_removed_nothing_has_its_variance_alone(tmp_path: Path) -> None:
    written = draw(tmp_path, NOTHING, [])
    assert [path.name for path in written] == ["outliers_variance.png", "outliers_variance.svg"]


def test_variances_that_are_no_numbers_are_not_drawn(tmp_path: Path) -> None:
    unknown = Look(1, 0, replace(outlier_report(1), variance=math.nan))
    assert draw(tmp_path, replace(REMOVALS, looks=(unknown,)), []) == []


def test_the_variance_has_a_unit_and_n(tmp_path: Path) -> None:
    svg = words(tmp_path, "variance")
    assert re.search(r">variance of the</text>.*>cross-entropy \(nats²\)</text>", svg, re.DOTALL)
    assert "n = 100 training samples" in svg


def test_a_level_that_the_rule_looks_at_is_drawn(tmp_path: Path) -> None:
    assert "halt_variance 0.01" in words(tmp_path, "variance")


def test_a_start_variance_that_the_rule_does_not_look_at_is_not_drawn(tmp_path: Path) -> None:
    unused = replace(REMOVALS, params={**REMOVALS.params, "start_variance": 0.1})
    assert "start_variance" not in words(tmp_path, "variance", unused)


def test_folds_are_lines_of_their_own(tmp_path: Path) -> None:
    folded = replace(REMOVALS, num_train={0: 90, 1: 91}, looks=(*LOOKS, Look(4, 1, outlier_report(1))))
    svg = words(tmp_path, "variance", folded)
    assert all(text in svg for text in ("fold 0", "fold 1", "n = 90 to 91 training samples a fold"))


def test_the_histogram_says_how_many_were_there_before_and_after(tmp_path: Path) -> None:
    assert "epoch 2: n = 100 before, 98 after" in words(tmp_path, "errors")


def test_that_rounds_beyond_eight_are_not_shown_is_said(tmp_path: Path) -> None:
    many = replace(REMOVALS, looks=tuple(Look(epoch, 0, outlier_report(2)) for epoch in range(1, 11)))
    assert "the first 8 of 10 rounds" in words(tmp_path, "errors", many)


def test_known_wrong_labels_are_told_from_right_ones(tmp_path: Path) -> None:
    svg = words(tmp_path, "classes")
    assert "label known to be wrong" in svg
    assert "label known to be right" in svg


def test_a_picture_says_label_prediction_and_loss(tmp_path: Path) -> None:
    svg = words(tmp_path, "removed")
    assert "Happy → Sad" in svg
    assert "1.90" in svg


def test_a_sheet_shows_42_pictures_at_most(tmp_path: Path) -> None:
    many = replace(REMOVALS, looks=tuple(Look(epoch, 0, outlier_report(2)) for epoch in range(1, 31)))
    assert "42 of the 60 removed training samples" in words(tmp_path, "removed", many, shown=60)
