"""Any tree of class folders."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.file_listing import list_samples
from ferray.data.images import read_image, read_original
from ferray.data.samples import Sample, SampleList
from ferray.data.scan import Rules, scan
from ferray.errors import DataError


def _below_the_root(path: str) -> str:
    if PurePath(path).is_absolute() or ".." in PurePath(path).parts:
        raise ValueError(f"`{path}` is not a path below the data root")
    return path


class ImageFolder(Dataset):
    """Your own images: `<split>/<class>/`, or one level of class folders that ferray splits; any number of classes.

    Splits are called train, val (or valid, validation, dev) and test, in any case; classes are the folder names in
    order of name, and each has images. One level of classes has no official parts: `official` carves `val_fraction` and
    `test_fraction` out of it.
    """

    class Params(DatasetParams):
        path: Annotated[str, AfterValidator(_below_the_root)] = "."  # relative to the data root

    params: Params
    expected_layout = "train/<class>/*.png\nval/<class>/*.png\ntest/<class>/*.png\n<class>/*.png"

    def samples(self) -> SampleList:
        found = scan(self._folder, self.root, Rules())
        if found is None:
            raise self.not_found()
        classes = tuple(sorted({file.class_name for file in found.files}))
        if len(classes) < 2:
            raise DataError(
                f"`{self._folder}` holds images of one class alone, `{classes[0]}`", "make one folder a class"
            )
        labels = {name: label for label, name in enumerate(classes)}
        return list_samples(
            found.files,
            self,
            classes=classes,
            label_of=lambda file: labels[file.class_name],
            account=found.account,
        )

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return read_image(self.root / sample.source, size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        return read_original(self.root / sample.source)

    @property
    def _folder(self) -> Path:
        return self.root / self.params.path
