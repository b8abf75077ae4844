"""`ferray data clean`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shlex import quote

import pytest

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import write_image_folder

QUICK = ("--folds", 2, "--epochs", 1, "--threads", 1, "--set", "image_size=32", "--set", "augment=none")
NETWORK = ("--set", "backbone={tiny_cnn: {width: 4, depth: 3}}")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_image_folder(tmp_path_factory.mktemp("data"), per_class=6)


def clean(photos: Path, folder: Path, *args: object) -> Ran:
    return ferray(
        "data", "clean", "image_folder", "--data-root", photos, "--output", folder / "runs", *QUICK, *NETWORK, *args
    )


def test_a_data_set_is_examined_by_name(photos: Path, tmp_path: Path) -> None:
    ran = clean(photos, tmp_path)
    assert ran.code == 0, ran.err
    assert re.search(r"suspects among 18 training samples .* \[0\.\d+, 0\.\d+\], n = 18, 95 %", ran.out)
    assert "fold 2/2  epoch 1/1" in ran.err


def test_json_holds_every_suspect(photos: Path, tmp_path: Path) -> None:
    document = json.loads(clean(photos, tmp_path, "--json", "--quiet").out)
    assert len(document["suspects"]) == document["num_suspects"]
    assert (document["num_examined"], document["precision"]) == (18, None)
    assert len(Path(document["csv"]).read_text().splitlines()) == 1 + document["num_suspects"]


def test_no_data_is_touched(photos: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*")}
    clean(photos, tmp_path, "--to", tmp_path / "to" / "suspects.csv")
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*")} == before
    assert (tmp_path / "to" / "suspects.csv").exists()


def test_a_known_truth_is_compared_with(tmp_path: Path) -> None:
    dataset = "dataset={demo: {num_train: 140, num_val: 70, num_test: 70}}"
    place = ("--output", tmp_path, "--set", "batch_size=32", "--set", "outliers=none")
    ran = ferray("data", "clean", "demo", "--set", dataset, *place, *QUICK, *NETWORK)
    assert ran.code == 0, ran.err
    assert "of the 11 wrong labels are suspects" in ran.out  # 8 % of 140


def test_networks_that_learnt_nothing_are_warned_about(photos: Path, tmp_path: Path) -> None:
    ran = clean(photos, tmp_path, "--set", "optimizer.lr=1e-9")
    assert "their suspects say little, train longer" in ran.err


def test_an_unknown_name_is_an_error() -> None:
    assert ferray("data", "clean", "sfw").code == 2


def test_suspects_are_drawn_by_class_and_the_command_without_them_is_printed(photos: Path, tmp_path: Path) -> None:
    ran = clean(photos, tmp_path, "--json")
    document = json.loads(ran.out)
    classes = {suspect["label"] for suspect in document["suspects"]}
    assert [Path(sheet).name for sheet in document["sheets"]] == [f"suspects-{name}.png" for name in sorted(classes)]
    assert all(Path(sheet).is_file() for sheet in document["sheets"])
    assert f"--exclude {quote(document['csv'])} --data-root {quote(str(photos))} --output " in ran.err
