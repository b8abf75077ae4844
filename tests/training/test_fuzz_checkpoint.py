"""Whatever has become of a checkpoint's bytes, reading it gives what was written or a DataError."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from ferray.artifacts.address import file_at
from ferray.errors import DataError
from ferray.testing.fuzz import FUZZ, damaged, listing_of
from ferray.training.checkpoint import read_checkpoint, write_checkpoint

STATE = {
    "epoch": 3,
    "weights": {"layer.weight": torch.arange(40.0).reshape(5, 8), "layer.steps": torch.tensor(7)},
    "config": {"dataset": {"demo": {"seed": 0}}, "lr": 1e-3},
    "best": None,
    "history": ["{}"],
}


@cache
def valid() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(file_at(f"{folder}/last.pt"), "last", STATE)
        return (Path(folder) / "last.pt").read_bytes()


def is_as_written(state: dict[str, object]) -> bool:
    return str(state) == str({"ferray": state["ferray"], **STATE})


def read_or_refuse(content: bytes) -> bool:
    """Whether the bytes were refused or gave the very state that was written; any other exception passes through."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "last.pt"
        path.write_bytes(content)
        try:
            return is_as_written(read_checkpoint(path, "last"))
        except DataError:
            return True
        finally:
            assert listing_of(Path(name)) == [str(path)]


@FUZZ
@given(content=st.binary(max_size=200) | st.deferred(lambda: damaged([valid()])))
def test_a_damaged_checkpoint_is_refused_or_read_right(content: bytes) -> None:
    assert read_or_refuse(content)


@FUZZ
@given(data=st.data())
def test_one_flipped_bit_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    content = bytearray(valid())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert read_or_refuse(bytes(content))


def test_the_checkpoint_that_is_damaged_is_valid_to_begin_with(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(valid())
    assert is_as_written(read_checkpoint(tmp_path / "last.pt", "last"))
