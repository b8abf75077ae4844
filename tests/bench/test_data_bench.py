"""The benchmark of data: its files are FER-2013 to ferray, and a second start decodes none of them."""

from __future__ import annotations

from pathlib import Path

from bench.data import QUICK_PARTS, write_noise
from bench.data_worker import open_data, pss_bytes, read_all

FEW = {"train": 70, "test": 14}


def test_noise_is_a_data_set_that_ferray_reads(tmp_path: Path) -> None:
    write_noise(tmp_path / "root", FEW)
    splits = open_data(tmp_path / "root", tmp_path / "cache")
    assert len(splits.train) + len(splits.val) == 70


def test_every_training_and_validation_image_is_read(tmp_path: Path) -> None:
    write_noise(tmp_path / "root", FEW)
    assert read_all(open_data(tmp_path / "root", tmp_path / "cache")) == 70


def test_quick_run_has_images_of_every_class() -> None:
    assert min(QUICK_PARTS.values()) >= 7


def test_memory_of_a_process_is_some() -> None:
    assert pss_bytes() > 2**20
