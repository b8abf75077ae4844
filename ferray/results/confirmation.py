"""What a confirmation found: finalists trained anew with fresh seeds, judged on the test split, and compared.

Written by `ferray confirm` into the folder of the sweep whose finalists they are, for all who show that sweep.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ferray.config.place import CONFIRMATION_NAME
from ferray.errors import DataError
from ferray.files.atomic import write_json
from ferray.results.confirmation_text import sentence_of
from ferray.results.finalists import Finalist, Pair
from ferray.results.frames import frame_of
from ferray.stats.estimates import Metric
from ferray.study.records import Reading

if TYPE_CHECKING:
    import pandas

FORMAT = 1

_COLUMNS = (
    *("name", "trial", "recipe", "metric", "mean", "low", "high", "sd"),
    *("n", "seeds", "num_lost", "validation"),
)

Split = Literal["test", "nested"]


@dataclass(frozen=True)
class Confirmation:
    """The finalists of `sweep` in the order in which the search ranked them, a baseline last, and every pair of them.

    `trainings` is the sweep that trained them. `split` says what judged them: the `test` split, or `nested` folds, each
    image held out once. `metric` is the score of all values; `seeds` were asked for. `readings` are all of the test
    split, this one among them, oldest first. `absent` are finalists of which no
    training completed. `written` is in seconds since the epoch. `method` says in words how the intervals and p-values
    come about.
    """

    sweep: str
    trainings: str
    metric: Metric
    split: Split
    seeds: tuple[int, ...]
    classes: tuple[str, ...]
    rows: tuple[Finalist, ...]
    pairs: tuple[Pair, ...]
    readings: tuple[Reading, ...] = ()
    num_folds: int = 0
    absent: tuple[str, ...] = ()
    written: float = 0.0
    method: str = ""

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        return sentence_of(self.rows, self.pairs, self.metric, num_folds=self.num_folds, absent=self.absent)

    def frame(self) -> pandas.DataFrame:
        """A row each finalist as a pandas DataFrame: its mean over `seeds` trainings on `n` images, `low` to `high`.

        ConfigError where pandas is not installed.
        """
        rows = [
            {**asdict(row), "metric": self.metric, "seeds": len(row.seeds), "low": low, "high": high}
            for row in self.rows
            for low, high in [row.interval or (None, None)]
        ]
        return frame_of(rows, _COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Plain containers, `format` first; `sentence` and verdicts are there to be read and not read back."""
        pairs = [pair.to_json() for pair in self.pairs]
        return {"format": FORMAT, **asdict(self), "pairs": pairs, "sentence": self.sentence}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Confirmation:
        """The inverse of `to_json`, also after a round trip through JSON; ValueError for another format."""
        fields = {key: value for key, value in data.items() if key != "sentence"}
        if fields.pop("format", None) != FORMAT:
            raise ValueError("another format")
        return cls(
            **{
                **fields,
                "seeds": tuple(map(int, data["seeds"])),
                "classes": tuple(map(str, data["classes"])),
                "absent": tuple(map(str, data.get("absent", ()))),
                "rows": tuple(Finalist.from_json(row) for row in data["rows"]),
                "pairs": tuple(Pair.from_json(pair) for pair in data["pairs"]),
                "readings": tuple(Reading.from_json(reading) for reading in data["readings"]),
            }
        )


def read_confirmation(folder: Path) -> Confirmation | None:
    """The latest confirmation of the sweep in `folder`, None where there is none; DataError where it is damaged."""
    path = folder / CONFIRMATION_NAME
    try:
        return Confirmation.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"`{path}` is damaged", "delete it and confirm again: nothing is trained twice") from error


def write_confirmation(folder: Path, confirmation: Confirmation) -> Path:
    """Replace the confirmation of the sweep in `folder`; OSError where the disk refuses."""
    path = folder / CONFIRMATION_NAME
    write_json(path, confirmation.to_json())
    return path
