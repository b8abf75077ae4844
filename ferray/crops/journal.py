"""What was done for each picture, a line each, appended as it is done: what a killed preparation goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ferray.faces import Detection
from ferray.files.atomic import write_bytes


@dataclass(frozen=True)
class Record:
    """One picture that was dealt with: the faces in it, the one that was cut, and the crop's file.

    `found_by` and `cut_by` are the task's. `height` and `width` are the picture's, in pixels. `chosen` is None where
    no face was found, `sharpness` then that of the whole picture. `file` is "" and `num_bytes` 0 where nothing was
    written; `bad` is kind and reason of a picture that cannot be used.
    """

    name: str
    found_by: str
    cut_by: str
    height: int = 0
    width: int = 0
    faces: tuple[Detection, ...] = ()
    chosen: Detection | None = None
    sharpness: float = 0.0
    file: str = ""
    num_bytes: int = 0
    bad: tuple[str, str] | None = None


class Journal:
    """The records of one folder of crops, in a file of JSON lines. For one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Record]:
        """The last record of each name; lines that are torn or not a record are passed over."""
        return {record.name: record for record in self._records()}

    def files(self) -> set[str]:
        """Every crop that a record speaks of, earlier records of a name included."""
        return {record.file for record in self._records() if record.file}

    def append(self, record: Record) -> None:
        """Add one line; a process that dies in the middle tears this line alone."""
        line = json.dumps(asdict(record)).encode()
        with self._path.open("ab") as stream:
            # What a killed process tore stands alone, as the new line begins with an end of line.
            stream.write(b"\n" + line + b"\n")

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace the whole file."""
        write_bytes(self._path, b"".join(json.dumps(asdict(record)).encode() + b"\n" for record in records))

    def _records(self) -> Iterator[Record]:
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            with suppress(ValueError, TypeError, KeyError):
                yield _record(json.loads(line))


def _record(plain: dict[str, Any]) -> Record:
    chosen, bad = plain["chosen"], plain["bad"]
    read = {
        "faces": tuple(_face(face) for face in plain["faces"]),
        "chosen": None if chosen is None else _face(chosen),
        "bad": None if bad is None else (str(bad[0]), str(bad[1])),
    }
    return Record(**{**plain, **read})


def _face(plain: dict[str, Any]) -> Detection:
    eyes = plain["eyes"]
    if eyes is not None:
        (left_x, left_y), (right_x, right_y) = eyes
        eyes = ((left_x, left_y), (right_x, right_y))
    return Detection(**{**plain, "eyes": eyes})
