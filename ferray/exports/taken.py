"""Whether a folder may be written, looked at before anything heavy is imported."""

from __future__ import annotations

import json
from pathlib import Path

from ferray.errors import ConfigError

CONFIG = "config.json"


def refuse_taken(folder: Path, *, force: bool) -> None:
    """ConfigError for a folder that holds anything, unless it is an earlier export and `force` says to replace it."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not _is_export(folder):
        raise ConfigError(f"`{folder}` is there already, and is no exported model", "choose another `--to`")
    if not force:
        raise ConfigError(f"`{folder}` holds an exported model", "choose another `--to`, or replace it by `--force`")


def _is_export(folder: Path) -> bool:
    try:
        known = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and "ferray" in known
