"""The Ray launcher: what fits where, and sweeps on a real embedded cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.errors import ClusterError, ConfigError
from ferray.events import EpochReport, FailureReason, Outcome, OutcomeKind
from ferray.launch._trainable import BundleTrainable
from ferray.registry import ROOMS
from ferray.study.history import load_sweep
from ferray.sweeps.placement import find_placement
from ferray.testing.curves import curve_report, saturating

SPACE = """
dataset: {demo: {num_train: 210, num_val: 70, num_test: 70}}
budget: {trials: 8}
sampler: random
pruner: {median: {startup_trials: 2}}
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 4}
space:
  optimizer.lr: {log_uniform: [1e-5, 1e-1]}
  imbalance: {one_of: [none, undersample, {focal: {gamma: {uniform: [0.5, 4.0]}}}]}
"""


def slots(*nodes: dict[str, float], **wishes: Any) -> int:
    return find_placement(Runtime(**wishes), list(nodes), "the cluster").slots


def test_one_gpu_a_trial_where_the_cluster_has_any() -> None:
    assert slots({"CPU": 16, "GPU": 4}) == 4


def test_trials_have_use_for_as_many_workers_as_they_need_and_fit() -> None:
    place = find_placement(Runtime(trials_per_worker=4), [{"CPU": 3}], "the cluster")
    assert [place.num_workers(trials) for trials in (1, 5, 100)] == [1, 2, 3]


def test_fractions_of_a_gpu_pack_trials_without_spanning_two() -> None:
    assert slots({"CPU": 64, "GPU": 4}, gpus_per_trial=0.4) == 8


def actor_that_has(result: EpochReport | Outcome, *, worn: bool) -> BundleTrainable:
    """An actor whose worker's next step gives this result."""
    actor = BundleTrainable.__new__(BundleTrainable)
    actor._worker = SimpleNamespace(step=lambda: {0: result})
    actor._freshness = SimpleNamespace(is_gone=worn)
    actor._is_retired = False
    actor._node = "a1"
    return actor


def test_worn_out_worker_says_so_at_every_epoch() -> None:
    report = curve_report(TrialConfig.model_validate({"dataset": "demo", "epochs": 4}), 1, saturating)
    assert actor_that_has(report, worn=True).step()["worn_out"]
    assert not actor_that_has(report, worn=False).step()["worn_out"]


@pytest.mark.parametrize(
    ("reason", "ends"),
    [(FailureReason.BUG, True), (FailureReason.STORAGE, False), (FailureReason.BAD_SAMPLE, False)],
)
def test_process_ends_with_what_may_be_wrong_with_it(reason: FailureReason, ends: bool) -> None:
    failure = Outcome(OutcomeKind.FAILED, "so it was", reason=reason)
    assert actor_that_has(failure, worn=False).step()["worn_out"] is ends


def test_no_trial_spans_two_nodes() -> None:
    assert slots({"CPU": 3}, {"CPU": 5}, cpus_per_trial=2) == 3


def test_cuda_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(ClusterError, match="no CUDA device"):
        ROOMS["launcher"].load("ray")(Runtime(device="cuda")).check()


def test_device_cpu_leaves_the_gpus_alone() -> None:
    assert find_placement(Runtime(device="cpu"), [{"CPU": 16, "GPU": 4}], "the cluster").gpus == 0


def test_max_concurrent_bounds_the_slots() -> None:
    assert slots({"CPU": 16}, max_concurrent=3) == 3


def test_a_place_says_how_many_run_and_what_each_gets() -> None:
    nodes = [{"CPU": 16.0, "GPU": 4.0}]
    assert str(find_placement(Runtime(cpus_per_trial=2), nodes, "x")) == "4 trials at a time, 2 cores and 1 GPU each"
    shared = Runtime(cpus_per_trial=2, trials_per_worker=3)
    assert str(find_placement(shared, nodes, "x")) == "4 workers of 3 trials at a time, 2 cores and 1 GPU each"
    assert find_placement(shared, nodes, "x").num_trials == 12
    assert str(find_placement(Runtime(), [{"CPU": 1.0}], "x")) == "1 trial at a time, 1 core"
    assert (
        str(find_placement(Runtime(gpus_per_trial=0.5), nodes, "x")) == "8 trials at a time, 1 core and 0.5 GPUs each"
    )


@pytest.mark.parametrize("wish", [{"cpus_per_trial": 3}, {"gpus_per_trial": 0.5}])
def test_trial_that_can_never_be_placed_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(ClusterError, match="a trial asks for"):
        slots({"CPU": 2}, {"CPU": 2}, **wish)


def test_cluster_with_a_head_alone_is_told_what_helps() -> None:
    with pytest.raises(ClusterError) as refused:
        find_placement(Runtime(address="auto"), [{}], "the cluster")
    assert refused.value.hint == "start a node that has some, or pass `--wait 30m` for one that joins"


def test_nobody_waits_for_nodes_of_one_machine() -> None:
    with pytest.raises(ClusterError) as refused:
        find_placement(Runtime(cpus_per_trial=3), [{"CPU": 2}], "this machine")
    assert refused.value.hint == "pass `--cpus-per-trial 2` or fewer"


def test_device_cuda_wants_a_gpu_whatever_the_cluster_has() -> None:
    with pytest.raises(ClusterError, match="asks for `1` GPUs"):
        slots({"CPU": 2}, device="cuda")


def test_registry_finds_the_launcher_by_its_file() -> None:
    assert ROOMS["launcher"].load("ray").__name__ == "Ray"


def command(folder: Path, *args: str) -> list[str]:
    (folder / "tiny.yaml").write_text(SPACE)
    where = ["--output", str(folder / "runs"), "--tracker", "none"]
    return [sys.executable, "-m", "cli", "sweep", str(folder / "tiny.yaml"), *where, *args]


def finish(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, *args), capture_output=True, text=True, timeout=600, check=False)


def wait_until(is_so: Callable[[Path], bool], folder: Path) -> None:
    until = time.monotonic() + 600
    while not is_so(folder / "runs/tiny"):
        assert time.monotonic() < until, "the sweep did not get that far"
        time.sleep(0.2)


def three_have_ended(sweep: Path) -> bool:
    """Whether so many trials have, by what the store says."""
    with suppress(ConfigError):  # of a store that says nothing yet: ask again in a moment
        return (sweep / "study.journal").exists() and sum(t.ended is not None for t in load_sweep(sweep).trials) >= 3
    return False


def one_trains(sweep: Path) -> bool:
    return any(sweep.glob("trials/*/history.jsonl"))


@pytest.mark.ray
def test_sweep_on_ray_prunes_and_completes_and_keeps_the_contract(tmp_path: Path) -> None:
    done = finish(tmp_path, "--json", "--max-concurrent", "2")
    assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout)["trials"]
    assert len(trials) == 8
    assert {trial["state"] for trial in trials} == {"complete", "pruned"}


@pytest.mark.ray
def test_killed_driver_goes_on_without_losing_or_doubling_a_trial(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        wait_until(three_have_ended, tmp_path)
        os.kill(process.pid, signal.SIGKILL)
    done = finish(tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout)["trials"]
    ended = [
        json.dumps(trial["params"], sort_keys=True) for trial in trials if trial["state"] in ("complete", "pruned")
    ]
    assert len(ended) == len(set(ended)) == 8
    assert not [trial for trial in trials if trial["state"] == "running"]


@pytest.mark.ray
def test_ctrl_c_ends_with_130_and_the_sweep_goes_on(tmp_path: Path) -> None:
    endless = command(tmp_path, "--epochs", "10000")
    with subprocess.Popen(endless, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        wait_until(one_trains, tmp_path)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=600)
    assert process.returncode == 130, err
    assert "starting Ray on this machine" in err
    assert "stopping: asking" in err
    assert "run the same command again" in err
    outcomes = {trial.outcome for trial in load_sweep(tmp_path / "runs/tiny").trials}
    assert "running" not in outcomes
    assert "interrupted" in outcomes
