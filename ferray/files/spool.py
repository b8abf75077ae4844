"""A file without a name, in memory while it is small: what comes from elsewhere is read as if it lay here."""

from __future__ import annotations

import tempfile
from typing import BinaryIO, cast

IN_MEMORY = 64 * 2**20  # bytes; a larger one lies in the folder of temporary files


def spooled() -> BinaryIO:
    """An empty one, to be written and read; it is gone when it is closed."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY))  # the caller closes it


def named_spool() -> BinaryIO:
    """An empty file on this machine's disk, which others write or read by its `name`; it is gone when it is closed."""
    return cast(BinaryIO, tempfile.NamedTemporaryFile())
