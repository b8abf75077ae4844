"""One folder at a time, the way people leave them: any letter case, stray files, files of the desktop."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ferray.data.files import shown
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.files.os_errors import reading

JPEGS = (".jpg", ".jpeg", ".jpe", ".jfif")
IMAGE_SUFFIXES = (".png", *JPEGS, ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
UNREAD_SUFFIXES = (".heic", ".heif", ".avif", ".jxl")  # pictures too, of formats that are not read
PREPARED = ".faces.jsonl"  # in a folder that `ferray data prepare` writes
REPORT = "report.json"  # there once all its pictures are cut
DESKTOP_FILES = ("thumbs.db", "desktop.ini")
PART_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "publictest": "val",
    "test": "test",
    "testing": "test",
    "privatetest": "test",
}
# Folders of a data root that belong to one data set, in lower case: no other set takes them for its own.
HOMES = {
    "affectnet": ("affectnet", "affectnet7", "affectnet8", "affectnet-7", "affectnet-8", "affectnet_8labels"),
    "ckplus": ("ckplus", "ck_plus", "ck+", "ck+48", "ck48", "ck", "ck+_database", "cohn-kanade"),
    "expw": ("expw", "expw_dataset", "expression_in-the-wild", "expression in-the-wild"),
    "fer2013": (
        *("fer2013", "fer-2013", "fer_2013"),
        "challenges-in-representation-learning-facial-expression-recognition-challenge",
    ),
    "ferplus": ("ferplus", "fer+", "fer_plus", "fer-plus", "ferplus-master"),
    "jaffe": ("jaffe", "jaffedbase", "jaffeimages", "jaffe_dataset"),
    "rafdb": ("rafdb", "raf-db", "raf_db", "raf", "raf_basic", "raf-basic", "rafdb_basic", "raf-db-basic"),
    "sfew": ("sfew", "sfew_2.0", "sfew_2", "sfew2.0", "sfew2", "sfew 2.0"),
}
# Those whose folders are not any tree's of class folders either; a tree may be called as any other set is.
NO_TREES = ("fer2013", "sfew")


@dataclass(frozen=True)
class Folder:
    """What lies in one folder, by name and in order of name, without hidden entries and files of the desktop.

    `images` are told by their suffix alone: a folder or a link to nothing of such a name is a bad image.
    """

    path: Path
    folders: tuple[str, ...]
    images: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def subfolders(self) -> list[Path]:
        """Whole paths of the folders."""
        return [self.path / name for name in self.folders]


@dataclass(frozen=True)
class ImageFile:
    """One image in a class folder, with the official part it came in."""

    folder: Path
    name: str
    part: str

    @property
    def class_name(self) -> str:
        """Name of the class folder, printable."""
        return _shown_name(self.folder)

    @property
    def path(self) -> Path:
        """The whole path."""
        return self.folder / self.name


@lru_cache(1024)  # each file of a folder asks
def _shown_name(folder: Path) -> str:
    return shown(folder.name)


def look_into(folder: Path) -> Folder:
    """What lies in the folder; nothing where there is none. DataError where it cannot be read."""
    folders, images, others = [], [], []
    for name, is_folder in _entries(folder):
        if name.lower().endswith(IMAGE_SUFFIXES):
            images.append(name)
        elif is_folder and not name.startswith("__"):
            folders.append(name)
        elif not is_folder and name.lower() not in DESKTOP_FILES:
            others.append(name)
    return Folder(folder, tuple(folders), tuple(images), tuple(others))


def folders_in(folder: Path) -> dict[str, Path]:
    """Subfolders by lower-case name, in order of name; hidden ones and `__MACOSX` left out, {} where nothing is."""
    return {path.name.lower(): path for path in look_into(folder).subfolders}


def files_in(folder: Path) -> dict[str, Path]:
    """Files by lower-case name, in order of name; hidden ones left out."""
    return {name.lower(): folder / name for name, is_folder in _entries(folder) if not is_folder}


def files_below(folder: Path) -> list[str]:
    """Names of all files at any depth, hidden ones left out."""
    return [name for _, _, names in os.walk(folder) for name in names if not name.startswith(".")]


def images_in(folder: Path, part: str) -> list[ImageFile]:
    """Image files of one class folder, told by their suffix, in order of name."""
    return [ImageFile(folder, name, part) for name in look_into(folder).images]


def homes(root: Path, names: Iterable[str]) -> list[Path]:
    """Where a data set may live: folders of the root with one of these (lower-case) names, then the root itself."""
    found = folders_in(root)
    return [found[name] for name in names if name in found] + ([root] if root.is_dir() else [])


def own_homes(root: Path, names: Iterable[str]) -> list[Path]:
    """Those of `homes` that are called as the set; the root is one of them where it is called so itself."""
    found = homes(root, names)
    return found if root.absolute().name.lower() in names else found[:-1]


def is_of_another_set(folder: Path, own: str = "") -> bool:
    """Whether a folder of the data root belongs to another data set than `own`, or holds crops that ferray cut."""
    return folder.name.lower() in homes_of_others(own) or any(
        os.path.exists(folder / name)  # noqa: PTH110 (false where nobody may look, which is said where it is read)
        for name in (PREPARED, REPORT)
    )


def homes_of_others(own: str = "") -> set[str]:
    """Names of folders that belong to another data set than `own`, which is "" for a tree of class folders."""
    others = [dataset for dataset in (HOMES if own else NO_TREES) if dataset != own]
    return {name for dataset in others for name in HOMES[dataset]}


def found_below(folder: Path, *paths: str) -> Path | None:
    """The first of these lower-case paths that is there below the folder in any letter case; None where none is."""
    for path in paths:
        found: Path | None = folder
        for part in path.split("/"):
            found = _entry_named(found, part) if found is not None else None
        if found is not None:
            return found
    return None


def is_emotion(name: str) -> bool:
    """Whether a folder's name is one of the seven expressions in any spelling."""
    try:
        Emotion.parse(name)
    except DataError:
        return False
    return True


def _entry_named(folder: Path, name: str) -> Path | None:
    return next((folder / entry for entry, _ in _entries(folder) if entry.lower() == name), None)


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """Name, and whether it is a folder, of everything that is not hidden, in order of name."""
    try:
        with reading(folder, DataError, "check who may read it", noun="folder"), os.scandir(folder) as entries:
            # One call: a stat for each of 35,887 images takes seconds.
            return sorted((entry.name, _is_folder(entry)) for entry in entries if not entry.name.startswith("."))
    except DataError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return []
        raise


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, through links; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
