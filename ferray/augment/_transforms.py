"""What the policies that are lists of transforms are made of: transforms of albumentations, drawn apart from applied.

`draw` takes the numbers for one image, in the order in which the library takes them. On the host they are handed to the
library's own transform, past what its call adds for each image: checks, boxes, key points. On a device they are the
numbers of a batched operation of `ferray.augment._batched`. A test holds both to the library's calls.
N = images, H and W = pixels.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferray.system.late import late

if TYPE_CHECKING:
    import cv2

    from ferray.augment._batched import Step
else:
    cv2 = late("cv2")

Image = NDArray[np.uint8]  # (H, W, 3)


@dataclass
class Stream:
    """The two generators that all transforms of a batch draw from."""

    random: random.Random
    numpy: np.random.Generator

    @classmethod
    def of(cls, seed: int) -> Stream:
        return cls(random.Random(seed), np.random.default_rng(seed))


@dataclass(frozen=True, kw_only=True)
class Transform(ABC):
    """A change of an image that comes with a probability."""

    probability: float

    def chosen(self, stream: Stream, height: int, width: int) -> Any:
        """The numbers of one image; None for an image that stays as it is."""
        if self.probability <= 0 or (self.probability < 1 and stream.random.random() >= self.probability):
            return None
        return self.draw(stream, height, width)

    @abstractmethod
    def draw(self, stream: Stream, height: int, width: int) -> Any:
        """The numbers of an image that is changed."""

    @abstractmethod
    def of_library(self, library: Any) -> Any:
        """The transform of the `library`, which is albumentations, that does the same."""

    def arguments(self, image: Image, drawn: Any) -> dict[str, Any]:
        """What its `apply` wants beside the image."""
        return {}

    @abstractmethod
    def step(self, chosen: Sequence[int], drawn: Sequence[Any], height: int, width: int) -> Step:
        """The same for those images of a batch that were `chosen`, as one batched operation."""


@dataclass(frozen=True, kw_only=True)
class Mirror(Transform):
    """HorizontalFlip."""

    def draw(self, stream: Stream, height: int, width: int) -> bool:
        return True

    def of_library(self, library: Any) -> Any:
        return library.HorizontalFlip()

    def step(self, chosen: Sequence[int], drawn: Sequence[bool], height: int, width: int) -> Step:
        from ferray.augment import _batched

        return _batched.step(_batched.mirror, chosen)


@dataclass(frozen=True, kw_only=True)
class BrightnessContrast(Transform):
    """RandomBrightnessContrast: values times `contrast` about 1, plus `brightness` of white."""

    brightness: float
    contrast: float

    def draw(self, stream: Stream, height: int, width: int) -> tuple[float, float]:
        factor = 1.0 + stream.random.uniform(-self.contrast, self.contrast)
        return factor, stream.random.uniform(-self.brightness, self.brightness) * 255.0

    def of_library(self, library: Any) -> Any:
        return library.RandomBrightnessContrast()

    def arguments(self, image: Image, drawn: tuple[float, float]) -> dict[str, Any]:
        return {"alpha": drawn[0], "beta": drawn[1]}

    def step(self, chosen: Sequence[int], drawn: Sequence[tuple[float, float]], height: int, width: int) -> Step:
        from ferray.augment import _batched

        return _batched.step(_batched.levels, chosen, drawn)


@dataclass(frozen=True, kw_only=True)
class Affine(Transform):
    """Affine: turned by up to `degrees`, shifted by a share `shift` of the sides, enlarged or made smaller by `scale`.

    None is a change that is not drawn. `border` is OpenCV's, by which pixels outside are made up.
    """

    degrees: float
    shift: float | None = None
    scale: float | None = None
    border: int

    def draw(self, stream: Stream, height: int, width: int) -> NDArray[np.float64]:
        """The matrix (3, 3) that takes a pixel's place in the image to where it goes."""
        uniform = stream.random.uniform
        if self.shift is None:
            right, down = stream.random.randint(0, 0), stream.random.randint(0, 0)
        else:
            right, down = (int(uniform(-self.shift, self.shift) * side) for side in (width, height))
        uniform(0, 0), uniform(0, 0)  # shear, which is drawn too
        least, most = (1.0, 1.0) if self.scale is None else (1 - self.scale, 1 + self.scale)
        scale, _ = uniform(least, most), uniform(least, most)
        turn = np.deg2rad(uniform(-self.degrees, self.degrees) % 360)
        cos, sin = scale * np.cos(turn), scale * np.sin(turn)
        x, y = width / 2 - 0.5, height / 2 - 0.5
        about_centre = np.array([[cos, sin, right + x], [-sin, cos, down + y], [0, 0, 1]])
        matrix: NDArray[np.float64] = about_centre @ np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
        return matrix

    def of_library(self, library: Any) -> Any:
        return library.Affine(border_mode=self.border)

    def arguments(self, image: Image, drawn: NDArray[np.float64]) -> dict[str, Any]:
        return {"matrix": drawn, "output_shape": image.shape[:2]}

    def step(self, chosen: Sequence[int], drawn: Sequence[NDArray[np.float64]], height: int, width: int) -> Step:
        from ferray.augment import _batched

        act = _batched.warp_reflecting if self.border == cv2.BORDER_REFLECT_101 else _batched.warp_repeating
        return _batched.step(act, chosen, [np.linalg.inv(matrix)[:2] for matrix in drawn])


@dataclass(frozen=True, kw_only=True)
class Jpeg(Transform):
    """ImageCompression: through JPEG and back, of a quality between the two."""

    quality: tuple[int, int]

    def draw(self, stream: Stream, height: int, width: int) -> int:
        return stream.random.randint(*self.quality)

    def of_library(self, library: Any) -> Any:
        return library.ImageCompression()

    def arguments(self, image: Image, drawn: int) -> dict[str, Any]:
        return {"quality": drawn, "image_type": ".jpg"}

    def step(self, chosen: Sequence[int], drawn: Sequence[int], height: int, width: int) -> Step:
        from ferray.augment import _batched_jpeg

        return _batched_jpeg.jpeg_step(chosen, drawn)


@dataclass(frozen=True, kw_only=True)
class HueSaturation(Transform):
    """HueSaturationValue: up to so many steps either way of hue (180 a turn), saturation and value (255 is all)."""

    hue: float
    saturation: float
    value: float

    def draw(self, stream: Stream, height: int, width: int) -> tuple[float, int, int]:
        uniform = stream.random.uniform
        hue, saturation = uniform(-self.hue, self.hue), uniform(-self.saturation, self.saturation)
        return hue, int(saturation), int(uniform(-self.value, self.value))

    def of_library(self, library: Any) -> Any:
        return library.HueSaturationValue()

    def arguments(self, image: Image, drawn: tuple[float, int, int]) -> dict[str, Any]:
        hue, saturation, value = drawn
        return {"hue_shift": hue, "sat_shift": saturation, "val_shift": value}

    def step(self, chosen: Sequence[int], drawn: Sequence[tuple[float, int, int]], height: int, width: int) -> Step:
        from ferray.augment import _batched

        return _batched.step(_batched.hue_saturation, chosen, drawn)


@dataclass(frozen=True, kw_only=True)
class Noise(Transform):
    """GaussNoise, the same in all channels, of a standard deviation of up to `most`, white being 1."""

    most: float

    def draw(self, stream: Stream, height: int, width: int) -> tuple[float, int]:
        """The deviation, and a seed of the noise."""
        deviation = stream.random.uniform(0, self.most)
        stream.random.uniform(0, 0)  # the mean, which is drawn too
        return deviation, int(stream.numpy.integers(0, 2**16))

    def of_library(self, library: Any) -> Any:
        return library.GaussNoise()

    def arguments(self, image: Image, drawn: tuple[float, int]) -> dict[str, Any]:
        deviation, seed = drawn
        noise_HW = np.zeros(image.shape[:2])
        cv2.setRNGSeed(seed)  # of this thread
        cv2.randn(noise_HW, 0.0, float(np.float32(deviation)))
        return {"noise_map": np.broadcast_to(noise_HW.astype(np.float32)[..., None] * 255, image.shape)}

    def step(self, chosen: Sequence[int], drawn: Sequence[tuple[float, int]], height: int, width: int) -> Step:
        from ferray.augment import _batched

        deviations, seeds = zip(*drawn, strict=True)
        return _batched.noise_step(chosen, deviations, seed=seeds[0])


@dataclass(frozen=True, kw_only=True)
class Cutout(Transform):
    """CoarseDropout of one black square of so many pixels a side."""

    side: int

    def draw(self, stream: Stream, height: int, width: int) -> tuple[int, int, int, int]:
        """The square's rows and columns, from and up to."""
        stream.random.randint(1, 1)  # how many
        integers = stream.numpy.integers
        rows, columns = (integers(min(self.side, most), min(self.side, most) + 1, size=1) for most in (height, width))
        top, left = integers(0, height - rows + 1, size=1), integers(0, width - columns + 1, size=1)
        integers(0, 2**32 - 1)  # a seed that only random fillings use
        return int(top[0]), int(top[0] + rows[0]), int(left[0]), int(left[0] + columns[0])

    def of_library(self, library: Any) -> Any:
        return library.CoarseDropout()

    def arguments(self, image: Image, drawn: tuple[int, int, int, int]) -> dict[str, Any]:
        top, below, left, right = drawn
        return {"holes": np.array([[left, top, right, below]]), "seed": 0}

    def step(self, chosen: Sequence[int], drawn: Sequence[tuple[int, int, int, int]], height: int, width: int) -> Step:
        from ferray.augment import _batched

        return _batched.step(_batched.blackened, chosen, drawn)
