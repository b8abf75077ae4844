"""Files that appear whole or not at all: written beside their place under a hidden name, and renamed there.

Nothing else in ferray replaces a file. A process that is killed in between leaves the hidden one,
`.NAME.xxxxxxxx.tmp`, which nobody reads and `remove_leftovers` deletes.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

SUFFIX = ".tmp"
LONGEST_STEM = 40  # characters of a name that a hidden one repeats, so that it is not too long for the disk


@contextmanager
def atomic_write(path: Path, *, durable: bool = True, private: bool = False) -> Iterator[BinaryIO]:
    """A stream whose content takes the place of `path` when the block ends, and leaves no trace where it raises.

    `durable` content is on the disk by then, and so is its name where the disk can say so, which a power cut does not
    undo; for what can be made again it may be False, and costs no wait for the disk. `private` content is its owner's
    from its first byte on, whatever the umask. OSError where the disk refuses.
    """
    temporary = hidden_beside(path)
    try:
        with open(temporary, "xb", opener=_opened_privately if private else None) as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def write_piece(path: Path, writer: str, offset: int, content: bytes) -> None:
    """A piece of what `finish_pieces` puts in the place of `path`, in a hidden file of this writer's."""
    with _of_writer(path, writer).open("r+b" if offset else "wb") as stream:
        stream.seek(offset)
        stream.write(content)


def finish_pieces(path: Path, writer: str, size: int, *, durable: bool = True) -> None:
    """Replace `path` by the pieces of a writer, `size` bytes in all; it may be asked twice. `durable` as above."""
    hidden = _of_writer(path, writer)
    if not hidden.exists() and path.exists() and path.stat().st_size == size:
        return
    with hidden.open("r+b") as stream:
        if os.fstat(stream.fileno()).st_size != size:
            raise OSError(errno.EIO, "pieces of it are missing")
        if durable:
            os.fsync(stream.fileno())
    hidden.replace(path)
    if durable:
        sync_folder(path.parent)


def forget_pieces(path: Path, writer: str) -> None:
    """Leave `path` as it is, and no trace of what the writer has written."""
    _of_writer(path, writer).unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace `path` by `content`, as `atomic_write` does."""
    with atomic_write(path, durable=durable) as stream:
        stream.write(content)


def write_text(path: Path, text: str, *, errors: str = "strict", durable: bool = True) -> None:
    """Replace `path` by `text` in UTF-8, as `atomic_write` does; `errors` as in `str.encode`."""
    write_bytes(path, text.encode("utf-8", errors), durable=durable)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Replace `path` by a JSON document for people, strict and indented, as `atomic_write` does."""
    write_text(path, json_document(value), durable=durable)


def json_document(value: Any) -> str:
    """Strict JSON as ferray's files have it: indented by two, with an end of line; ValueError for NaN and infinity."""
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder that becomes `path` when the block ends, and leaves no trace where it raises.

    Where somebody has put a folder with files at `path` meanwhile, that one stays. What is written into it is synced by
    whoever writes it.
    """
    temporary = hidden_beside(path)
    try:
        temporary.mkdir()
        yield temporary
        with suppress(OSError):
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Delete a folder, which is gone at once for all who look; nothing where there is none."""
    with suppress(FileNotFoundError):
        shutil.rmtree(set_aside(path), ignore_errors=True)


def set_aside(path: Path) -> Path:
    """Give a folder a hidden name beside its own, so that it is gone at once for all who look; the name it has now."""
    aside = hidden_beside(path)
    path.rename(aside)
    return aside


def folders_aside(path: Path) -> tuple[Path, ...]:
    """The folders under a hidden name of this one's: set aside, or half made; no links."""
    pattern = re.compile(rf"{re.escape(_hidden_stem(path))}[0-9a-f]{{8}}{re.escape(SUFFIX)}")
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:
        return ()
    return tuple(one for one in beside if pattern.fullmatch(one.name) and one.is_dir() and not one.is_symlink())


def remove_leftovers(path: Path, *, older_than_s: float = 0.0) -> None:
    """Delete the hidden files and folders that killed writers of `path` have left, if they are as old as that.

    Earlier versions of ferray had other endings than `SUFFIX` for them.
    """
    stem, until = _hidden_stem(path), time.time() - older_than_s
    with suppress(OSError):
        for left in path.parent.iterdir():
            if left.name.startswith(stem) and left.lstat().st_mtime <= until:
                _remove(left)


def remove_leftovers_below(folder: Path) -> None:
    """Delete the hidden files that killed writers have left anywhere below a folder, in which nobody else writes."""
    for left in folder.rglob(f".*{SUFFIX}"):
        _remove(left)


def hidden_beside(path: Path) -> Path:
    """A name beside `path` that no other process of any machine takes."""
    return path.with_name(f"{_hidden_stem(path)}{secrets.token_hex(4)}{SUFFIX}")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the disk can do that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _of_writer(path: Path, writer: str) -> Path:
    if re.fullmatch("[0-9a-f]{8}", writer) is None:
        raise ValueError(f"`{writer}` is no name of a writer")
    return path.with_name(f"{_hidden_stem(path)}{writer}{SUFFIX}")


def _hidden_stem(path: Path) -> str:
    return f".{path.name[:LONGEST_STEM]}."


def _opened_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _remove(left: Path) -> None:
    with suppress(OSError):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()
