"""Packages that extras of ferray bring: what is said where one is not installed, or is and cannot be imported."""

from __future__ import annotations

from collections.abc import Iterator

from ferray.errors import ConfigError
from ferray.system.signals import comes_of_a_stop

_MISSING = "is not installed"


def not_imported(what: str, error: ImportError, hint: str) -> ConfigError:
    """What to raise where an import has raised `error`: `what` ends with the package, `hint` says how to get it.

    KeyboardInterrupt for a stop, which some packages make an ImportError of.
    """
    why = why_not_imported(error)
    is_missing = why == _MISSING
    return ConfigError(f"{what} {why}", hint if is_missing else "mend what that names, or install the package anew")


def why_not_imported(error: Exception) -> str:
    """`is not installed`, or that it cannot be imported, with the loader's reason; KeyboardInterrupt for a stop."""
    if comes_of_a_stop(error):
        raise KeyboardInterrupt from error
    errors = list(_with_causes(error))
    if any(isinstance(each, ModuleNotFoundError | FileNotFoundError) for each in errors):
        return _MISSING
    return f"is installed and cannot be imported: {' '.join(str(errors[-1]).split())}"


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from, to the first one."""
    while error is not None:
        yield error
        error = error.__cause__
