"""`ferray` as a process of its own, with its folders, its caches and its Ray out of everybody's way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FERRAY = [sys.executable, "-c", "from ferray.cli import main; main()"]


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """The user's, less W&B; packs beside `folder`, Ray's sessions and all temporary files inside it."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "RAY_", "FERRAY_"))}
    own = {
        "WANDB_MODE": "disabled",
        "FERRAY_CACHE": str(folder.parent / "cache"),
        "RAY_TMPDIR": str(temporary),
        "TMPDIR": str(temporary),
        "OMP_NUM_THREADS": "1",
    }
    return {**kept, **own, **changes}
