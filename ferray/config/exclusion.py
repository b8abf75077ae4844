"""Lists of samples to leave out of training, as `data clean` writes them and people edit them.

A configuration holds the digest of a list and not its path: a list that moved is the same, an edited one is another.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.errors import ConfigError
from ferray.files.read import read_text
from ferray.files.readable import Readable
from ferray.text.sanitize import csv_text, read_cell

DIGEST = re.compile(r"[0-9a-f]{16}")
KEY = "exclude"
MOST_BYTES = 64 * 2**20  # two million samples
ID, NAME, SCOPE = "sample_id", "name", "splits"
EVERYWHERE, TRAIN = "all", "train"  # what stands under `splits`; without the column it is `train`
_HINT = "a list has a header and a line a sample, with its `sample_id` or `name`, as `data clean` writes it"


@dataclass(frozen=True)
class Exclusion:
    """Samples by their id, or by name where the list gives no id. An id is made of path and content, so that neither
    a sorted file nor an added image points it at another sample.

    Those `everywhere` too leave every split, the others the training part alone.
    """

    ids: frozenset[int]
    names: frozenset[str]
    everywhere: frozenset[int | str] = frozenset()

    def __len__(self) -> int:
        return len(self.ids) + len(self.names)

    def lists(self, sample_id: int, name: str, *, split: str = TRAIN) -> bool:
        """Whether this sample leaves the split."""
        if split == TRAIN:
            return sample_id in self.ids or name in self.names
        return sample_id in self.everywhere or name in self.everywhere

    @property
    def digest(self) -> str:
        """16 hex digits of what is listed, whatever its order and its other columns."""
        whole = [f"everywhere {listed}" for listed in self.everywhere]
        entries = sorted([*(f"id {number}" for number in self.ids), *(f"name {name}" for name in self.names), *whole])
        return hashlib.sha256("\n".join(entries).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def to_csv(self) -> str:
        """A file that `read_exclusion` reads back as the same list."""
        listed = [*((number, "") for number in sorted(self.ids)), *(("", name) for name in sorted(self.names))]
        if not self.everywhere:
            return csv_text([(ID, NAME), *listed])
        scopes = [EVERYWHERE if (number or name) in self.everywhere else TRAIN for number, name in listed]
        rows = [(number, name, scope) for (number, name), scope in zip(listed, scopes, strict=True)]
        return csv_text([(ID, NAME, SCOPE), *rows])


def read_exclusion(path: Readable) -> Exclusion:
    """The list in a csv file; ConfigError, naming file and line, where it is none."""
    text = read_text(path, ConfigError, _HINT, most_bytes=MOST_BYTES, encoding="utf-8-sig", noun="the list")
    listed = list(_rows(text, path))
    if not listed:
        raise ConfigError(f"the list `{path}` names no sample", _HINT)
    ids = frozenset(sample for sample, _ in listed if isinstance(sample, int))
    names = frozenset(sample for sample, _ in listed if isinstance(sample, str))
    return Exclusion(ids, names, frozenset(sample for sample, is_everywhere in listed if is_everywhere))


def find_exclusion(digest: str, path: Readable | None) -> Exclusion:
    """The list of this digest, which should lie at `path`; ConfigError where it does not."""
    if path is None:
        raise ConfigError(f"the list `{digest}` of samples to leave out is not at hand", "pass it by `--exclude`")
    found = read_exclusion(path)
    if found.digest != digest:
        message = f"`{path}` lists other samples than when it was given: `{found.digest}`, and `{digest}` is asked for"
        raise ConfigError(message, "start a sweep or a training of its own with the changed list")
    return found


def _rows(text: str, path: Readable) -> Iterator[tuple[int | str, bool]]:
    """The id of each row, else its name, and whether it leaves every split."""
    header = text.partition("\n")[0]
    separator = ";" if ";" in header and "," not in header else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    columns = {(column or "").strip().lower(): column for column in reader.fieldnames or ()}
    if not {ID, NAME} & columns.keys():
        raise ConfigError(f"the list `{path}` has neither a column `{ID}` nor `{NAME}`", _HINT)
    for row in reader:
        number, name, scope = (
            read_cell((row.get(columns.get(column, "")) or "").strip()) for column in (ID, NAME, SCOPE)
        )
        if scope not in ("", TRAIN, EVERYWHERE):
            message = f"line {reader.line_num} of `{path}` has `{scope}` under `{SCOPE}`"
            raise ConfigError(message, f"write `{TRAIN}` or `{EVERYWHERE}`, or leave the column out")
        if number.isdecimal():
            yield int(number), scope == EVERYWHERE
        elif name:  # spreadsheets write long numbers as 2.81475E+14
            yield name, scope == EVERYWHERE
        elif any(row.values()):
            raise ConfigError(f"line {reader.line_num} of `{path}` names no sample", _HINT)


def kept_list(folder: Path, digest: str | None) -> Path | None:
    """Where the sweep in `folder` keeps its own copy of the list behind a configuration's `exclude`, if it has one.

    Trials read that, and all who read the sweep later.
    """
    return None if digest is None else (folder / f"excluded-{digest}.csv").absolute()


def digested(value: Any, lists: dict[str, str]) -> Any:
    """What stands behind `exclude`, with each path to a list, also among choices, replaced by its digest.

    `lists` is given the absolute path behind each digest.
    """
    if isinstance(value, dict):
        return {kind: digested(of, lists) for kind, of in value.items()}
    if isinstance(value, list):
        return [digested(item, lists) for item in value]
    if not isinstance(value, str) or DIGEST.fullmatch(value):
        return value
    path = Path(value).expanduser().absolute()
    digest = read_exclusion(path).digest
    lists[digest] = str(path)
    return digest


def with_digests(raw: Any, lists: dict[str, str]) -> Any:
    """A mapping of keys, such as `base` or an arm, whose `exclude` names its list by digest."""
    return {**raw, KEY: digested(raw[KEY], lists)} if isinstance(raw, dict) and KEY in raw else raw
