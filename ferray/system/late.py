"""Modules that are imported when something of them is asked for, for files that are read by who never asks."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what `inspect` and others ask of every module there is
            raise AttributeError(name)
        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)
        return found


def late(name: str) -> Any:
    """The module of that name, in the place of `import`: components are listed, checked and shown without torch.

    Beside an `if TYPE_CHECKING` that imports it; what a class derives from, and what decorates, is asked for at once.
    """
    return _Late(name)
