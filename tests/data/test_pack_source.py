"""Packs, and rows of features, on a node that has neither the data set nor the driver's disk: this process."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.config.trial import DatasetChoice
from ferray.data.descriptor_cache import open_rows
from ferray.data.fetching import ATTEMPTS
from ferray.data.pack import open_splits
from ferray.data.pack_server import PackServer
from ferray.data.pack_source import asking, current_source
from ferray.data.samples import Splits
from ferray.errors import DataError, StorageError
from ferray.testing.fake_data import fake_image, write_image_folder, write_png
from ferray.testing.pack_sources import ServedPacks

CHOICE = DatasetChoice.model_validate("image_folder")
WHOLE_PACK = ["bad_samples.csv", "images.npy", "manifest.json", "samples.json"]


def is_whole(pack: Path) -> bool:
    known = json.loads((pack / "manifest.json").read_text())["images_sha256"]
    return bool(hashlib.sha256((pack / "images.npy").read_bytes()).hexdigest() == known)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The data set on the driver's disk."""
    return write_image_folder(tmp_path / "data")


@pytest.fixture
def driver(root: Path, tmp_path: Path) -> ServedPacks:
    return ServedPacks(root, tmp_path / "drivers")


def opened_on(node: Path, source: ServedPacks, choice: DatasetChoice = CHOICE, *, root: Path | None = None) -> Splits:
    """The splits on the node whose disk is `node`, which sees no data root but `root`."""
    with asking(source):
        return open_splits(
            choice, size=24, limit_per_class=None, data_root=root or node / "nowhere", cache_dir=node / "cache"
        )


def pack_on(node: Path) -> Path:
    (pack,) = (path for path in (node / "cache" / "packs").iterdir() if not path.name.startswith("."))
    return pack


def test_a_node_without_the_data_has_the_drivers_images(driver: ServedPacks, root: Path, tmp_path: Path) -> None:
    there = open_splits(CHOICE, size=24, limit_per_class=None, data_root=root, cache_dir=tmp_path / "drivers")
    here = opened_on(tmp_path / "node", driver)
    assert np.array_equal(here.train.images, there.train.images)
    assert here.val.names == there.val.names


def test_a_pack_reaches_a_node_once(driver: ServedPacks, tmp_path: Path) -> None:
    opened_on(tmp_path / "node", driver)
    opened_on(tmp_path / "node", driver, root=tmp_path / "elsewhere")  # as another worker: nothing is remembered
    assert driver.asked == WHOLE_PACK


def test_each_node_has_a_pack_of_its_own(driver: ServedPacks, tmp_path: Path) -> None:
    for name in ("one", "two"):
        opened_on(tmp_path / name, driver)
        assert is_whole(pack_on(tmp_path / name))


def test_a_node_that_sees_the_data_decodes_it(driver: ServedPacks, root: Path, tmp_path: Path) -> None:
    opened_on(tmp_path / "node", driver, root=root)
    assert driver.asked == []
    assert is_whole(pack_on(tmp_path / "node"))


def test_a_node_with_other_files_under_the_same_root_has_the_drivers(
    driver: ServedPacks, root: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(root, tmp_path / "other")
    write_png(other / "train" / "calm" / "000.png", fake_image(8, 0))
    there = open_splits(CHOICE, size=24, limit_per_class=None, data_root=root, cache_dir=tmp_path / "drivers")
    assert np.array_equal(opened_on(tmp_path / "node", driver, root=other).train.images, there.train.images)


def test_what_arrives_damaged_is_fetched_again(root: Path, tmp_path: Path) -> None:
    driver = ServedPacks(root, tmp_path / "drivers", num_damaged=ATTEMPTS - 1)
    opened_on(tmp_path / "node", driver)
    assert driver.asked[:ATTEMPTS] == ["bad_samples.csv"] * ATTEMPTS
    assert is_whole(pack_on(tmp_path / "node"))


def test_what_never_arrives_whole_is_refused_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    driver = ServedPacks(root, tmp_path / "drivers", num_damaged=ATTEMPTS)
    with pytest.raises(StorageError, match=r"bad_samples\.csv` of the driver's cache arrives damaged, 3 times"):
        opened_on(tmp_path / "node", driver)
    assert list((tmp_path / "node" / "cache" / "packs").iterdir()) == []


def test_a_flipped_bit_on_the_drivers_disk_reaches_no_node(driver: ServedPacks, root: Path, tmp_path: Path) -> None:
    splits = open_splits(CHOICE, size=24, limit_per_class=None, data_root=root, cache_dir=tmp_path / "drivers")
    assert splits.folder is not None
    with (splits.folder / "images.npy").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x99")
    with pytest.raises(StorageError, match=r"images\.npy` of the driver's cache arrives damaged"):
        opened_on(tmp_path / "node", driver)


def test_another_pack_of_that_name_on_the_node_is_replaced(driver: ServedPacks, tmp_path: Path) -> None:
    opened_on(tmp_path / "node", driver)
    manifest = pack_on(tmp_path / "node") / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"images_sha256": "', '"images_sha256": "0'))
    opened_on(tmp_path / "node", driver, root=tmp_path / "elsewhere")
    assert driver.asked == WHOLE_PACK * 2


def test_a_pack_that_the_driver_has_not_decoded_yet_is_decoded_there(driver: ServedPacks, tmp_path: Path) -> None:
    assert not (tmp_path / "drivers").exists()
    assert len(opened_on(tmp_path / "node", driver).train) == 12


def test_groups_of_a_csv_below_the_data_root_are_the_drivers(driver: ServedPacks, root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "test")
    images = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))
    rows = [f"{name},person {number % 5}" for number, name in enumerate(images)]
    (root / "people.csv").write_text("\n".join(["file,group", *rows]))
    params = {"split": "kfold_by_group", "folds": 3, "groups": "people.csv"}
    choice = DatasetChoice.model_validate({"image_folder": params})
    there = open_splits(choice, size=24, limit_per_class=None, data_root=root, cache_dir=tmp_path / "drivers")
    assert opened_on(tmp_path / "node", driver, choice).val.names == there.val.names


def test_data_that_the_driver_lacks_is_said_as_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"dataset `image_folder` is not under `{tmp_path}/gone`"):
        opened_on(tmp_path / "node", ServedPacks(tmp_path / "gone", tmp_path / "drivers"))


def test_a_server_reads_what_it_has_named_and_nothing_else(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the driver's")
    server = PackServer(root, tmp_path / "drivers")
    for path in ("../secret", "packs/../../secret", str(tmp_path / "secret")):
        with pytest.raises(StorageError, match="is no file that this driver has offered"):
            server.read(path, 0, 10)


def test_a_server_names_rows_in_their_folder_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "drivers" / "features").mkdir(parents=True)
    (tmp_path / "drivers" / "secret").write_text("of the driver's")
    assert PackServer(root, tmp_path / "drivers").rows("../secret") is None


def mean_of(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.mean(axis=(1, 2)).astype(np.float32)


def refuse_to_describe(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise AssertionError(f"the driver has described these {len(images)}")


def test_rows_that_the_driver_has_computed_are_fetched(driver: ServedPacks, tmp_path: Path) -> None:
    here = opened_on(tmp_path / "node", driver)
    assert here.folder is not None
    there = open_rows(here.train.images, tmp_path / "drivers" / "packs" / here.folder.name, "mean", mean_of)
    with asking(driver):
        assert np.array_equal(open_rows(here.train.images, here.folder, "mean", refuse_to_describe), there)


def test_rows_that_the_driver_lacks_are_computed_on_the_node(driver: ServedPacks, tmp_path: Path) -> None:
    here = opened_on(tmp_path / "node", driver)
    assert here.folder is not None
    with asking(driver):
        assert np.array_equal(open_rows(here.train.images, here.folder, "mean", mean_of), mean_of(here.train.images))


def test_an_offer_says_what_each_file_holds(driver: ServedPacks, tmp_path: Path) -> None:
    offer = driver.offer(CHOICE, 24)
    contents = {file.path: (tmp_path / "drivers" / file.path).read_bytes() for file in offer.files}
    assert {file.path: file.sha256 for file in offer.files} == {
        path: hashlib.sha256(content).hexdigest() for path, content in contents.items()
    }


def test_who_is_not_told_otherwise_asks_nobody() -> None:
    assert current_source() is None
