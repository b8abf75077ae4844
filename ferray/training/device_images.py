"""The images of a trial kept on its device, so that a batch is looked up there and none is copied.

N = images kept, B = images asked for, H and W = pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferray.data.samples import PackedSamples
from ferray.system.late import late
from ferray.training.gpu_share import free_bytes

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = late("torch")

LARGEST_SHARE = 0.25  # of the free memory of a device; the rest is the network's, and that of other trials
_CHUNK = 1024


class DeviceImages:
    """The images of some splits of one pack, `images` (N, H, W, 3) uint8 on the device.

    Which of them are the test split's is not known here: it is not among what a trial is given.
    """

    def __init__(self, splits: Sequence[PackedSamples], device: torch.device) -> None:
        pack = splits[0].images
        rows = np.unique(np.concatenate([samples.rows for samples in splits]))
        self.images = torch.empty((len(rows), *pack.shape[1:]), dtype=torch.uint8, device=device)
        for start in range(0, len(rows), _CHUNK):
            self.images[start : start + _CHUNK] = torch.from_numpy(pack[rows[start : start + _CHUNK]]).to(device)
        self._places = np.full(len(pack), -1, dtype=np.int64)
        self._places[rows] = np.arange(len(rows))

    def places_of(self, samples: PackedSamples, positions: NDArray[np.int64]) -> Tensor:
        """Where in `images` the samples (B,) at these positions of their split are, in host memory."""
        return torch.from_numpy(self._places[samples.rows[positions]])


def images_on(device: torch.device, splits: Sequence[PackedSamples]) -> DeviceImages | None:
    """Those of the splits on a GPU whose memory they fit into; None on a CPU, which reads the mapped pack itself."""
    if device.type != "cuda" or not fits(splits, free_bytes(device)):
        return None
    return DeviceImages(splits, device)


def fits(splits: Sequence[PackedSamples], free_bytes: int) -> bool:
    """Whether the images of the splits leave most of so much memory free; rows of features do not lie there."""
    size = sum(len(samples) for samples in splits) * int(np.prod(splits[0].images.shape[1:]))
    return splits[0].features is None and 0 < size <= LARGEST_SHARE * free_bytes
