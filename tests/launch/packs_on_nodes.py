"""Run by `test_packs.py`: a driver with packs, and what a node that has no data set gets of them, as JSON.

A process of its own: what Ray has left in one that was connected to another cluster before reaches into the next.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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


@contextmanager
def nodes_in(place: Path) -> Iterator[Nodes]:
    """A cluster of two nodes, with a driver on the first."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    other = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    nodes = Nodes(write_image_folder(place / "data"), place / "cache", str(other.node_id))
    actor = _packs.serve_packs(Runtime(data_root=nodes.root, cache_dir=nodes.cache))
    try:
        yield nodes
    finally:
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


def main(place: Path) -> None:
    from ferray.data.pack import open_splits

    choice = DatasetChoice.model_validate("image_folder")
    with nodes_in(place) as nodes:
        images, _ = opened_there(nodes, place / "whole", choice)
        splits = open_splits(choice, size=SIZE, limit_per_class=None, data_root=nodes.root, cache_dir=nodes.cache)
        are_same = np.array_equal(images, splits.train.images_of(np.arange(len(splits.train))))
        _, told = opened_there(nodes, place / "gone", DatasetChoice.model_validate({"image_folder": {"path": "gone"}}))
    print(json.dumps({"has_the_drivers_images": are_same, "told": told}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
