"""A sweep over three hosts that share no folder: `make cluster-test`."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator

import pytest

from ferray.testing.fake_data import write_image_folder
from tests.labs.hosts import Host, why_no_hosts
from tests.labs.ray_cluster import CACHE, DATA, RUNS, RayCluster, end, ray_cluster, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(why_no_hosts()), reason=why_no_hosts())]

TRIALS = 4
CUT_S = 30
LONG = 150  # epochs of a trial that outlasts what happens to it
BEGUN = 10  # epochs
SPACE = """
dataset: {{image_folder: {{}}}}
budget: {{trials: {trials}}}
sampler: random
pruner: none
base:
  {{image_size: 48, augment: light, backbone: {{tiny_cnn: {{width: 8, depth: 3}}}}, batch_size: 16, epochs: {epochs}}}
space: {{optimizer.lr: {{log_uniform: [1.0e-4, 2.0e-2]}}}}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """A head that has images, and two workers that have none."""
    with ray_cluster(2, tmp_path_factory.mktemp("hosts")) as made:
        write_image_folder(made.head.path(DATA), per_class=20)
        yield made


@pytest.fixture(scope="module")
def whole(cluster: RayCluster) -> int:
    """The exit code of a sweep that nobody disturbed."""
    return end(cluster.start(SPACE.format(trials=TRIALS, epochs=20), "whole"))


def counts(cluster: RayCluster, name: str) -> dict[str, object]:
    known = cluster.tally(name)
    return {key: known[key] for key in ("finished", "lost", "doubled", "left_running")}


def finished(trials: int) -> dict[str, object]:
    return {"finished": trials, "lost": 0, "doubled": 0, "left_running": 0}


def packs(host: Host) -> dict[str, str]:
    """The hash of each array of images in the host's cache, by its name."""
    return {
        str(file.relative_to(host.path(CACHE))): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(host.path(CACHE).rglob("*.npy"))
    }


def test_a_sweep_ends_though_no_folder_is_shared(cluster: RayCluster, whole: int) -> None:
    assert (whole, counts(cluster, "whole")) == (0, finished(TRIALS)), cluster.log("whole").read_text()


@pytest.mark.usefixtures("whole")
def test_every_worker_trains(cluster: RayCluster) -> None:
    hosts = {trial.host for trial in cluster.record("whole").trials}
    assert hosts == {host.name for host in cluster.workers}


@pytest.mark.usefixtures("whole")
def test_every_checkpoint_is_on_the_head(cluster: RayCluster) -> None:
    assert len(list(cluster.head.path(f"{RUNS}/whole/trials").glob("*/best.pt"))) == TRIALS


@pytest.mark.usefixtures("whole")
def test_workers_have_no_results_of_their_own(cluster: RayCluster) -> None:
    assert [host.name for host in cluster.workers if host.path(RUNS).exists()] == []


@pytest.mark.usefixtures("whole")
def test_every_worker_holds_the_very_images_of_the_head(cluster: RayCluster) -> None:
    held = packs(cluster.head)
    assert held
    assert [packs(host) for host in cluster.workers] == [held, held]


def in_the_middle(cluster: RayCluster, name: str) -> subprocess.Popen[bytes]:
    """A sweep that has a trial under way on each worker."""
    sweep = cluster.start(SPACE.format(trials=TRIALS, epochs=LONG), name)
    wait_until(sweep, lambda: sum(num >= BEGUN for num in cluster.epochs(name).values()) >= len(cluster.workers))
    return sweep


def test_a_link_that_is_cut_for_half_a_minute_loses_nothing(cluster: RayCluster) -> None:
    sweep = in_the_middle(cluster, "cut")
    cluster.workers[-1].cut()
    time.sleep(CUT_S)
    cluster.workers[-1].heal()
    assert (end(sweep), counts(cluster, "cut")) == (0, finished(TRIALS)), cluster.log("cut").read_text()


def test_the_trials_of_a_host_that_dies_go_on_elsewhere_from_their_checkpoints(cluster: RayCluster) -> None:
    sweep = in_the_middle(cluster, "killed")
    cluster.workers[-1].kill()
    assert (end(sweep), counts(cluster, "killed")) == (0, finished(TRIALS)), cluster.log("killed").read_text()
    assert cluster.tally("killed")["resumed"] == 1
