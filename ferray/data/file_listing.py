"""From image files in class folders to the samples of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol

from ferray.data.account import Account
from ferray.data.files import shown
from ferray.data.fingerprint import FileDigest, digest_of_any
from ferray.data.layout import ImageFile
from ferray.data.sample_ids import SampleIds
from ferray.data.samples import Sample, SampleList
from ferray.emotions import Emotion
from ferray.errors import DataError

ANY_NAMES = "or keep the names: `dataset: {image_folder: {path: FOLDER}}` takes any, FOLDER from the data root on"


class Rooted(Protocol):
    """What a listing asks of its data set: the folder that names are below, and how contents are hashed."""

    @property
    def root(self) -> Path: ...

    @property
    def digest(self) -> FileDigest: ...


def list_samples(
    files: Iterable[ImageFile],
    dataset: Rooted,
    *,
    classes: tuple[str, ...],
    label_of: Callable[[ImageFile], int],
    group_of: Callable[[str], str] = lambda _: "",
    account: Account = Account(),
) -> SampleList:
    """The samples of these files, in the order of their path below the data set's root.

    A file's id is that of its part, class, name and content: moving or copying the whole set does not change it.
    """
    below_root = cache(lambda folder: folder.relative_to(dataset.root).as_posix())
    root = f"{dataset.root}/"
    ordered = sorted((f"{below_root(file.folder)}/{file.name}", file) for file in files)
    ids = SampleIds()
    samples, contents = [], []
    for path, file in ordered:
        label, content = label_of(file), digest_of_any(root + path, dataset.digest)
        number = ids.of(f"{file.part}/{classes[label]}/{file.name}", content)
        group = group_of(shown(file.name).rpartition(".")[0])
        samples.append(Sample(number, shown(path), label, file.part, source=path, group=group))
        contents.append(content)
    return SampleList(tuple(samples), classes, account=account, contents=tuple(contents))


def emotion_label(file: ImageFile) -> int:
    """The expression the class folder is called after; DataError with the folder otherwise."""
    try:
        return _label_called(file.class_name)
    except DataError as error:
        is_slip = error.hint.startswith("did you mean")
        hint = error.hint if is_slip else f"{error.hint}\n  {ANY_NAMES}"
        raise DataError(f"folder `{file.folder}`: {error.message}", hint) from error


@lru_cache(256)  # there are few names, and as many questions as files
def _label_called(name: str) -> int:
    return int(Emotion.parse(name))
