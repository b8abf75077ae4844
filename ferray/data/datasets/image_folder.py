"""Any tree of class folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator

from ferray.data.datasets import DatasetParams, below_the_root
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.file_listing import list_samples
from ferray.data.files import shown
from ferray.data.group_names import recognised
from ferray.data.layout import look_into
from ferray.data.samples import SampleList
from ferray.data.scan import Rules, scan
from ferray.errors import DataError
from ferray.text.counting import counted


class ImageFolder(PictureDataset):
    """Your own images: `<split>/<class>/`, or one level of class folders that ferray splits; any number of classes.

    Splits are called train, val (or valid, validation, dev) and test, in any case; classes are the folder names in
    order of name, and each has images. The person or film that groups an image is read from names as CK+, JAFFE and
    SFEW have them. One level of classes has no official parts: `official` carves `val_fraction` and
    `test_fraction` out of it.
    """

    class Params(DatasetParams):
        path: Annotated[str, AfterValidator(below_the_root)] = "."
        """The folder, below the data root."""

    params: Params
    expected_layout = "train/<class>/*.png\nval/<class>/*.png\ntest/<class>/*.png\n<class>/*.png"

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(part.lower() for part in PurePosixPath(self.params.path).parts[:1])

    @property
    def asked_path(self) -> str:
        return self.params.path

    def samples(self) -> SampleList:
        found = scan(self._folder, self.root, Rules())
        if found is None:
            self._refuse_pictures_alone()
            raise self.not_found()
        classes = tuple(sorted({file.class_name for file in found.files}))
        if len(classes) < 2:
            raise DataError(
                f"`{self._folder}` holds images of one class alone, `{classes[0]}`", "make one folder a class"
            )
        labels = {name: label for label, name in enumerate(classes)}
        names = recognised([shown(file.name).rpartition(".")[0] for file in found.files])
        return list_samples(
            found.files,
            self,
            classes=classes,
            label_of=lambda file: labels[file.class_name],
            group_of=names.group_of if names else lambda _: "",
            account=replace(found.account, groups=names.title if names else ""),
        )

    def _refuse_pictures_alone(self) -> None:
        """DataError where pictures lie in no class folder, as where their names or a table have the labels."""
        if pictures := look_into(self._folder).images:
            message = f"`{self._folder}` holds {counted(len(pictures), 'picture')} and no class folders"
            raise DataError(message, "make one folder a class, or read a table of paths and labels by `dataset=csv`")

    @property
    def _folder(self) -> Path:
        return self.root / self.params.path
