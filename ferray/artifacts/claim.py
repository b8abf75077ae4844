"""Whose a trial's artifacts are: of one configuration, which is written there first."""

from __future__ import annotations

import json
from typing import Any

from ferray.artifacts.history import finite
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.trial import TrialConfig
from ferray.errors import DataError, ResumeMismatch
from ferray.files.atomic import json_document


def claim(artifacts: TrialArtifacts, config: TrialConfig) -> None:
    """Make the place and write the configuration there; ResumeMismatch where another one lives there."""
    artifacts.make()
    file = artifacts.config
    if file.exists():
        refuse_other_config(file, _known(artifacts), config)
    file.write_text(json.dumps(config.to_json(), indent=2) + "\n", durable=False)


def record_init(artifacts: TrialArtifacts, record: dict[str, Any] | None) -> None:
    """Write what the trial began with; no file where it began with nothing."""
    if record is not None:
        artifacts.init.write_text(json_document(finite(record)), durable=False)


def refuse_other_config(file: object, found: dict[str, Any], config: TrialConfig) -> None:
    """ResumeMismatch naming the first key that differs, where `file` holds another configuration."""
    asked, found = config.canonical(), config.canonical_of(found)
    if found == asked:
        return
    key = next(key for key in (*asked, *found) if asked.get(key) != found.get(key))
    raise ResumeMismatch(
        f"`{file}` belongs to another configuration: {key} is `{found.get(key)}` there, asked is `{asked.get(key)}`",
        "give the trial another folder, or delete this one",
    )


def _known(artifacts: TrialArtifacts) -> dict[str, Any]:
    file = artifacts.config
    try:
        known: dict[str, Any] = json.loads(file.read_bytes())
    except ValueError as error:
        raise DataError(f"`{file}` is not JSON", "delete it, or give the trial another folder") from error
    return known
