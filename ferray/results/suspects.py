"""Samples whose labels are suspect: a csv that `--exclude` takes, and a contact sheet a class to look at first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.data.contact_sheet import THUMB, Tile, draw_sheet
from ferray.data.png import write_png
from ferray.errors import DataError
from ferray.files.os_errors import writing
from ferray.results.export import write_csv
from ferray.stats.intervals import Interval, wilson_interval

COLUMNS = ("rank", "sample_id", "name", "label", "suggested", "self_confidence", "truly_mislabelled")
MOST_ON_SHEET = 200
FAIR = 0.5  # below it the networks are wrong more often than right
Picture = Callable[[int, str, int], NDArray[np.uint8]]  # sample id, name and side in pixels to (side, side, 3)


@dataclass(frozen=True)
class Suspect:
    """A sample whose label is probably wrong; `self_confidence` is the probability that its label got, rank 1 least."""

    rank: int
    sample_id: int
    name: str
    label: int
    suggested: int
    self_confidence: float
    truly_mislabelled: bool | None = None  # known only where the data set records it (demo)


@dataclass(frozen=True)
class Findings:
    """Suspects in order of rank. `accuracy` is that of the out-of-fold predictions against the given labels,
    `most_frequent_fraction` what always guessing the most frequent label would have, `num_mislabelled` the wrong labels
    among all examined, None where nobody knows them.
    """

    classes: tuple[str, ...]
    num_examined: int
    accuracy: float
    most_frequent_fraction: float
    suspects: tuple[Suspect, ...]
    num_mislabelled: int | None = None

    @property
    def interval(self) -> Interval:
        """Wilson's of `accuracy`, for one network on so many samples."""
        return wilson_interval(round(self.accuracy * self.num_examined), self.num_examined)

    @property
    def caveat(self) -> str:
        """What stands against believing the suspects, "" where the networks know enough to contradict a label."""
        right = f"on images they never saw the networks are right in {self.accuracy:.0%}"
        if self.accuracy <= self.most_frequent_fraction:
            guessing = f"always guessing the most frequent class in {self.most_frequent_fraction:.0%}"
            return f"{right}, {guessing}: their suspects say little, train longer"
        if self.accuracy < FAIR:
            return f"{right}: a suspect may as well be their error as the label's, train longer or on more images"
        return ""

    @property
    def precision(self) -> float | None:
        """The share of suspects whose label is wrong; None where there are none or nobody knows."""
        known = self.num_mislabelled is not None and self.suspects
        return self._num_caught / len(self.suspects) if known else None

    @property
    def recall(self) -> float | None:
        """The share of wrong labels that are suspects; None where there are none or nobody knows."""
        return self._num_caught / self.num_mislabelled if self.num_mislabelled else None

    @property
    def _num_caught(self) -> int:
        return sum(bool(suspect.truly_mislabelled) for suspect in self.suspects)


def write_suspects(path: Path, findings: Findings) -> None:
    """Replace `path` by the suspects, one a line in order of rank; DataError where it cannot be written."""
    write_csv(path, COLUMNS, [_row(suspect, findings.classes) for suspect in findings.suspects])


def _row(suspect: Suspect, classes: Sequence[str]) -> tuple[object, ...]:
    known = "" if suspect.truly_mislabelled is None else str(suspect.truly_mislabelled).lower()
    label, suggested = classes[suspect.label], classes[suspect.suggested]
    confidence = f"{suspect.self_confidence:.6g}"
    return (suspect.rank, suspect.sample_id, suspect.name, label, suggested, confidence, known)


def draw_suspects(path: Path, findings: Findings, picture: Picture) -> list[Path]:
    """A sheet for each class that has suspects, beside the csv at `path`: `suspects-Happy.png`, the least sure first.

    A thick frame marks a label that is known to be wrong. DataError where the pictures cannot be had or written.
    """
    sheets = []
    for label, name in enumerate(findings.classes):
        sheet = path.with_name(f"{path.stem}-{name.replace('/', '_')}.png")
        of_class = [suspect for suspect in findings.suspects if suspect.label == label]
        if of_class:
            _draw_sheet(sheet, of_class, name, findings.classes, picture)
            sheets.append(sheet)
        else:
            sheet.unlink(missing_ok=True)  # of an earlier search
    return sheets


def _draw_sheet(sheet: Path, suspects: Sequence[Suspect], name: str, classes: Sequence[str], picture: Picture) -> None:
    shown = suspects[:MOST_ON_SHEET]
    cut = f", the {len(shown)} least sure" if len(shown) < len(suspects) else ""
    known = "; framed: known to be wrong" if any(suspect.truly_mislabelled for suspect in shown) else ""
    looks = "looks" if len(suspects) == 1 else "look"
    title = f"{len(suspects)} labelled {name} that {looks} like something else{cut}{known}"
    with writing(sheet, DataError, "choose another `--to`"):
        write_png(sheet, draw_sheet([_tile(suspect, classes, picture) for suspect in shown], title))


def _tile(suspect: Suspect, classes: Sequence[str], picture: Picture) -> Tile:
    caption = (suspect.name, f"{suspect.rank}: {classes[suspect.suggested]}?", f"p = {suspect.self_confidence:.2g}")
    return Tile(picture(suspect.sample_id, suspect.name, THUMB), caption, bool(suspect.truly_mislabelled))
