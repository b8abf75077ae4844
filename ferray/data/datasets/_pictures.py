"""What data sets share whose pictures are files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferray.data.datasets import Dataset
from ferray.data.images import read_original, resize
from ferray.data.samples import Sample


class PictureDataset(Dataset):
    """A data set whose samples are files: the source is the path below the data root, unless `original` reads more."""

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return resize(self.original(sample), size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        return read_original(self.root / sample.source)
