"""What a trial scores on the test split: its `test.json`, written by `ferray evaluate` alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.files.atomic import json_document
from ferray.stats.clusters import Clusters
from ferray.stats.estimates import METRICS, Estimate, Metric, of_confusion
from ferray.stats.intervals import Interval

FORMAT = 1


@dataclass(frozen=True)
class HeldOut:
    """One trial's checkpoint, judged once.

    `metrics` are `test/accuracy`, `test/uar`, `test/macro_f1`, `test/loss` and `test/recall/<Class>`; rows of
    `confusion` are truth. `checkpoint` is the SHA-256 of the best.pt that answered, `data` a hash of the ids, labels
    and pixels of the images it was asked about. `num_ended` of `num_asked` trials of the sweep had ended then, None
    where that was not written down. `clusters` are the groups that the images come in, None where those are not known.
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
    clusters: Clusters | None = None

    @property
    def intervals(self) -> dict[str, Interval | None]:
        """The 95 % intervals of `accuracy`, `uar` and `macro_f1`: one model on these `n` images, or on their groups."""
        return {metric: self.estimate(metric).interval for metric in METRICS}

    @property
    def num_groups(self) -> int | None:
        """Groups that the images come in, such as people; None where those are not known."""
        return self.clusters.number if self.clusters else None

    def to_json(self) -> dict[str, Any]:
        """Plain containers, `format` first."""
        return {"format": FORMAT, **asdict(self)}

    def estimate(self, metric: Metric) -> Estimate:
        """This score with its 95 % interval, over groups where they are known."""
        return of_confusion(metric, self.metrics[f"test/{metric}"], self.confusion, self.clusters)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> HeldOut:
        """The inverse of `to_json`, also after a round trip through JSON; ValueError for another format."""
        fields = dict(data)
        if fields.pop("format", None) != FORMAT:
            raise ValueError("another format")
        fields["confusion"] = tuple(tuple(row) for row in data["confusion"])
        fields["clusters"] = Clusters.from_json(data["clusters"]) if data.get("clusters") else None
        return cls(**{**fields, "classes": tuple(data["classes"])})


def read_held_out(artifacts: TrialArtifacts) -> HeldOut | None:
    """The answer of a trial, None where it was not asked; DataError where the file is damaged."""
    file = artifacts.held_out
    try:
        with file.open() as stream:
            return HeldOut.from_json(json.load(stream))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"`{file}` is damaged", "delete it and evaluate again") from error


def write_held_out(artifacts: TrialArtifacts, held_out: HeldOut) -> None:
    """Replace the answer of a trial; StorageError where it cannot be written."""
    artifacts.held_out.write_text(json_document(held_out.to_json()))
