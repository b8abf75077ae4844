"""The room of launchers: they carry jobs to where trials are trained and bring the epochs back. They decide nothing."""

from __future__ import annotations

from ferray.sweeps.launcher import Launcher

__all__ = ["Launcher"]
