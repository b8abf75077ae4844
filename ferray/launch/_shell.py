"""`Shell`: what Tune calls, over the driver that decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ferray.sweeps.driver import SweepDriver


class Shell:
    """A shell over the driver, which stays out of what Tune writes to disk for a restore that is not ours.

    Tune wraps what a scheduler or a searcher raises into the text of a TuneError, so the shells keep the first error.
    """

    _driver: SweepDriver
    _trouble: list[Exception]

    def __getstate__(self) -> dict[str, Any]:
        return {}

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._trouble.append(error)
            raise
