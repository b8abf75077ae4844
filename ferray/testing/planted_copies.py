"""A folder of synthetic faces with copies planted in it, and the truth about them, to measure an audit by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ferray.audit.copies import CopyPair, groups_of
from ferray.audit.pictures import SIDE as COMPARED
from ferray.audit.pictures import Pictures, pictures_of
from ferray.config.trial import TrialConfig
from ferray.data.opened import open_dataset
from ferray.data.pack import open_splits
from ferray.emotions import Emotion
from ferray.synthetic.portrait import draw_portrait

Image = NDArray[np.uint8]
Draws = np.random.Generator
SIZE = 96  # pixels a side
JPEG_QUALITIES = (30, 90)
KEPT = (0.85, 0.98)  # of the side of a picture, in a crop


@dataclass(frozen=True)
class Plant:
    """A copy of one file, by their paths below the data root, and what was done to it."""

    original: str
    copy: str
    kind: str

    @property
    def names(self) -> frozenset[str]:
        """Both files."""
        return frozenset((self.original, self.copy))

    @property
    def is_leak(self) -> bool:
        """Whether they stand in two splits."""
        return self.original.split("/")[0] != self.copy.split("/")[0]

    @property
    def is_contested(self) -> bool:
        """Whether they stand under two labels."""
        return self.original.split("/")[1] != self.copy.split("/")[1]


def mirrored(image: Image, draws: Draws) -> Image:
    """Left and right exchanged."""
    del draws
    return np.ascontiguousarray(image[:, ::-1])


def brightened(image: Image, draws: Draws) -> Image:
    """Other contrast and brightness, cut off at black and white."""
    changed = image.astype(np.float64) * draws.uniform(0.7, 1.3) + draws.uniform(-30, 30)
    return np.clip(changed, 0, 255).astype(np.uint8)


def saved_again(image: Image, draws: Draws) -> Image:
    """Through JPEG, at any quality from 30 to 90."""
    quality = int(draws.integers(*JPEG_QUALITIES, endpoint=True))
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)


def cropped(image: Image, draws: Draws) -> Image:
    """A square part of it, anywhere."""
    side = round(draws.uniform(*KEPT) * len(image))
    top, left = (int(start) for start in draws.integers(0, len(image) - side, 2, endpoint=True))
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def identical(image: Image, draws: Draws) -> Image:
    """The same pixels, and in a PNG the same file."""
    del draws
    return image


KINDS: dict[str, Callable[[Image, Draws], Image]] = {
    change.__name__: change for change in (identical, mirrored, brightened, saved_again, cropped)
}


def write_planted(root: Path, *, num_plain: int, num_of_kind: int, seed: int = 0) -> list[Plant]:
    """`train`, `val` and `test` with seven classes of `num_plain` different faces, and copies of some of them.

    Of each kind there are `num_of_kind` copies: by turns in the same split and class, as a leak, and under another
    label.
    """
    draws = np.random.default_rng(seed)
    names = [f"{split}/{emotion.title}/" for split in ("train", "val", "test") for emotion in Emotion]
    plain: list[tuple[str, Image]] = []
    for number in range(num_plain):
        folder = names[number % len(names)]
        image = draw_portrait(Emotion.parse(folder.split("/")[1]), draws, SIZE)
        plain.append((f"{folder}{number:05d}.png", image))
        _write(root / plain[-1][0], image)
    plants = []
    for number, source in enumerate(draws.permutation(num_plain)[: num_of_kind * len(KINDS)].tolist()):
        kind = list(KINDS)[number % len(KINDS)]
        original, image = plain[source]
        plants.append(Plant(original, f"{_folder(original, number // len(KINDS))}copy{number:05d}.png", kind))
        _write(root / plants[-1].copy, KINDS[kind](image, draws))
    return plants


def pictures_in(root: Path, cache: Path) -> Pictures:
    """The pictures of the planted folder."""
    config = TrialConfig.model_validate({"dataset": "image_folder"})
    splits = open_splits(config.dataset, size=COMPARED, limit_per_class=None, data_root=root, cache_dir=cache)
    return pictures_of(splits, open_dataset(config.dataset, root, cache).listing)


def score(pictures: Pictures, pairs: Sequence[CopyPair], plants: Sequence[Plant]) -> dict[str, Any]:
    """Recall by kind and in all, precision, and the recall of leaks and of contested labels."""
    found = {frozenset((pictures.samples[pair.first].name, pictures.samples[pair.second].name)) for pair in pairs}
    caught = {plant for plant in plants if plant.names in found}
    kinds = {kind: [plant for plant in plants if plant.kind == kind] for kind in KINDS}
    return {
        "recall": len(caught) / len(plants),
        "precision": len(caught) / max(1, len(found)),
        "recall_of": {kind: sum(plant in caught for plant in of) / len(of) for kind, of in kinds.items()},
        "recall_of_leaks": _share([plant in caught for plant in plants if plant.is_leak]),
        "recall_of_contested": _share([plant in caught for plant in plants if plant.is_contested]),
        "groups": len(groups_of(pairs)),
    }


def _share(are_caught: Sequence[bool]) -> float:
    return sum(are_caught) / len(are_caught)


def _folder(original: str, turn: int) -> str:
    """Where the copy goes: beside its original, into another split, under another label."""
    split, label, _ = original.split("/")
    if turn % 3 == 1:
        split = {"train": "test", "val": "train", "test": "val"}[split]
    if turn % 3 == 2:
        label = Emotion((Emotion.parse(label) + 1) % len(Emotion)).title
    return f"{split}/{label}/"


def _write(path: Path, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
