"""The one place where versions are written that a cluster's files name; whatever renders one takes it from here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Versions:
    """What every node of a cluster has: `ray` as pinned, and the `python` for which."""

    ray: str
    python: str
    ferray: str
    prometheus: str
    grafana: str

    @property
    def wheel(self) -> str:
        """What the file is called that `make wheel` writes."""
        return f"ferray-{self.ferray}-py3-none-any.whl"


# Asked for by name: an import of `ferray` would be one of all the rooms that it names for type checkers.
VERSIONS = Versions(
    ray="2.60.0",
    python="3.11",
    ferray=import_module("ferray").__version__,
    prometheus="3.5.0",
    grafana="12.1.0",
)
