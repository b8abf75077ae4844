"""Which objects in W&B show a sweep, remembered in its folder, so that publishing again changes them and adds none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from ferray.errors import FerrayError
from ferray.files.atomic import write_json
from ferray.files.read import read_json

PUBLISHED = "published.json"  # in the sweep's `wandb/`


@dataclass(frozen=True)
class Remembered:
    """The ids of the saved view and the report of the sweep `identity` in a project; "" for what is not saved there."""

    identity: str
    entity: str
    project: str
    view: str = ""
    report: str = ""


def recall(folder: Path, new: Remembered) -> Remembered:
    """What was saved for the same sweep in the same place before; `new` where nothing was, or nobody can read it.

    The file of a copied folder speaks of the sweep that it was copied from.
    """
    try:
        former = Remembered(**read_json(folder / "wandb" / PUBLISHED))
    except (FerrayError, TypeError):
        return new
    is_same = (former.identity, former.entity, former.project) == (new.identity, new.entity, new.project)
    return former if is_same and isinstance(former.view, str) and isinstance(former.report, str) else new


def remember(folder: Path, saved: Remembered) -> None:
    """Keep it, whole or not at all; OSError where the disk refuses."""
    write_json(folder / "wandb" / PUBLISHED, asdict(saved))
