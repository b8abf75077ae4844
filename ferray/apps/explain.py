"""What a trial sees and what it gets wrong, for `ferray explain`: on its validation images, never on the test split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.apps.trial_job import trial_predictor
from ferray.artifacts.sweep import figures_folder
from ferray.config.runtime import Runtime
from ferray.data.class_sheets import plain_name
from ferray.data.contact_sheet import Tile, draw_sheet
from ferray.data.png import write_png
from ferray.data.samples import PackedSamples
from ferray.errors import DataError
from ferray.events import Listener
from ferray.files.atomic import write_text
from ferray.files.os_errors import writing
from ferray.results.explained import ConfusedPair, Judged
from ferray.stats.intervals import wilson_interval
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.counting import counted
from ferray.text.sanitize import csv_text
from ferray.training.predictor import Predictor

MOST_PAIRS = 5  # that are named and drawn
HEAT = 0.45  # weight of the heat over its image
_NO_MAPS = "note: no Grad-CAM, as the trial's network has no maps of an image; sheets show the images alone"


@dataclass(frozen=True)
class Explained:
    """One trial on its validation images; `pairs` are the most confused, `files` what was written."""

    sweep: str
    trial: int
    epoch: int
    val: PackedSamples
    judged: Judged
    pairs: list[ConfusedPair]
    files: list[Path]

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray explain --json`."""
        return {
            "sweep": self.sweep,
            "trial": self.trial,
            "epoch": self.epoch,
            "split": "val",
            "n": len(self.val),
            "pairs": [self._pair(pair) for pair in self.pairs],
            "classes": [self._class(label, name) for label, name in enumerate(self.val.classes)],
            "files": [str(file) for file in self.files],
        }

    def _pair(self, pair: ConfusedPair) -> dict[str, Any]:
        classes = self.val.classes
        called = {"label": classes[pair.label], "predicted": classes[pair.predicted]}
        return {**called, "count": pair.count, "n": pair.n, "share": pair.share, "interval": list(pair.interval)}

    def _class(self, label: int, name: str) -> dict[str, Any]:
        hits, n = self.judged.recall(label)
        highest = self.judged.highest_losses(label, 1).tolist()
        return {
            "class": name,
            "n": n,
            "recall": hits / n if n else None,
            "interval": list(wilson_interval(hits, n)),
            "highest_loss": [self._sample(position) for position in highest],
        }

    def _sample(self, position: int) -> dict[str, Any]:
        predicted = self.val.classes[self.judged.predicted[position]]
        loss = float(self.judged.losses[position])
        return {"name": self.val.names[position], "predicted": predicted, "loss": loss}


def explain_trial(
    record: SweepRecord,
    trial: TrialRecord,
    folder: Path,
    runtime: Runtime,
    *,
    to: Path | None,
    images: int,
    listener: Listener,
) -> Explained:
    """Ask a trial's best.pt about its validation images, and draw what stands out; at most `images` on a sheet.

    `folder` is the sweep's; without `to` the files lie in `figures/explained/` of the trial's. CheckpointError for a
    checkpoint that is gone, DataError for data that is missing or has other classes.
    """
    predictor, val = trial_predictor(trial, folder, runtime)
    listener.noted(f"trial {trial.number}: asked about {counted(len(val), 'validation image')}")
    judged = Judged.of(predictor(val).numpy(), val.labels)
    target = to or figures_folder(folder, trial.folder) / "explained"
    pairs = judged.pairs(MOST_PAIRS)
    sheets = _Sheets(target, f"trial {trial.number} of {record.name}", predictor, val, judged, images)
    files = [_write_table(target / "losses.csv", val, judged), *_draw(sheets, pairs, listener)]
    return Explained(record.name, trial.number, predictor.checkpoint.epoch, val, judged, pairs, files)


def _draw(sheets: _Sheets, pairs: list[ConfusedPair], listener: Listener) -> list[Path]:
    """The sheets that there is something to see on, those of an earlier call that are none of them gone."""
    if not sheets.val.images.size:
        listener.warned("note: a data set of numbers has no pictures to show")
        return []
    classes = sheets.val.classes
    files = [sheets.losses(label, name) for label, name in enumerate(classes) if (sheets.val.labels == label).any()]
    files += [sheets.pair(number, pair) for number, pair in enumerate(pairs, start=1)]
    for old in set(sheets.folder.glob("confused_[0-9].png")) - set(files):
        old.unlink(missing_ok=True)
    if not sheets.has_maps:
        listener.warned(_NO_MAPS)
    return files


@dataclass
class _Sheets:
    """Draws images of the split beside what spoke for the answer that they got."""

    folder: Path
    whose: str
    predictor: Predictor
    val: PackedSamples
    judged: Judged
    most: int
    has_maps: bool = True

    def losses(self, label: int, name: str) -> Path:
        hits, n = self.judged.recall(label)
        positions = self.judged.highest_losses(label, self.most)
        title = f"{name}: the {len(positions)} highest losses of {counted(n, 'validation image')}, {hits} recognised"
        return self._write(self.folder / f"losses_{plain_name(name)}.png", positions, title)

    def pair(self, number: int, pair: ConfusedPair) -> Path:
        positions = self.judged.confused(pair, self.most)
        taken = f"{self.val.classes[pair.label]} taken for {self.val.classes[pair.predicted]}"
        low, high = pair.interval
        title = f"{taken}: {pair.count} of {pair.n} ({pair.share:.0%}, 95 % {low:.0%} to {high:.0%})"
        return self._write(self.folder / f"confused_{number}.png", positions, title)

    def _write(self, path: Path, positions: NDArray[np.int64], title: str) -> Path:
        heats = self.predictor.grad_cam(self.val, positions, self.judged.predicted[positions])
        self.has_maps = heats is not None
        seen = "; beside each image the places that spoke for the answer (Grad-CAM)" if self.has_maps else ""
        tiles: list[Tile] = []
        for row, position in enumerate(positions.tolist()):
            image_HWC = self.val.picture(position)
            is_wrong = bool(self.judged.predicted[position] != self.judged.labels[position])
            tiles.append(Tile(image_HWC, self._caption(position), is_flagged=is_wrong))
            if heats is not None:
                tiles.append(Tile(heated(image_HWC, heats[row].numpy()), (f"for {self._answer(position)}",)))
        write_png(path, draw_sheet(tiles, f"{title}, {self.whose}{seen}"))
        return path

    def _caption(self, position: int) -> tuple[str, ...]:
        label, answer = self.val.classes[int(self.judged.labels[position])], self._answer(position)
        told = f"loss {self.judged.losses[position]:.2f}, p {self.judged.probability[position]:.2f}"
        return Path(self.val.names[position]).stem, answer_words(label, answer), told

    def _answer(self, position: int) -> str:
        return self.val.classes[int(self.judged.predicted[position])]


def answer_words(label: str, answer: str) -> str:
    """What became of an image, in words."""
    return "recognised" if answer == label else f"taken for {answer}"


def heated(image_HWC: NDArray[np.uint8], heat_HW: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The image under its heat in [0, 1], from dark to bright."""
    colours = cv2.applyColorMap((heat_HW * 255).round().astype(np.uint8), cv2.COLORMAP_INFERNO)
    over: NDArray[np.uint8] = cv2.addWeighted(
        image_HWC, 1 - HEAT, np.ascontiguousarray(cv2.cvtColor(colours, cv2.COLOR_BGR2RGB)), HEAT, 0
    )
    return over


def _write_table(path: Path, val: PackedSamples, judged: Judged) -> Path:
    """Every validation image with its label, its answer and its loss, the highest loss first."""
    rows: list[list[object]] = [["sample_id", "name", "label", "predicted", "loss", "probability"]]
    for position in np.argsort(-judged.losses, kind="stable").tolist():
        label, predicted = val.classes[judged.labels[position]], val.classes[judged.predicted[position]]
        figures = [f"{judged.losses[position]:.6g}", f"{judged.probability[position]:.6g}"]
        rows.append([int(val.sample_ids[position]), val.names[position], label, predicted, *figures])
    with writing(path, DataError, "free space, or pass `--to`"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, csv_text(rows))
    return path
