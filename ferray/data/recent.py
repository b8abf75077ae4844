"""What was made last, remembered in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
_EVERY: list[Recent[Any]] = []


class Recent(Generic[Value]):
    """The values made last, by key; one is made at a time, whichever thread asks."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: OrderedDict[tuple[object, ...], Value] = OrderedDict()
        self._lock = threading.RLock()
        _EVERY.append(self)

    def get(self, key: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """The value of this key, made where it is not remembered."""
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
                if len(self._values) > self._room:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]

    def clear(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._values.clear()


def look_again() -> None:
    """Have what lies on disk looked at anew: in a notebook, files come and go between one sweep and the next."""
    for recent in _EVERY:
        recent.clear()
