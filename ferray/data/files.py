"""What a path is before anything is read from it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ferray.errors import BadSampleError

_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def regular_file(path: Path) -> os.stat_result:
    """Size and times of a regular file, through links; opening a pipe instead would wait for ever.

    BadSampleError for a link to nothing, a folder, a pipe or a device; OSError for a path that is not there.
    """
    try:
        status = path.stat()
    except OSError as error:
        if error.errno in _NOTHING_THERE and path.is_symlink():
            raise BadSampleError.of(f"`{path}`", "no file", "is a link to nothing") from error
        raise
    if not stat.S_ISREG(status.st_mode):
        what = "is a folder" if stat.S_ISDIR(status.st_mode) else "is not a regular file"
        raise BadSampleError.of(f"`{path}`", "no file", what)
    return status


def shown(name: str) -> str:
    """A file name that can be printed and written anywhere: control characters and bytes that are no UTF-8 escaped."""
    if name.isprintable():
        return name
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)
