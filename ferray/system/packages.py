"""Which version of a package is installed."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version


def installed_version(package: str) -> str:
    """As its metadata say; "" where it is not installed."""
    with suppress(PackageNotFoundError):
        return version(package)
    return ""
