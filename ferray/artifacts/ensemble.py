"""An ensemble of a sweep's trials as a file: who answers, each with its weight in the mean of probabilities."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from ferray.artifacts.address import file_at
from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.files.atomic import json_document
from ferray.files.size_limits import read_within

FORMAT = 1
MOST_BYTES = 2**24


@dataclass(frozen=True)
class Member:
    """A trial of the ensemble: its best.pt below the sweep's artifacts, the SHA-256 of that, its share of the mean."""

    trial: int
    recipe: str
    checkpoint: str
    digest: str
    weight: float


@dataclass(frozen=True)
class Ensemble:
    """Trials of one sweep whose probabilities are averaged, the heaviest first; weights add up to 1.

    `chosen_by` is the score that the selection has raised on `num_val` validation images, from `best_value` of trial
    `best_trial`, the best single one of `num_candidates`, to `value`. `bags` and `rounds` are those of the selection.
    """

    sweep: str
    classes: tuple[str, ...]
    members: tuple[Member, ...]
    chosen_by: str
    value: float
    best_trial: int
    best_value: float
    num_candidates: int
    num_val: int
    bags: int
    rounds: int

    @property
    def digest(self) -> str:
        """SHA-256 of who answers with which weight: that of another ensemble is another."""
        parts = [[member.digest, member.weight] for member in self.members]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain containers, `format` first."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ensemble:
        """The inverse of `to_json`, also after a round trip through JSON; ValueError for what is none."""
        fields = dict(data)
        if fields.pop("format") != FORMAT:
            raise ValueError("another format")
        members = tuple(Member(**member) for member in fields["members"])
        weights = [member.weight for member in members]
        if not members or min(weights) <= 0 or not math.isclose(math.fsum(weights), 1.0, abs_tol=1e-6):
            raise ValueError("weights that do not add up to 1")
        return cls(**{**fields, "classes": tuple(map(str, fields["classes"])), "members": members})


def read_ensemble(file: ArtifactFile) -> Ensemble | None:
    """The ensemble in a file, None where there is none; DataError where it is damaged."""
    try:
        return Ensemble.from_json(json.loads(read_within(file, MOST_BYTES)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"`{file}` is damaged", "delete it, and choose the ensemble again") from error


def write_ensemble(file: ArtifactFile, ensemble: Ensemble) -> None:
    """Replace the file; StorageError where it cannot be written."""
    file.write_text(json_document(ensemble.to_json()))


def checkpoint_of(place: TrialArtifacts, member: Member) -> ArtifactFile:
    """The best.pt of a member of the ensemble that lies at `place`, which is right below the sweep's artifacts."""
    root, _, _ = place.address.rpartition("/")
    return file_at(f"{root or '.'}/{member.checkpoint}")
