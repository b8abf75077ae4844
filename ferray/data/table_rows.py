"""From the rows of any table, each a picture with a label in words, to the samples of a data set.

What all such sets share stands here: words become classes, what is left out by rule is counted, a row that cannot be a
sample is named, a picture that stands twice is taken once.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby

from ferray.data.account import Account, PassedOver
from ferray.data.bad_samples import BadSample
from ferray.data.class_names import DROPPED, ORDERS, ClassNames, sorted_classes
from ferray.data.file_listing import Rooted
from ferray.data.files import shown
from ferray.data.fingerprint import digest_of_any
from ferray.data.layout import ImageFile
from ferray.data.sample_ids import SampleIds
from ferray.data.samples import Sample, SampleList
from ferray.data.scan import part_named
from ferray.errors import ConfigError, DataError
from ferray.text.counting import counted

PARTS_IN_WORDS = "train, val or test"
ABSOLUTE = "is an absolute path"


@dataclass(frozen=True)
class Row:
    """A picture as a table has it: where it is, and its label, part and group as they are written.

    `name` tells the sample and can be printed, `source` is the data set's own way to its pixels, `content` a hash of
    them. `part` "" is the part `all`. `flaw` is the kind of what is wrong with the row, and what in words.
    """

    name: str
    label: str
    source: str
    content: str = ""
    part: str = ""
    group: str = ""
    flaw: tuple[str, str] | None = None


@dataclass
class _Reader:
    """What has been made of rows so far."""

    names: ClassNames
    found: list[tuple[Row, str]] = field(default_factory=list)  # with its class
    meanings: dict[str, str | None] = field(default_factory=dict)  # the class of each label that was met
    bad: list[BadSample] = field(default_factory=list)
    read_as: Counter[tuple[str, str]] = field(default_factory=Counter)  # by class and word
    seen: dict[str, str] = field(default_factory=dict)  # the class of each source
    num_repeated: int = 0

    def take(self, row: Row) -> None:
        """Have the row among the samples, the bad ones, or neither."""
        if row.label not in self.meanings:
            self.meanings[row.label] = self.names.class_of(row.label)
        class_name = self.meanings[row.label]
        flaw = row.flaw or self._flaw_of(row, class_name)
        if flaw is not None:
            self.bad.append(BadSample(row.name, class_name or "", *flaw, part=_part(row.part) or ""))
            return
        assert class_name is not None
        self.read_as[class_name, row.label.strip()] += 1
        if class_name == DROPPED:
            return
        if row.source in self.seen:
            self.num_repeated += 1
            return
        self.seen[row.source] = class_name
        self.found.append((row, class_name))

    def _flaw_of(self, row: Row, class_name: str | None) -> tuple[str, str] | None:
        if class_name is None:
            known = "none of the seven expressions" if self.names.expressions else "no class"
            return "unknown label", f"has the label `{row.label[:40]}`, {known}"
        if _part(row.part) is None:
            return "unknown part", f"is in the part `{row.part[:40]}`, not {PARTS_IN_WORDS}"
        if class_name != DROPPED and self.seen.get(row.source, class_name) != class_name:
            return "two labels", f"stands under `{self.seen[row.source]}` and `{class_name}`"
        return None


def list_rows(
    rows: Iterable[Row], names: ClassNames, *, what: str, account: Account, fixed: Sequence[str] | None = None
) -> SampleList:
    """The samples of these rows, in their order; `what` is the table they stand in.

    `fixed` are classes that the set has whether rows do or not; without them it has those of its rows. DataError where
    no row says an expression, and where all are of one class; ConfigError for numbers of which the order is not known.
    """
    reader = _Reader(names)
    for row in rows:
        if names.needs_order(row.label):
            hint = f"say whose numbers they are with `dataset.label_order`: {', '.join(ORDERS)}"
            raise ConfigError(f"{what} calls its classes by numbers such as `{row.label.strip()}`", hint)
        reader.take(row)
    present = {class_name for _, class_name in reader.found}
    _refuse_no_class(reader, present, what)
    classes = tuple(fixed) if fixed is not None else sorted_classes(present)
    labels = {name: label for label, name in enumerate(classes)}
    ids = SampleIds()
    samples = tuple(_sample(row, labels[class_name], ids) for row, class_name in reader.found)
    contents = tuple(row.content for row, _ in reader.found)
    account = replace(
        account,
        passed=(*account.passed, *_passed(reader, account.place)),
        remarks=(*account.remarks, *_remarks(reader, classes)),
    )
    return SampleList(samples, classes, tuple(reader.bad), account, contents)


def _sample(row: Row, label: int, ids: SampleIds) -> Sample:
    number = ids.of(row.name.rpartition("/")[2], row.content)
    return Sample(number, row.name, label, _part(row.part) or "", row.source, row.group)


def file_rows(files: Iterable[ImageFile], dataset: Rooted) -> Iterator[Row]:
    """A row for each picture in a class folder, whose name is the label; in the order of their paths."""
    ordered = sorted(((file.folder / file.name).relative_to(dataset.root).as_posix(), file) for file in files)
    for path, file in ordered:
        yield file_row(dataset, path, label=file.folder.name, part="" if file.part == "all" else file.part)


def file_row(dataset: Rooted, path: str, *, label: str, part: str = "", group: str = "") -> Row:
    """The row of a picture at a path below the data set's root; flawed where no file is there."""
    if path.startswith("/"):
        return Row(shown(path), label, path, "", part, group, flaw=("no file", ABSOLUTE))
    if ".." in path.split("/"):
        return Row(shown(path), label, path, "", part, group, flaw=("no file", "leads out of the data root"))
    path = posixpath.normpath(path)  # a string's work, as a table may have hundreds of thousands of rows
    place = dataset.root / path
    try:
        place.lstat()
    except (OSError, ValueError):  # a name that is too long, or that no file can have, names none
        return Row(shown(path), label, path, "", part, group, flaw=("no file", "is not there"))
    return Row(shown(path), label, path, digest_of_any(place, dataset.digest), part, group)


@cache
def _part(word: str) -> str | None:
    """The part that a word names, `all` for none, None for a word that names no part."""
    if not word.strip():
        return "all"
    return part_named(word.strip()) or None


def _refuse_no_class(reader: _Reader, present: set[str], what: str) -> None:
    if len(present) > 1 or (reader.bad and not present):
        return
    if not present:
        raise DataError(f"{what} has no picture with a label", "check that it is the whole table")
    if not reader.bad:
        message = f"{what} has pictures of one class alone, `{next(iter(present))}`"
        raise DataError(message, "a classifier needs two: check the column of labels")


def _passed(reader: _Reader, place: str) -> Iterator[PassedOver]:
    for (class_name, word), count in sorted(reader.read_as.items()):
        if class_name == DROPPED:
            yield PassedOver(place, count, f"labelled `{word}`", "such labels are left out by rule")
    if reader.num_repeated:
        yield PassedOver(place, reader.num_repeated, "listed a second time", "a picture is taken once")


def _remarks(reader: _Reader, classes: Sequence[str]) -> Iterator[str]:
    """How labels were read where they are not called as their classes are, and which expressions have no image."""
    by_class = groupby(sorted(pair for pair in reader.read_as if pair[0] != DROPPED), key=lambda pair: pair[0])
    words = {class_name: [word for _, word in pairs] for class_name, pairs in by_class}
    if any(word.lower() != class_name.lower() for class_name, found in words.items() for word in found):
        told = ", ".join(
            f"{' and '.join(f'`{word}`' for word in words[name][:4])} {name}" for name in classes if name in words
        )
        yield f"labels are read as {told}"
    if reader.num_repeated:
        yield f"{counted(reader.num_repeated, 'picture is', 'pictures are')} listed a second time, and taken once"
    missing = [f"`{name}`" for name in reader.names.all if name not in words]
    if reader.names.expressions and missing and set(words) == set(classes):
        yield f"no picture of {', '.join(missing)}: the set has {counted(len(classes), 'class', 'classes')}"
