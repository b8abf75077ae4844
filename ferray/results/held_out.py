"""What a trial scores on the test split: `test.json` in its folder, written by `ferray evaluate` alone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ferray.errors import DataError

HELD_OUT = "test.json"
FORMAT = 1


@dataclass(frozen=True)
class HeldOut:
    """One trial's checkpoint, judged once.

    `metrics` are `test/accuracy`, `test/uar`, `test/macro_f1`, `test/loss` and `test/recall/<Class>`; rows of
    `confusion` are truth. `checkpoint` is the SHA-256 of the best.pt that answered, `data` a hash of the ids, labels
    and pixels of the images it was asked about. `num_ended` of `num_asked` trials of the sweep had ended then, None
    where that was not written down.
    """

    trial: int
    recipe: str
    epoch: int
    n: int
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    checkpoint: str
    data: str
    num_ended: int | None = None
    num_asked: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain containers, `format` first."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> HeldOut:
        """The inverse of `to_json`, also after a round trip through JSON; ValueError for another format."""
        fields = dict(data)
        if fields.pop("format", None) != FORMAT:
            raise ValueError("another format")
        fields["confusion"] = tuple(tuple(row) for row in data["confusion"])
        return cls(**{**fields, "classes": tuple(data["classes"])})


def held_out_file(folder: Path) -> Path:
    """Where the trial in `folder` keeps its answer."""
    return folder / HELD_OUT


def read_held_out(folder: Path) -> HeldOut | None:
    """The answer of the trial in `folder`, None where it was not asked; DataError where the file is damaged."""
    path = held_out_file(folder)
    try:
        return HeldOut.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"`{path}` is damaged", "delete it and evaluate again") from error


def write_held_out(folder: Path, held_out: HeldOut) -> None:
    """Replace the answer of the trial in `folder` in one step; DataError where it cannot be written."""
    path = held_out_file(folder)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(held_out.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"`{path}` cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
