"""The search space of a sweep as its folder remembers it, for the axes of figures."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ferray.config.parameter_sets import parameters_of
from ferray.config.place import RESOLVED_NAME, SPACE_NAME
from ferray.config.space import Node
from ferray.config.sweep import SweepSpec
from ferray.errors import DataError
from ferray.files.read import read_json, read_text


def nodes_of(folder: Path) -> dict[str, Node]:
    """Every parameter that may be searched, those inside options too; none where the folder does not say it."""
    spec = spec_of(folder)
    return {} if spec is None else {name: parameter.node for name, parameter in parameters_of(spec).items()}


def spec_of(folder: Path) -> SweepSpec | None:
    """What the last start of the sweep asked for; None where that is not there, or of another ferray."""
    try:
        return SweepSpec.model_validate(read_json(folder / RESOLVED_NAME))
    except (DataError, ValidationError):
        return None


def written_space(folder: Path) -> str:
    """The YAML as its author wrote it, "" where the sweep was not started by a file."""
    try:
        return read_text(folder / SPACE_NAME)
    except DataError:
        return ""
