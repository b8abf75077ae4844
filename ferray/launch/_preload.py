"""What every worker needs before its first epoch, imported with the process and so before there is a trial for it."""

from __future__ import annotations

from ferray.system.lean_imports import import_lean

import_lean()

import ferray.launch._trainable  # noqa: E402
import ferray.training.worker  # noqa: E402, F401
