from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from ferray.data.file_kinds import BY_START, FileKind, kind_of, refuse_no_csv, remedy_of
from ferray.errors import DataError


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("fer2013.csv"))
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("fer2013.csv", "emotion,pixels")
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"\n\n  <!doctype HTML>", "a web page"),
        (b"<html lang=en>", "a web page"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html>", "a web page"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"BZh91AY", "an archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "an HEIC image"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "an HEIC image"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B", "an AVIF image"),
        (b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a", "a JPEG XL image"),
        (b"PAR1\x15", "a Parquet file"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "a spreadsheet"),
        (b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", "a spreadsheet"),
        (b"PK\x03\x04" + bytes(26) + b"docProps/app.xml", "a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a spreadsheet"),
        ("emotion,pixels".encode("utf-16-be"), "UTF-16 text"),
        ("emotion,pixels".encode("utf-16"), "UTF-16 text"),
    ],
)
def test_a_kind_is_told_by_its_first_bytes(head: bytes, name: str) -> None:
    kind = kind_of(head)
    assert kind is not None
    assert kind.name == name


def test_archives_are_told_as_their_tools_write_them() -> None:
    kinds = [kind_of(content) for content in (tar(), zipped())]
    assert [kind.name for kind in kinds if kind] == ["a tar archive", "a zip archive"]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"emotion,pixels,Usage\n0,1 2",
        b"PK",
        b"\x89PNG\r\n",
        b"versions,of\n",
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    ],
)
def test_text_and_pictures_are_no_such_kind(head: bytes) -> None:
    assert kind_of(head) is None


@pytest.mark.parametrize("kind", [kind for _, kind in BY_START], ids=lambda kind: kind.name)
def test_each_kind_has_its_remedy_by_its_name(kind: object) -> None:
    assert remedy_of(f"is {kind.name}, not a picture") == kind.remedy  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [kind for _, kind in BY_START], ids=lambda kind: kind.name)
def test_the_remedy_is_found_by_what_a_file_is_instead_of_a_picture(kind: FileKind) -> None:
    assert remedy_of(kind.instead_of_picture) == kind.remedy


def test_another_reason_has_no_remedy() -> None:
    assert remedy_of("is truncated or damaged") == ""


def test_a_comma_in_the_first_line_is_enough_for_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b,c\n1;2,3\n")
    refuse_no_csv(path)


def test_another_separator_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1;2\n")
    with pytest.raises(DataError, match="separates its columns by `;`"):
        refuse_no_csv(path)
