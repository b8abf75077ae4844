"""The driver's packs on another node of a real cluster, which has a cache of its own and no data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.runtime import Runtime
from ferray.config.trial import DatasetChoice
from ferray.testing.fake_data import write_image_folder

pytestmark = pytest.mark.ray
CHOICE = DatasetChoice.model_validate("image_folder")
SIZE = 400  # pixels a side: 36 images are 17 MB, more than one piece


@pytest.fixture(scope="module")
def nodes() -> Iterator[str]:
    """The id of the second of two nodes, to the first of which this process is connected."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    other = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    yield str(other.node_id)
    ray.shutdown()
    cluster.shutdown()


def opened_on(node: str, cache: Path, root: Path) -> Any:
    """What a worker on that node has of the data set: the training images, and what it says where it has none."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def open_there() -> tuple[np.ndarray[Any, Any], str]:
        from ferray.data.pack import open_splits
        from ferray.data.pack_source import asking
        from ferray.errors import FerrayError
        from ferray.launch._packs import driver_packs

        with asking(driver_packs()):
            try:
                splits = open_splits(CHOICE, size=SIZE, limit_per_class=None, data_root=root, cache_dir=cache)
            except FerrayError as error:
                return np.zeros(0), str(error)
        return splits.train.images_of(np.arange(len(splits.train))), ""

    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.get(ray.remote(open_there).options(scheduling_strategy=there).remote())


def test_a_node_without_the_data_has_the_drivers_images(nodes: str, tmp_path: Path) -> None:
    from ferray.data.pack import open_splits
    from ferray.launch._packs import packs_served

    root = write_image_folder(tmp_path / "data")
    runtime = Runtime(data_root=root, cache_dir=tmp_path / "drivers")
    with packs_served(runtime):
        images, _ = opened_on(nodes, tmp_path / "nodes", tmp_path / "nowhere")
    splits = open_splits(CHOICE, size=SIZE, limit_per_class=None, data_root=root, cache_dir=tmp_path / "drivers")
    assert np.array_equal(images, splits.train.images_of(np.arange(len(splits.train))))


def test_what_is_wrong_with_the_drivers_data_is_said_on_the_node(nodes: str, tmp_path: Path) -> None:
    from ferray.launch._packs import packs_served

    with packs_served(Runtime(data_root=tmp_path / "gone", cache_dir=tmp_path / "drivers")):
        _, told = opened_on(nodes, tmp_path / "nodes", tmp_path / "nowhere")
    assert told.startswith(f"dataset `image_folder` is not under `{tmp_path}/gone`")


def test_a_worker_whose_driver_serves_nothing_asks_nobody(nodes: str, tmp_path: Path) -> None:
    _, told = opened_on(nodes, tmp_path / "nodes", tmp_path / "nowhere")
    assert told.startswith(f"dataset `image_folder` is not under `{tmp_path}/nowhere`")
