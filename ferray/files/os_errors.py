"""What the system says of a file, as one of ferray's errors: the only place that puts it into a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from ferray.errors import DataError, FerrayError, StorageError


@contextmanager
def os_errors_as(error: type[FerrayError], sentence: str, hint: str = "") -> Iterator[None]:
    """Around what reads or writes: an OSError becomes `error`, which says `sentence`, a colon and the system's words.

    `sentence` says what was tried, such as ``features cannot be kept in `/cache` ``.
    """
    try:
        yield
    except OSError as caught:
        raise error(f"{sentence}: {system_words(caught)}", hint) from caught


def reading(
    path: object, error: type[FerrayError] = DataError, hint: str = "", *, noun: str = ""
) -> AbstractContextManager[None]:
    """`os_errors_as` around what reads `path`; `noun` says what it is, such as `the list`."""
    return os_errors_as(error, f"{named(path, noun)} cannot be read", hint)


def writing(
    path: object, error: type[FerrayError] = StorageError, hint: str = "", *, noun: str = ""
) -> AbstractContextManager[None]:
    """`os_errors_as` around what writes `path`; `noun` says what it is, such as `the store`."""
    return os_errors_as(error, f"{named(path, noun)} cannot be written", hint)


def named(path: object, noun: str = "") -> str:
    """``the list `a.csv` ``."""
    return f"{noun} `{path}`".lstrip()


def system_words(error: Exception) -> str:
    """`No space left on device`, without a number and the path; of an error that is not the system's, its own words."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
