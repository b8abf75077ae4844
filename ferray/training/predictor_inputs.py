"""From what a user holds to what a predictor is asked about. N = samples, H and W = pixels, D = features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ferray.data.descriptor_cache import Describe
from ferray.data.images import read_rgb, resize, rgb_of
from ferray.errors import ConfigError

Picture = NDArray[np.uint8] | Tensor | Image.Image | str | Path
Given = Picture | Sequence[Picture] | NDArray[np.floating[Any]]
_GIVE = "give uint8 images (N, H, W, 3), or a list of such arrays, PIL images and paths"


class Samples(Protocol):
    """What is answered sample by sample: a split of a data set, or one of the classes below."""

    def __len__(self) -> int: ...

    def inputs_of(self, positions: NDArray[np.int64], /) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Images (B, H, W, 3) uint8, or rows (B, D) float32, a copy."""


@dataclass(frozen=True)
class Images:
    """Pictures of any size, each made square and read from disk when it is asked for, as data sets are packed."""

    pictures: Sequence[Picture]
    size: int

    @classmethod
    def of(cls, given: Given, size: int) -> Images:
        """One picture or several, to be `size` pixels a side; ConfigError for what is neither."""
        if isinstance(given, str | Path | Image.Image):
            return cls([given], size)
        if not isinstance(given, np.ndarray | Tensor):
            if not isinstance(given, Iterable) or isinstance(given, Mapping):
                raise ConfigError(f"the images are `{type(given).__name__}`", _GIVE)
            return cls(list(given), size)
        array = _array(given)
        if array.ndim not in (3, 4):
            raise ConfigError(f"the images are an array of shape `{array.shape}`", _GIVE)
        return cls(list(array if array.ndim == 4 else array[None]), size)

    def __len__(self) -> int:
        return len(self.pictures)

    def inputs_of(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(B, size, size, 3)."""
        return np.stack([resize(_rgb(self.pictures[position]), self.size) for position in positions])


@dataclass(frozen=True)
class Rows:
    """Rows of features (N, D), NaN for an empty cell."""

    table: NDArray[np.float32]

    @classmethod
    def of(cls, given: Given, width: int) -> Rows:
        """ConfigError for anything but rows of `width` numbers."""
        array = _array(given)
        if array.ndim != 2 or array.shape[1] != width or array.dtype.kind not in "fiu":
            found = f"the features are an array of shape `{array.shape}` and type `{array.dtype}`"
            raise ConfigError(found, f"give rows of `{width}` numbers, (N, {width})")
        return cls(array.astype(np.float32))

    def __len__(self) -> int:
        return len(self.table)

    def inputs_of(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """(B, D)."""
        return self.table[positions]


@dataclass(frozen=True)
class DescriptorRows:
    """The row of each image."""

    images: Samples
    describe: Describe

    def __len__(self) -> int:
        return len(self.images)

    def inputs_of(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """(B, D)."""
        return self.describe(self.images.inputs_of(positions).astype(np.uint8, copy=False))


def is_table(given: object) -> bool:
    """Whether what is given are rows of numbers already."""
    return isinstance(given, np.ndarray | Tensor) and given.ndim == 2


def _array(given: object) -> NDArray[Any]:
    return given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)


def _rgb(picture: Picture) -> NDArray[np.uint8]:
    if isinstance(picture, str | Path):
        return read_rgb(Path(picture))
    if isinstance(picture, Image.Image):
        return rgb_of(picture)
    array = _array(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ConfigError(f"an image is an array of shape `{array.shape}` and type `{array.dtype}`", _GIVE)
    return array
