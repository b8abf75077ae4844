"""Where data sets are looked for unless a command says otherwise.

An address such as `s3://bucket/data` is mirrored into a folder of the cache, which then is the data root; the folder's
name is the address, so that whoever has the one knows the other.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote

from ferray.config.buckets import as_address, refuse_credentials
from ferray.config.cache_folder import default_cache_dir
from ferray.errors import ConfigError

MIRRORS = "mirrors"  # a folder of the cache
LONGEST_NAME = 240  # of a folder, in bytes


def default_data_root() -> Path:
    """`$FERRAY_DATA`, else `./data`."""
    return data_root_at(os.environ.get("FERRAY_DATA") or "data")


def data_root_at(given: str | os.PathLike[str]) -> Path:
    """The folder of data sets at a path or address, there or not.

    ConfigError for an address that is too long, or holds a password.
    """
    text = os.fspath(given)
    address = as_address(text)
    if address is None:
        return Path(text)
    refuse_credentials(address)
    name = quote(address, safe="")
    if len(name) > LONGEST_NAME:
        raise ConfigError(f"the address `{address}` is too long", "keep the data under a shorter one")
    return default_cache_dir() / MIRRORS / name


def address_of(root: Path) -> str | None:
    """The address that a data root mirrors; None for a folder of its own."""
    return as_address(unquote(root.name)) if root.parent.name == MIRRORS and "%3A" in root.name else None


def is_at_hand(root: Path) -> bool:
    """Whether a data root is there, or can be had from the address that it mirrors."""
    return address_of(root) is not None or root.is_dir()


def data_root_words(root: Path) -> str:
    """A data root as one would ask for it: its address, or its path as it is."""
    return address_of(root) or str(root)
