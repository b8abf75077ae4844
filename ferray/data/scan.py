"""From a data set's folder to its images: parts, classes, and what is passed over. Any depth of nesting is one set.

A *tree* is a folder that holds class folders. A part is found in the trees below the folder that is named after it:
`Val/Val_Aligned_Faces_new/Val_Aligned_Faces/<Class>` is the validation part.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ferray.data.account import Account, PassedOver, files
from ferray.data.files import shown
from ferray.data.layout import (
    PART_NAMES,
    REPORT,
    UNREAD_SUFFIXES,
    Folder,
    ImageFile,
    files_below,
    is_of_another_set,
    look_into,
)
from ferray.errors import DataError

WRAPPERS = ("archive", "data", "dataset", "images", "input")  # folders of a data root that may be any data set
DEEPEST = 8  # folders below a part's folder that are searched for its classes
NEAR = DEEPEST - 2  # where the search below a folder begins that is no part: the data root may be somebody's home
KNOWN_SPLITS = "train, val or test (training, valid, validation, dev, eval, testing are known too)"
IF_A_CLASS = "if it is a class put its images right in it"


def part_named(name: str) -> str:
    """The part that a folder of this name is, in any case and with or without spaces and dashes; "" for another."""
    return PART_NAMES.get(name.lower().replace("_", "").replace("-", "").replace(" ", ""), "")


def one_tree_each(found: Sequence[Sequence[Path]]) -> list[Path]:
    """The one tree below each folder of a part; DataError where there are several, of which none is left out quietly.

    So folders such as `val` and `valid` are one part together.
    """
    for trees in found:
        if len(trees) > 1:
            raise DataError(
                f"class folders lie both in `{trees[0]}` and in `{trees[1]}`",
                "keep one of the two there, or put all classes into one folder",
            )
    return [tree for trees in found for tree in trees]


@dataclass(frozen=True)
class Rules:
    """How a data set calls its folders.

    `is_class` says which names are classes; without it every folder with images is one. `part_of` gives the part that a
    folder is named after, "" for none. `choose` picks among the trees below each folder of one part; what it leaves is
    passed over, as `unchosen` says. `own` is the data set's name in `layout.HOMES`.
    """

    is_class: Callable[[str], bool] | None = None
    part_of: Callable[[str], str] = part_named
    choose: Callable[[Sequence[Sequence[Path]]], list[Path]] = one_tree_each
    unchosen: str = "another copy of the part"
    own: str = ""


@dataclass(frozen=True)
class Scan:
    """The images below `home`, in no order, and the account of how they were found."""

    home: Path
    files: tuple[ImageFile, ...]
    account: Account


def scan(home: Path, root: Path, rules: Rules) -> Scan | None:
    """What the folder holds of the data set; None where nothing in it looks like one.

    DataError for a class folder without images, for a part without class folders, for class folders under a name that
    is no known split, and for a folder that cannot be read.
    """
    return _Scanner(home, root, rules).scan()


@dataclass
class _Scanner:
    home: Path
    root: Path
    rules: Rules
    place: Path | None = None
    files: list[ImageFile] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    passed: list[PassedOver] = field(default_factory=list)
    without_images: list[str] = field(default_factory=list)
    seen: dict[Path, Folder] = field(default_factory=dict)

    def scan(self) -> Scan | None:
        place = self.place = self._through(self.home)
        parts = self._parts(place)
        trees = {part: [self._trees(folder) for folder in folders] for part, folders in parts.items()}
        if any(tree for found in trees.values() for tree in found):
            self._read_parts(place, parts, trees)
        elif not parts.keys() & {"train", "val"} and self._holds_classes(place, at_least=2):
            self._read_tree(place, "all")
            self._pass_unlabelled("test", parts.get("test", []))
            self.origins["all"] = f"folder `{shown(place.name)}`"
        else:
            self._refuse_lost(place, parts)
            return None
        if self.without_images:
            are_unread = any(f"`{suffix}`" in line for line in self.without_images for suffix in UNREAD_SUFFIXES)
            raise DataError(
                "\n  ".join([f"`{place}` has class folders without images", *self.without_images]),
                "save them as JPEG or PNG" if are_unread else "put their images there, or take the folders away",
            )
        return Scan(place, tuple(self.files), Account(shown(str(place)), self.origins, tuple(self.passed)))

    def _look(self, folder: Path) -> Folder:
        if folder not in self.seen:
            self.seen[folder] = look_into(folder)
        return self.seen[folder]

    def _subfolders(self, folder: Path) -> list[Path]:
        """Those that may be of this data set: in the data root others have theirs."""
        folders = self._look(folder).subfolders
        if folder not in (self.root, self.home):
            return folders
        return [path for path in folders if not is_of_another_set(path, self.rules.own)]

    def _through(self, folder: Path) -> Path:
        """The first folder, from this one down, that is not merely the one folder in another."""
        for _ in range(DEEPEST):
            inside = self._subfolders(folder)
            if len(inside) != 1 or self._look(folder).images or self._holds_classes(folder):
                break
            is_anybodys = folder == self.root and self.rules.own and inside[0].name.lower() not in WRAPPERS
            if self.rules.part_of(inside[0].name) or is_anybodys:
                break
            (folder,) = inside
        return folder

    def _parts(self, place: Path) -> dict[str, list[Path]]:
        """The folders of each part; `eval` beside a validation part is the test part."""
        parts: dict[str, list[Path]] = {}
        for folder in self._subfolders(place):
            part = self.rules.part_of(folder.name)
            if part:
                parts.setdefault(part, []).append(folder)
        evals = [folder for folder in parts.get("val", ()) if folder.name.lower() == "eval"]
        if evals and len(parts["val"]) > len(evals):
            if "test" in parts:
                raise DataError(f"`{evals[0]}` stands beside folders of val and of test", "say which of the two it is")
            parts["test"] = evals
            parts["val"] = [folder for folder in parts["val"] if folder not in evals]
        return dict(sorted(parts.items(), key=lambda item: ("train", "val", "test").index(item[0])))

    def _holds_classes(self, folder: Path, at_least: int = 1) -> bool:
        is_class = self.rules.is_class
        if is_class is not None:
            return sum(map(is_class, self._look(folder).folders)) >= at_least
        return any(self._look(inner).images and not self._is_part(inner) for inner in self._subfolders(folder))

    def _is_part(self, folder: Path) -> bool:
        """Whether a folder of the set's own is a split by its name; below a split it may be a class."""
        return folder.parent == self.place and bool(self.rules.part_of(folder.name))

    def _trees(self, folder: Path, depth: int = 0, *, through_parts: bool = True) -> list[Path]:
        """Every tree at or below this folder, in order of path."""
        holds_classes = self._holds_classes(folder)
        found = [folder] if holds_classes else []
        if depth == DEEPEST or (holds_classes and self.rules.is_class is None):
            return found
        for inner in self._subfolders(folder):
            is_searched = (through_parts or not self.rules.part_of(inner.name)) and not _leads_back(inner)
            if is_searched and not (self.rules.is_class and self.rules.is_class(inner.name)):
                found += self._trees(inner, depth + 1, through_parts=through_parts)
        return found

    def _read_parts(self, place: Path, parts: dict[str, list[Path]], trees: dict[str, list[list[Path]]]) -> None:
        self._refuse_unknown_splits(place, parts)
        for part, folders in parts.items():
            if not any(trees[part]):
                self._pass_unlabelled(part, folders)
                continue
            chosen = self._chosen(folders, trees[part])
            for tree in chosen:
                self._read_tree(tree, part)
            names = ", ".join(f"`{self._below(tree, place)}`" for tree in chosen)
            self.origins[part] = f"{'folder' if len(chosen) == 1 else 'folders'} {names}"

    def _chosen(self, folders: list[Path], found: list[list[Path]]) -> list[Path]:
        """The trees that are read; what lies beside them is passed over."""
        trees = [tree for below in found for tree in below]
        chosen = self.rules.choose(found)
        for tree in trees:
            if tree not in chosen:
                images = sum(len(self._look(folder).images) for folder in self._subfolders(tree))
                below = self._below(tree, self.root)
                self.passed.append(PassedOver(below, images, f"folder `{below}`", self.rules.unchosen))
        for folder in folders:
            self._pass_beside(folder, trees)
        return chosen

    def _pass_beside(self, folder: Path, trees: list[Path]) -> None:
        """Pass over what lies between a part's folder and its trees without leading to any."""
        if folder in trees or not any(folder in tree.parents for tree in trees):
            return
        inside = self._look(folder)
        self._pass_files(inside, beside=True)
        for inner in inside.subfolders:
            if inner in trees or any(inner in tree.parents for tree in trees):
                self._pass_beside(inner, trees)
            else:
                self._pass(inner, "it holds no class folders")

    def _pass_unlabelled(self, part: str, folders: list[Path]) -> None:
        """A test part without labels is passed over; without another part nothing could be judged rightly."""
        if part != "test":
            instead = _what_instead(self._look(folders[0]), files_below(folders[0]))
            raise DataError(
                f"`{folders[0]}` is to be the {part} part, and has no class folders with images: it {instead}",
                "put its classes there, one folder each, or take the folder away to do without such a part",
            )
        for folder in folders:
            self._pass(folder, "its images lie in no class folders, so they have no labels")

    def _refuse_unknown_splits(self, place: Path, parts: dict[str, list[Path]]) -> None:
        known = [folder for folders in parts.values() for folder in folders]
        for folder in self._subfolders(place):
            if folder in known:
                continue
            if self._trees(folder, NEAR, through_parts=False):
                hint = f"call it {KNOWN_SPLITS}, or move it out of `{place}`"
                raise DataError(f"`{folder}` holds class folders and is no known split", hint)
            if place != self.root:
                self._pass(folder, "it stands beside the splits and is none")

    def _refuse_lost(self, place: Path, parts: dict[str, list[Path]]) -> None:
        """DataError for what somebody took for this data set; the data root itself may hold anything."""
        if self.home == self.root and self.rules.is_class is not None:
            return
        for part, folders in parts.items():
            if part != "test":
                self._pass_unlabelled(part, folders)
        lost = [folder for folder in self._subfolders(place) if self._trees(folder, NEAR)]
        if lost:
            hint = f"call it {KNOWN_SPLITS}, name the folder of one data set, or {IF_A_CLASS}"
            raise DataError(f"`{lost[0]}` holds class folders and is no known split", hint)

    def _read_tree(self, tree: Path, part: str) -> None:
        """Take the images of every class folder, and pass over what else lies there."""
        self._pass_files(self._look(tree), beside=True)
        for folder in self._subfolders(tree):
            if self._is_part(folder):
                continue
            is_class = self.rules.is_class is None or self.rules.is_class(folder.name)
            if is_class or (self._look(folder).images and tree != self.root):
                self._read_class(folder, part)
            elif tree != self.root and not self._trees(folder):
                self._pass(folder, "it is no class")

    def _read_class(self, folder: Path, part: str) -> None:
        """Take the images of one class folder; one without any is noted."""
        content = self._look(folder)
        if not content.images:
            below = self._below(folder, self.root)
            self.without_images.append(f"{below}: {_what_instead(content, content.others)}")
            return
        self.files += [ImageFile(folder, name, part) for name in content.images]
        self._pass_files(content)
        for inner in content.subfolders:
            self._pass(inner, "it lies in a class folder")

    def _pass_files(self, folder: Folder, *, beside: bool = False) -> None:
        """Count what is not read by its suffix; `beside` class folders pictures are not read either."""
        below = self._below(folder.path, self.root)
        for suffix, count in _by_suffix(folder.others):
            is_unread = suffix.strip("`") in UNREAD_SUFFIXES
            why = "pictures of this kind are not read" if is_unread else "no image has this suffix"
            self.passed.append(PassedOver(below, count, suffix, why))
        if beside and folder.images and not (folder.path / REPORT).exists():
            why = "they lie beside the class folders, so they have no labels"
            self.passed.append(PassedOver(below, len(folder.images), "without a class folder", why))

    def _pass(self, folder: Path, why: str) -> None:
        below = self._below(folder, self.root)
        self.passed.append(PassedOver(below, len(files_below(folder)), f"folder `{below}`", why))

    def _below(self, folder: Path, place: Path) -> str:
        return "" if folder == place else shown(folder.relative_to(place).as_posix())


def _what_instead(content: Folder, names: Sequence[str]) -> str:
    """What a folder holds in place of images: the files of these names, else folders."""
    counted = [f"{files(count)} {suffix}" for suffix, count in _by_suffix(names)]
    if counted:
        return f"holds {', '.join(counted[:3])}"
    return f"holds only folders (`{shown(content.folders[0])}`)" if content.folders else "is empty"


def _by_suffix(names: Sequence[str]) -> list[tuple[str, int]]:
    """``.txt`` in backticks or `without a suffix`, and how many files have it, the most frequent first."""
    suffixes = Counter(os.path.splitext(name)[1].lower() for name in names)  # noqa: PTH122 (names, not paths)
    return [(f"`{shown(suffix)}`" if suffix else "without a suffix", n) for suffix, n in suffixes.most_common()]


def _leads_back(folder: Path) -> bool:
    """Whether a link leads to a folder that it lies in."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
