"""Where data sets are looked for unless a command says otherwise."""

from __future__ import annotations

import os
from pathlib import Path


def default_data_root() -> Path:
    """`$FERRAY_DATA`, else `./data`."""
    return Path(os.environ.get("FERRAY_DATA") or "data")
