"""An exported ensemble, read back by torch: `ensemble.json`, and below `members/` a folder for each trial."""

from __future__ import annotations

from pathlib import Path

from ferray.artifacts.ensemble import Ensemble, Member
from ferray.errors import CheckpointError
from ferray.files.read import read_json
from ferray.training.ensemble_predictor import EnsemblePredictor
from ferray.training.predictor import load_predictor

ENSEMBLE, MEMBERS = "ensemble.json", "members"
MOST_BYTES = 2**24


def load_exported_ensemble(folder: Path, device: str = "cpu") -> EnsemblePredictor:
    """The ensemble in a folder that `ferray export --ensemble` wrote; CheckpointError where it is damaged."""
    known = read_json(folder / ENSEMBLE, CheckpointError, "export it again", most_bytes=MOST_BYTES)
    try:
        temperature = float(known.pop("temperature"))
        ensemble = Ensemble.from_json(known)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"`{folder / ENSEMBLE}` is damaged", "export it again") from error
    members = [load_predictor(folder / MEMBERS / member_folder(member), device) for member in ensemble.members]
    return EnsemblePredictor(ensemble, members, temperature)


def is_exported_ensemble(path: Path) -> bool:
    """Whether a path is such a folder."""
    return (path / ENSEMBLE).is_file() and (path / MEMBERS).is_dir()


def member_folder(member: Member) -> str:
    """What the folder of a member is called."""
    return f"trial-{int(member.trial):04d}"
