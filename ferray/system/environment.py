"""Variables of this process's environment that a block needs otherwise, and what it starts inherits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def with_variables(chosen: Mapping[str, str | None]) -> Iterator[None]:
    """The environment with these variables, without those that are None; what was there before is put back."""
    former = {name: os.environ.get(name) for name in chosen}
    _put(chosen)
    try:
        yield
    finally:
        _put(former)


def _put(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
