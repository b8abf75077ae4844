"""The fourteen operations of `ferray.augment._operations` over a batch, within rounding of Pillow's.

Letters as in `ferray.augment._batched`; L = levels of a channel, 0 to 255.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ferray.augment._batched import Act, Step, sampled, sources, step

_GREY = 128
_Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]


def operation_steps(named: dict[int, tuple[str, float]], side: int) -> list[Step]:
    """One operation for each image of the batch, by its place: what it is called, and its amount.

    Those that move pixels go together, so that a batch is sampled once for all of them.
    """
    steps = []
    moved = [place for place, (name, _) in named.items() if name in _MATRICES]
    if moved:
        matrices = [_between_centres(_MATRICES[name](amount, side)) for name, amount in map(named.__getitem__, moved)]
        steps.append(step(_moved, moved, matrices))
    for name, (act, number) in _ACTS.items():
        chosen = [place for place, (other, _) in named.items() if other == name]
        if chosen:
            steps.append(step(act, chosen, [float(number(named[place][1])) for place in chosen]))
    return steps


def _moved(images: Tensor, matrices_K23: Tensor) -> Tensor:
    """Grey comes in from outside; the outer half of the border's pixels still belongs to the image, as for Pillow."""
    sources_KHW2 = sources(images, matrices_K23)
    columns, rows = sources_KHW2.unbind(3)
    in_columns = (columns >= -0.5) & (columns < images.shape[3] - 0.5)
    from_image = in_columns & (rows >= -0.5) & (rows < images.shape[2] - 0.5)
    return torch.where(from_image.unsqueeze(1), (sampled(images, sources_KHW2, "border") + 0.5).floor(), _GREY)


def _between_centres(matrix: _Matrix) -> _Matrix:
    """For pixels that are counted from the centre of the first one, where Pillow counts from its corner."""
    (a, b, c), (d, e, f) = matrix
    return (a, b, c + (a + b - 1) / 2), (d, e, f + (d + e - 1) / 2)


def _rotation(degrees: float, side: int) -> _Matrix:
    cos, sin, half = math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), side / 2
    return (cos, -sin, half * (1 - cos + sin)), (sin, cos, half * (1 - sin - cos))


def _blended(images: Tensor, other: Tensor, amounts_K: Tensor) -> Tensor:
    """Away from another image for amounts above 0, towards it below."""
    return (other + (1 + _for_each(amounts_K)) * (images - other)).clamp(0, 255).floor()


def _for_each(numbers_K: Tensor) -> Tensor:
    return numbers_K.view(-1, 1, 1, 1)


def _luminance(images: Tensor) -> Tensor:
    """Pillow's `L` (K, 1, H, W), by its own whole numbers."""
    red, green, blue = images.unbind(1)
    return ((red * 19595 + green * 38470 + blue * 7471 + 32768) / 65536).floor().unsqueeze(1)


def _brightened(images: Tensor, amounts_K: Tensor) -> Tensor:
    return _blended(images, torch.zeros_like(images), amounts_K)


def _coloured(images: Tensor, amounts_K: Tensor) -> Tensor:
    return _blended(images, _luminance(images), amounts_K)


def _contrasted(images: Tensor, amounts_K: Tensor) -> Tensor:
    return _blended(images, (_luminance(images).mean((1, 2, 3), keepdim=True) + 0.5).floor(), amounts_K)


def _sharpened(images: Tensor, amounts_K: Tensor) -> Tensor:
    """Away from a smoothed image, whose border is not smoothed."""
    smooth = images.clone()
    inner = images[:, :, 1:-1, 1:-1]
    smooth[:, :, 1:-1, 1:-1] = ((F.avg_pool2d(images, 3, 1) * 9 + 4 * inner) / 13).round()
    return _blended(images, smooth, amounts_K)


def _posterized(images: Tensor, sizes_K: Tensor) -> Tensor:
    """Whole multiples of a step's size."""
    sizes = _for_each(sizes_K)
    return (images / sizes).floor() * sizes


def _solarized(images: Tensor, thresholds_K: Tensor) -> Tensor:
    return torch.where(images < _for_each(thresholds_K), images, 255 - images)


def _stretched(images: Tensor, _: Tensor) -> Tensor:
    """Each channel from black to white; one of a single level stays."""
    least, most = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    spread = most - least
    return torch.where(spread > 0, ((images - least) * 255 / spread.clamp(min=1)).floor(), images)


def _equalized(images: Tensor, _: Tensor) -> Tensor:
    """Each channel by the share of its pixels that are darker; one of so few pixels in a step stays."""
    levels = images.flatten(2).long().flatten(0, 1)  # a row for each image and channel
    counts_L = torch.zeros(len(levels), 256, device=images.device, dtype=torch.int64)
    counts_L.scatter_add_(1, levels, torch.ones_like(levels))
    of_lightest = counts_L.gather(1, levels.amax(1, keepdim=True))
    sizes = (levels.shape[1] - of_lightest) // 255
    darker_L = counts_L.cumsum(1) - counts_L
    table_L = ((sizes // 2 + darker_L) // sizes.clamp(min=1)).clamp(max=255)
    mapped = torch.where(sizes > 0, table_L.gather(1, levels), levels)
    return mapped.view(images.shape).to(images.dtype)


def _as_it_is(amount: float) -> float:
    return amount


_MATRICES: dict[str, Callable[[float, int], _Matrix]] = {
    "shear_x": lambda by, _: ((1, by, 0), (0, 1, 0)),
    "shear_y": lambda by, _: ((1, 0, 0), (by, 1, 0)),
    "translate_x": lambda by, _: ((1, 0, -int(by)), (0, 1, 0)),
    "translate_y": lambda by, _: ((1, 0, 0), (0, 1, -int(by))),
    "rotate": _rotation,
}
_ACTS: dict[str, tuple[Act, Callable[[float], float]]] = {
    "brightness": (_brightened, _as_it_is),
    "color": (_coloured, _as_it_is),
    "contrast": (_contrasted, _as_it_is),
    "sharpness": (_sharpened, _as_it_is),
    "posterize": (_posterized, lambda bits: 2 ** round(bits)),
    "solarize": (_solarized, lambda amount: math.ceil(255 - amount)),
    "auto_contrast": (_stretched, _as_it_is),
    "equalize": (_equalized, _as_it_is),
}
NAMES: Sequence[str] = ("identity", *_MATRICES, *_ACTS)
