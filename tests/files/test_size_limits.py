"""What is far too large is refused by its size, before it is read."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from threading import Thread

import pytest

from ferray.config.exclusion import read_exclusion
from ferray.config.load import load_space
from ferray.config.yaml import parse_yaml, read_yaml
from ferray.data.datasets.sfew_features import _read_cells
from ferray.data.fingerprint import sha256_of
from ferray.errors import ConfigError, DataError
from ferray.files.size_limits import read_within

SPACE = "dataset: demo\n"


def sparse(path: Path, size: int = 10 * 2**40) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_file_within_the_bound_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_within(tmp_path / "a", 5) == b"12345"


def test_a_pipe_is_read_as_far_as_the_bound(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    Thread(target=(tmp_path / "pipe").write_bytes, args=(b"123456",), daemon=True).start()
    with pytest.raises(OSError, match="it has 6 bytes, and at most 5 are read"):
        read_within(tmp_path / "pipe", 5)


def test_a_sparse_file_is_not_hashed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it has 10,995,116,277,760 bytes, and at most 68,719,476,736 are read"):
        sha256_of(sparse(tmp_path / "fer2013.csv"))


def test_a_sparse_list_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at most 67,108,864 are read"):
        read_exclusion(sparse(tmp_path / "list.csv"))


def test_a_space_of_twenty_thousand_options_is_not_parsed(tmp_path: Path) -> None:
    options = ", ".join(f"{{focal: {{gamma: {number}}}}}" for number in range(20_000))
    (tmp_path / "space.yaml").write_text(f"{SPACE}space: {{imbalance: {{one_of: [{options}]}}}}\n")
    with pytest.raises(ConfigError, match="bytes, and at most 131,072 are read"):
        read_yaml(tmp_path / "space.yaml")


def test_more_options_than_anybody_means_are_counted_alone(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(f"{SPACE}space: {{image_size: {{choice: {list(range(1001))}}}}}\n")
    with pytest.raises(ConfigError, match="`choice` lists `1,001` options, at most `1,000` are read"):
        load_space(str(tmp_path / "space.yaml"))


def test_more_arms_than_anybody_means_are_counted_alone(tmp_path: Path) -> None:
    arms = ", ".join(f"a{number}: {{}}" for number in range(1001))
    (tmp_path / "space.yaml").write_text(f"{SPACE}arms: {{{arms}}}\n")
    with pytest.raises(ConfigError, match="has `1,001` arms, at most `1,000` are read"):
        load_space(str(tmp_path / "space.yaml"))


def test_a_zero_byte_in_a_space_is_named() -> None:
    with pytest.raises(ConfigError, match="line 1, column 7: a text with a zero byte"):
        parse_yaml('path: "a\\0b"', source="space.yaml")


def test_a_sheet_that_inflates_is_not_unpacked(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 1000)
    # The table of contents says 600 MiB: the field is the last 4-byte one before the name's length.
    real, said = (6000).to_bytes(4, "little"), (600 * 2**20).to_bytes(4, "little")
    (tmp_path / "sfew.xlsx").write_bytes(content.getvalue().replace(real, said))
    with pytest.raises(DataError, match="unpacks to `600` MiB, at most `512` are read"):
        list(_read_cells(tmp_path / "sfew.xlsx"))


def test_a_sparse_csv_of_features_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at most 268,435,456 are read"):
        list(_read_cells(sparse(tmp_path / "sfew.csv")))
