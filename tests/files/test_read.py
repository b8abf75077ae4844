from pathlib import Path

import pytest

from ferray.errors import ConfigError, DataError
from ferray.files.read import read_json, read_text


def test_a_document_reads_back(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`.*/a.json` cannot be read: No such file or directory"):
        read_json(tmp_path / "a.json")


def test_the_caller_says_which_error_and_what_helps(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_text(tmp_path / "a.yaml", ConfigError, "check the path")
    assert caught.value.hint == "check the path"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    with pytest.raises(DataError, match="cannot be read: it is not UTF-8 text"):
        read_text(tmp_path / "a.yaml")


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read: it is not JSON"):
        read_json(tmp_path / "a.json")


def test_json_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="cannot be read: it is not JSON"):
        read_json(tmp_path / "a.json")


def test_a_mark_of_byte_order_can_be_taken_off(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfid")
    assert read_text(tmp_path / "a.csv", encoding="utf-8-sig") == "id"


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1, 2, 3]")
    with pytest.raises(DataError, match="it has 9 bytes, and at most 4 are read"):
        read_json(tmp_path / "a.json", most_bytes=4)
