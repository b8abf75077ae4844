"""The room of trackers: listeners that show a sweep somewhere. They live in the driver, never in a worker."""

from __future__ import annotations

from pathlib import Path

from ferray.events import Listener
from ferray.registry import Params as BaseParams


class Tracker(Listener):
    """A listener that is chosen by name. Built with the sweep's folder before `sweep_started`."""

    class Params(BaseParams):
        pass

    def __init__(self, folder: Path) -> None:
        self.folder = folder
