"""Finding folders and images the way people leave them: any letter case, stray files, files of the desktop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ferray.data.files import shown
from ferray.data.samples import Sample, SampleList
from ferray.emotions import Emotion
from ferray.errors import DataError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
PREPARED = ".faces.jsonl"  # in a folder that `ferray data prepare` writes
REPORT = "report.json"  # there once all its pictures are cut
PART_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class ImageFile:
    """One image in a class folder, with the official part it came in."""

    folder: Path
    name: str
    part: str

    @property
    def class_name(self) -> str:
        """Name of the class folder, printable."""
        return shown(self.folder.name)

    @property
    def path(self) -> Path:
        """The whole path."""
        return self.folder / self.name


def folders_in(folder: Path) -> dict[str, Path]:
    """Subfolders by lower-case name, in order of name; hidden ones and `__MACOSX` left out, {} where nothing is."""
    return {path.name.lower(): path for path in subfolders(folder)}


def subfolders(folder: Path) -> list[Path]:
    """As `folders_in`, but each of several whose names differ in case alone."""
    return [path for path in _entries(folder) if path.is_dir() and not path.name.startswith((".", "__"))]


def files_in(folder: Path) -> dict[str, Path]:
    """Files by lower-case name, in order of name; hidden ones left out."""
    return {path.name.lower(): path for path in _entries(folder) if not path.name.startswith(".") and path.is_file()}


def images_in(folder: Path, part: str) -> list[ImageFile]:
    """Image files of one class folder, told by their suffix, in order of name."""
    names = [name for name in _names(folder) if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")]
    return [ImageFile(folder, name, part) for name in names]


def homes(root: Path, names: Iterable[str]) -> list[Path]:
    """Where a data set may live: folders of the root with one of these (lower-case) names, then the root itself."""
    found = folders_in(root)
    return [found[name] for name in names if name in found] + ([root] if root.is_dir() else [])


def class_images(folder: Path, part: str) -> list[ImageFile]:
    """Every image one class folder below `folder`; contact sheets that lie beside crops are no images."""
    classes = [class_folder for class_folder in subfolders(folder) if not (class_folder / PREPARED).exists()]
    return [image for class_folder in classes for image in images_in(class_folder, part)]


def number_samples(
    files: Iterable[ImageFile],
    root: Path,
    *,
    classes: tuple[str, ...],
    label_of: Callable[[ImageFile], int],
    group_of: Callable[[str], str] = lambda _: "",
) -> SampleList:
    """Samples numbered from 0 in the order of their path below the root, whatever order the files were found in."""
    below_root = cache(lambda folder: folder.relative_to(root).as_posix())
    ordered = sorted((f"{below_root(file.folder)}/{file.name}", file) for file in files)
    samples = [
        Sample(
            number,
            shown(path),
            label_of(file),
            file.part,
            source=path,
            group=group_of(shown(file.name).rpartition(".")[0]),
        )
        for number, (path, file) in enumerate(ordered)
    ]
    return SampleList(tuple(samples), classes)


def emotion_label(file: ImageFile) -> int:
    """The expression the class folder is called after; DataError with the folder otherwise."""
    try:
        return int(Emotion.parse(file.class_name))
    except DataError as error:
        raise DataError(f"folder `{file.folder}`: {error.message}", error.hint) from error


def is_emotion(name: str) -> bool:
    """Whether a folder's name is one of the seven expressions in any spelling."""
    try:
        Emotion.parse(name)
    except DataError:
        return False
    return True


def _entries(folder: Path) -> list[Path]:
    return [folder / name for name in _names(folder)]


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (a Path for each of 35,887 images takes seconds)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(
            f"folder `{folder}` cannot be read: {error.strerror or error}", "check who may read it"
        ) from error
