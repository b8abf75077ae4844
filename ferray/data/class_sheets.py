"""A contact sheet of each class: what trials are trained and judged on, to be looked at by a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ferray.data.contact_sheet import COLUMNS, Pixels, Tile, draw_sheet, evenly
from ferray.data.png import write_png
from ferray.data.same_pictures import same_pictures
from ferray.data.samples import PackedSamples, SampleList, SealedSplit, Splits

ROWS = 8
COPY = "copy"
MOST = COLUMNS * ROWS  # images on the sheet of a class


@dataclass(frozen=True)
class ShownImage:
    """One image of a split at its position in it, and what is remarkable about it."""

    split: str
    samples: PackedSamples | SealedSplit
    position: int
    flag: str

    def tile(self) -> Tile:
        image: Pixels = self.samples.picture(self.position)
        name = PurePosixPath(self.samples.names[self.position]).stem
        return Tile(image, (name, self.split, self.flag), is_flagged=bool(self.flag))


def write_class_sheets(folder: Path, listing: SampleList, splits: Splits) -> list[Path]:
    """`<class>.png` in the folder for each class, in the order of the classes; StorageError where it takes no writing.

    Images that are remarkable come first (copies, pictures under two labels), then an even choice of the others, 80 in
    all. A data set of numbers has no pictures and gets no sheet.
    """
    if not splits.train.images.size:
        return []
    label_of = {sample.sample_id: sample.label for sample in listing.samples}
    by_class: list[list[ShownImage]] = [[] for _ in splits.train.classes]
    for sample_id, shown in _images(splits, _flags(listing)):
        by_class[label_of[sample_id]].append(shown)
    paths = []
    for name, images in zip(splits.train.classes, by_class, strict=True):
        chosen = worth_a_look(images)
        counts = ", ".join(f"{sum(image.split == split for image in images):,} {split}" for split in _PARTS)
        title = f"{name}: {counts}; {len(chosen)} of {len(images):,} are shown"
        path = folder / f"{plain_name(name)}.png"
        write_png(path, draw_sheet([image.tile() for image in chosen], title))
        paths.append(path)
    return paths


def plain_name(name: str) -> str:
    """A class as a file may be called."""
    return re.sub(r"[^\w.+-]", "_", name).lstrip(".") or "_"


_PARTS = ("train", "val", "test")


def _images(splits: Splits, flags: dict[int, str]) -> Iterator[tuple[int, ShownImage]]:
    """Every image of the splits, each with its id."""
    parts: tuple[PackedSamples | SealedSplit, ...] = (splits.train, splits.val, splits.test)
    for split, samples in zip(_PARTS, parts, strict=True):
        for position, number in enumerate(samples.sample_ids.tolist()):
            yield number, ShownImage(split, samples, position, flags.get(number, ""))


def _flags(listing: SampleList) -> dict[int, str]:
    """A word by id on each sample that is the same picture as another one."""
    words: dict[int, str] = {}
    for samples in same_pictures(listing):
        for sample in samples:
            others = sorted({listing.classes[other.label] for other in samples if other.label != sample.label})
            words[sample.sample_id] = f"also {', '.join(others)}" if others else COPY
    return words


def worth_a_look(images: list[ShownImage]) -> list[ShownImage]:
    """Flagged images, at most half of a sheet of them where there are others, and an even choice of the rest."""
    flagged = [image for image in images if image.flag]
    plain = [image for image in images if not image.flag]
    flagged = evenly(sorted(flagged, key=lambda image: image.flag == COPY), max(MOST // 2, MOST - len(plain)))
    return [*flagged, *evenly(plain, MOST - len(flagged))]
