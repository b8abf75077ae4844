"""Words of every figure stay on the page and apart from each other, whatever the sweep looks like.

The boxes of the letters are measured from the SVG, by a second method than the one that laid them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from ferray.events import EpochReport, OutlierReport, RemovedSample
from ferray.results.class_counts import SplitCounts
from ferray.results.figures.album import Album
from ferray.results.figures.curves import draw_curves
from ferray.results.figures.draw import draw_sweep
from ferray.results.figures.outliers import draw_outliers
from ferray.results.figures.removed import Picture
from ferray.results.figures.style import WIDTH_IN
from ferray.results.groups import groups_of
from ferray.results.removals import Look, Removals
from ferray.study.records import FoldRecord, SweepRecord, TrialRecord
from ferray.testing.fake_arms import arms_record, arms_spec
from ferray.testing.fake_sweep import append_history
from ferray.testing.svg import canvas_of, outside, overlapping

SEVEN = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")
LONG_CLASSES = tuple(f"{name.lower()}_as_three_of_five_people_called_it_{number}" for number, name in enumerate(SEVEN))
LONG_ARM = (
    "resnet50-pretrained-on-imagenet-with-focal-loss-and-one-round-of-removal-at-epoch-six-and-light-augmentation"
)
IMAGE = np.full((8, 8, 3), 128, dtype=np.uint8)


@dataclass(frozen=True)
class Shape:
    """What a sweep may look like."""

    arms: tuple[str, ...] = ("plain", "bdr")
    classes: tuple[str, ...] = SEVEN
    seeds: int = 2
    epochs: int = 4
    folds: int = 0
    name: str = "sfew"
    scale: int = 1  # how many times as many images

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        size = len(self.classes)
        return tuple(
            tuple(self.scale * ((row * 7 + column * 3) % 9 + 20 * (row == column)) for column in range(size))
            for row in range(size)
        )

    def record(self) -> SweepRecord:
        spec = arms_spec(arms={arm: {} for arm in self.arms}, seeds=self.seeds, base={"epochs": self.epochs})
        record = arms_record(spec, dict.fromkeys(self.arms, (40,) * self.seeds))
        return replace(record, name=self.name, trials=tuple(map(self._trial, record.trials)))

    def _trial(self, trial: TrialRecord) -> TrialRecord:
        num_val = sum(map(sum, self.confusion))
        folds = tuple(
            FoldRecord(fold, 0.4 + fold / 100, self.epochs, 4 * num_val, num_val, trial.metrics, self.confusion)
            for fold in range(self.folds)
        )
        folder = f"trials/{trial.number:04d}"
        config = {**trial.config, "outliers": {"bdr": {"error": "ce"}}, "folds": {"k": self.folds} if folds else None}
        return replace(trial, classes=self.classes, confusion=self.confusion, folds=folds, folder=folder, config=config)

    def reports(self) -> Iterator[EpochReport]:
        for epoch in range(1, self.epochs + 1):
            share = epoch / (self.epochs + 1)
            metrics = {
                "train/loss": 2 - share,
                "val/loss": 2.1 - share,
                "train/accuracy": share,
                "val/accuracy": share / 2,
            }
            yield EpochReport(
                epoch=epoch,
                epochs=self.epochs,
                metrics=metrics,
                confusion=self.confusion,
                classes=self.classes,
                num_train=28_709 * self.scale,
                outliers=self.outliers(epoch),
            )

    def outliers(self, epoch: int) -> OutlierReport:
        last = len(self.classes) - 1
        removed = tuple(
            RemovedSample(
                number, f"{number}.png", number % last, last, 10.0 ** (epoch % 9), [True, False, None][number % 3]
            )
            for number in range(1 + epoch if epoch < 11 else 0)
        )
        return OutlierReport(
            epoch,
            variance=1 / epoch,
            num_kept=28_000,
            bin_edges=(0.0, 1.0, 2.0, 3.0),
            histogram=(20_000, 8_000, 700),
            histogram_after=(20_000, 8_000, 9),
            removed=removed,
        )

    def removals(self) -> Removals:
        looks = tuple(Look(epoch, 0, self.outliers(epoch)) for epoch in range(1, self.epochs + 1))
        params = {"error": "ce", "start": "variance", "start_variance": 0.5, "halt_variance": 0.01}
        return Removals(123, "trimmed_loss", params, self.classes, {0: 28_709}, looks)


SHAPES = {
    "one trial of one epoch": Shape(arms=("plain",), seeds=1, epochs=1),
    "long names everywhere": Shape(arms=(LONG_ARM, f"{LONG_ARM}-2"), classes=LONG_CLASSES, name="a-long-name-" * 15),
    "one long word as the name": Shape(arms=("plain",), name="x" * 150),
    "twenty classes of millions": Shape(
        arms=("plain",), classes=tuple(f"compound-{number}" for number in range(20)), seeds=1, scale=40_000
    ),
    "sixty long classes": Shape(
        arms=("plain",), classes=tuple(f"{number}-{'x' * 60}" for number in range(60)), seeds=1, epochs=2
    ),
    "nine arms": Shape(arms=tuple(f"arm{number}" for number in range(9)), classes=SEVEN[:3], epochs=2, seeds=9),
    "many epochs": Shape(epochs=1200, classes=SEVEN[:3]),
    "five folds": Shape(folds=5),
    "other alphabets": Shape(classes=("怒り", "Überraschung", "Грусть", "χαρά", "سعيد", "a $b$ c_d^2", "_x")),
}


@pytest.fixture(scope="module", params=SHAPES.values(), ids=SHAPES)
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The SVG files of everything there is to draw of a sweep of this shape."""
    shape: Shape = request.param
    folder, record = tmp_path_factory.mktemp("sweep"), shape.record()
    for trial in record.trials:
        for report in shape.reports():
            append_history(folder / trial.folder, report)
    counts = {
        "plain": SplitCounts(
            shape.classes, {split: (shape.scale * 987,) * len(shape.classes) for split in ("train", "val", "test")}
        )
    }
    groups = groups_of(record)
    files = draw_sweep(folder / "figures", record, folder, groups=groups, counts=counts).files
    removals = shape.removals()
    pictures = [Picture(gone, IMAGE) for gone in removals.removed]
    album = Album(folder / "outliers", shape.name)
    draw_outliers(album, removals, pictures, shape.name)
    return [path for path in (*files, *album.files) if path.suffix == ".svg"]


def test_no_word_leaves_the_canvas(drawn: Sequence[Path]) -> None:
    assert {path.name: found for path in drawn if (found := outside(path))} == {}


def test_no_word_lies_over_another(drawn: Sequence[Path]) -> None:
    assert {path.name: found for path in drawn if (found := overlapping(path))} == {}


def test_a_figure_is_as_wide_as_a_page(drawn: Sequence[Path]) -> None:
    widths = {path.name: round(canvas_of(path)[0] / 72, 2) for path in drawn}
    wide = {name for name in widths if "confusion" in name}  # beyond some forty classes a matrix needs more
    assert {
        name: width for name, width in widths.items() if name not in wide and not math.isclose(width, WIDTH_IN)
    } == {}


def test_forty_trials_take_ten_pages_that_can_be_read(tmp_path: Path) -> None:
    shape = Shape(arms=tuple(f"arm{number}" for number in range(40)), classes=("no", "yes"), seeds=1)
    groups = groups_of(shape.record(), range(40))
    album = Album(tmp_path, "forty")
    draw_curves(album, "forty", groups, {group.name: [list(shape.reports())] for group in groups})
    pages = [path for path in album.files if path.suffix == ".svg"]
    assert (len(pages), [path.name for path in pages if outside(path) or overlapping(path)]) == (10, [])
