"""Folders that stand for an address."""

from pathlib import Path

from ferray.config.output_address import address_of, copy_of, remember_address, sweep_address
from ferray.config.place import output_words, words_for


def test_an_address_has_one_folder_and_no_other_has_it() -> None:
    folders = [
        copy_of(address) for address in ("s3://faces/runs", "s3://faces/runs/", "s3://faces-runs", "gs://faces/runs")
    ]
    assert (folders[0] == folders[1], len(set(folders))) == (True, 3)


def test_a_folder_of_its_own_has_no_address(tmp_path: Path) -> None:
    assert (address_of(tmp_path), sweep_address(tmp_path / "sfew")) == (None, None)


def test_a_sweep_lies_below_the_address(tmp_path: Path) -> None:
    remember_address(tmp_path, "s3://faces/runs/")
    assert sweep_address(tmp_path / "sfew") == "s3://faces/runs/sfew"


def test_an_address_is_whole_whoever_reads_it_while_it_is_written(tmp_path: Path) -> None:
    remember_address(tmp_path, "s3://faces/runs")
    with next(tmp_path.iterdir()).open() as begun:
        remember_address(tmp_path, "s3://faces/other")
        assert begun.read().strip() == "s3://faces/runs"


def test_commands_name_the_address_and_not_the_folder(tmp_path: Path) -> None:
    remember_address(tmp_path, "s3://faces/runs")
    assert words_for(tmp_path / "sfew") == ("sfew", "--output", "s3://faces/runs")
    assert output_words(tmp_path) == ("--output", "s3://faces/runs")
