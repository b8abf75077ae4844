"""The driver's packs on another node of a real cluster, which has a cache of its own and no data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ferray.config.runtime import Runtime
from ferray.config.trial import DatasetChoice
from ferray.launch import _packs
from ferray.testing.fake_data import write_image_folder

SIZE = 400  # pixels a side: 36 images are 17 MB, more than one piece


@dataclass(frozen=True)
class Nodes:
    """Two, of which this process is connected to the first: its data set, its cache, and the id of the second."""

    root: Path
    cache: Path
    other: str


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    import ray
    from ray.cluster_utils import Cluster

    place = tmp_path_factory.mktemp("driver")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    other = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    nodes = Nodes(write_image_folder(place / "data"), place / "cache", str(other.node_id))
    actor = _packs.serve_packs(Runtime(data_root=nodes.root, cache_dir=nodes.cache))
    yield nodes
    del actor
    ray.shutdown()
    cluster.shutdown()


def opened_there(nodes: Nodes, place: Path, choice: DatasetChoice) -> Any:
    """What a worker on the other node has of a data set: the training images, and what it says where it has none."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def open_splits_there() -> tuple[np.ndarray[Any, Any], str]:
        from ferray.data.pack import open_splits
        from ferray.data.pack_source import asking
        from ferray.errors import FerrayError
        from ferray.launch._packs import driver_packs

        places = {"data_root": place / "nowhere", "cache_dir": place / "cache"}
        with asking(driver_packs()):
            try:
                splits = open_splits(choice, size=SIZE, limit_per_class=None, **places)
            except FerrayError as error:
                return np.zeros(0), str(error)
        return splits.train.images_of(np.arange(len(splits.train))), ""

    there = NodeAffinitySchedulingStrategy(nodes.other, soft=False)
    return ray.get(ray.remote(open_splits_there).options(scheduling_strategy=there).remote())


@pytest.mark.ray
def test_a_node_without_the_data_has_the_drivers_images(nodes: Nodes, tmp_path: Path) -> None:
    from ferray.data.pack import open_splits

    choice = DatasetChoice.model_validate("image_folder")
    images, _ = opened_there(nodes, tmp_path, choice)
    splits = open_splits(choice, size=SIZE, limit_per_class=None, data_root=nodes.root, cache_dir=nodes.cache)
    assert np.array_equal(images, splits.train.images_of(np.arange(len(splits.train))))


@pytest.mark.ray
def test_what_is_wrong_with_the_drivers_data_is_said_on_the_node(nodes: Nodes, tmp_path: Path) -> None:
    _, told = opened_there(nodes, tmp_path, DatasetChoice.model_validate({"image_folder": {"path": "gone"}}))
    assert told.startswith(f"dataset `image_folder` is not under `{nodes.root / 'gone'}`")


def test_a_worker_whose_driver_serves_nothing_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def there_is_none(name: str) -> None:
        raise ValueError(f"Failed to look up actor with name '{name}'")

    context = SimpleNamespace(get_job_id=lambda: "01000000")
    monkeypatch.setattr(_packs, "ray", SimpleNamespace(get_actor=there_is_none, get_runtime_context=lambda: context))
    assert _packs.driver_packs() is None
