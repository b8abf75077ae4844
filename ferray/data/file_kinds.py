"""What a file is, by its first bytes, where it is not what its name says: a web page called `fer2013.csv`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ferray.data.files import regular_file
from ferray.errors import DataError

HEAD_BYTES = 4096
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".gz", ".7z", ".rar")


@dataclass(frozen=True)
class FileKind:
    """A kind of file, with its article, and what makes the file wanted of it."""

    name: str
    remedy: str
    is_picture: bool = False  # of a format that is not read

    @property
    def instead_of_picture(self) -> str:
        """What a file of this kind is called where a picture is to be read."""
        return f"is {self.name}, {'which is not read' if self.is_picture else 'not a picture'}"


_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # no writer of text leaves these, and bytes at random do
UTF16 = FileKind("UTF-16 text", "save it as UTF-8")
_SAVE_ANEW = "save it as JPEG or PNG"
BY_START = (
    (re.compile(rb"version https://git-lfs"), FileKind("a Git LFS pointer", "fetch the files with `git lfs pull`")),
    (
        re.compile(rb"\s*(<!doctype html|<html|<head|<\?xml[^>]*>\s*<!doctype html)", re.IGNORECASE),
        FileKind("a web page", "download it again, logged in where the site asks for that"),
    ),
    (
        re.compile(
            rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/|mimetypeapplication/vnd\.oasis)|\xd0\xcf\x11\xe0",
            re.S,
        ),
        FileKind("a spreadsheet", "save it as csv, with commas"),
    ),
    (re.compile(rb"PK\x03\x04"), FileKind("a zip archive", "unpack it with `unzip`")),
    (re.compile(rb"\x1f\x8b"), FileKind("a gzip archive", "unpack it with `tar xzf` or `gunzip`")),
    (re.compile(rb"BZh[1-9]|\xfd7zXZ|7z\xbc\xaf\x27|Rar!|\x28\xb5\x2f\xfd"), FileKind("an archive", "unpack it")),
    (re.compile(rb"%PDF"), FileKind("a PDF", "download the data itself")),
    (re.compile(rb"PAR1"), FileKind("a Parquet file", "save it as csv")),
    # As phones take them: the brands that such a file is compatible with follow its own.
    (re.compile(rb".{4}ftyp(.{4}){0,8}hei[cmsx]", re.S), FileKind("an HEIC image", _SAVE_ANEW, is_picture=True)),
    (re.compile(rb".{4}ftyp(.{4}){0,8}avi[fs]", re.S), FileKind("an AVIF image", _SAVE_ANEW, is_picture=True)),
    (re.compile(rb"\xff\x0a|\x00{3}\x0cJXL "), FileKind("a JPEG XL image", _SAVE_ANEW, is_picture=True)),
    (re.compile(rb"\xff\xfe|\xfe\xff|(\x00[ -~]){8}|([ -~]\x00){8}"), UTF16),
)


def kind_of(head: bytes) -> FileKind | None:
    """The kind of a file with these first bytes; None for plain text and for all that is not listed here."""
    if head[257:262] == b"ustar":
        return FileKind("a tar archive", "unpack it with `tar xf`")
    return next((kind for start, kind in BY_START if start.match(head)), None)


def remedy_of(reason: str) -> str:
    """What helps against a file of which `reason` says that it is of such a kind; "" for any other reason."""
    return next((kind.remedy for _, kind in BY_START if reason.startswith(f"is {kind.name},")), "")


def refuse_no_csv(path: Path) -> None:
    """DataError for an empty file, another kind of file, or a csv with another separator; OSError as open raises."""
    regular_file(path)
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    kind = kind_of(head)
    if kind:
        raise DataError(f"`{path}` is {kind.name}, not a csv", kind.remedy)
    if not head.strip():
        raise DataError(f"`{path}` is empty", "copy or download it again")
    if _NO_TEXT.search(head):
        raise DataError(f"`{path}` is no text, so it is not a csv", "download it again, or save it as csv")
    first_line = head.split(b"\n", 1)[0]
    for separator, name in ((b";", ";"), (b"\t", "tabs")):
        if separator in first_line and b"," not in first_line:
            raise DataError(f"`{path}` separates its columns by `{name}`", "save it with commas")
