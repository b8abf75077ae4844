"""What is kept of a type of GPU: by device and versions, and more of it after a trial that ran out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.sweeps.gpu_memory import GpuFacts, GpuMemory, Measurement

A100 = GpuFacts("NVIDIA A100-SXM4-40GB", 40 * 2**30)
ONE = Measurement(1000, 10, 50.0)


def workload(**keys: Any) -> Workload:
    config = TrialConfig.model_validate({"dataset": "demo", "backbone": "tiny_cnn", "image_size": 32, **keys})
    return Workload.of(config, image_size=32, num_classes=7)


def test_figures_outlive_the_sweep(tmp_path: Path) -> None:
    GpuMemory(A100, tmp_path).learn(workload(), 1, ONE)
    again = GpuMemory(A100, tmp_path)
    assert again.rate(workload(), 1) == 50.0
    assert again.rate(workload(), 2) is None


def test_other_devices_have_figures_of_their_own(tmp_path: Path) -> None:
    GpuMemory(A100, tmp_path).learn(workload(), 1, ONE)
    others = (replace(A100, name="NVIDIA H100"), replace(A100, memory_bytes=80 * 2**30), replace(A100, has_mps=True))
    assert [GpuMemory(each, tmp_path).known(workload()) for each in others] == [None, None, None]


def test_what_others_use_at_the_moment_is_no_part_of_the_device(tmp_path: Path) -> None:
    GpuMemory(A100, tmp_path).learn(workload(), 1, ONE)
    assert GpuMemory(replace(A100, used_bytes=5), tmp_path).known(workload()) is not None


def test_most_memory_that_was_seen_counts(tmp_path: Path) -> None:
    memory = GpuMemory(A100, tmp_path)
    memory.learn(workload(), 1, ONE)
    memory.learn(workload(), 2, Measurement(900, 20, 80.0))
    known = memory.known(workload())
    assert known is not None
    assert (known.peak_bytes, known.context_bytes, known.images_per_s) == (1000, 20, {"1": 50.0, "2": 80.0})


def test_batch_that_was_not_measured_takes_at_most_what_the_next_larger_one_does(tmp_path: Path) -> None:
    memory = GpuMemory(A100, tmp_path)
    memory.learn(workload(batch_size=64), 1, Measurement(1000, 10, 50.0))
    memory.learn(workload(batch_size=128), 1, Measurement(2000, 10, 50.0))
    assert (need := memory.need(workload(batch_size=32))) is not None
    assert need.peak_bytes == 1000
    assert memory.need(workload(batch_size=256)) is None


def test_trial_that_ran_out_takes_more_than_it_had(tmp_path: Path) -> None:
    memory = GpuMemory(A100, tmp_path)
    memory.learn(workload(batch_size=64), 1, ONE)
    memory.learn_that_it_ran_out(workload(batch_size=32), 5000)
    known = GpuMemory(A100, tmp_path).known(workload(batch_size=32))
    assert known is not None
    assert (known.peak_bytes, known.ran_out_bytes, known.context_bytes) == (6000, 5000, 10)


def test_memory_that_ran_out_beside_others_is_measured_again_by_the_next_sweep(tmp_path: Path) -> None:
    crowded = GpuMemory(replace(A100, used_bytes=30 * 2**30), tmp_path)
    crowded.learn(workload(), 1, ONE)
    crowded.learn(workload(), 2, Measurement(1000, 10, 0.0))
    again = GpuMemory(A100, tmp_path)
    assert (crowded.rate(workload(), 2), again.rate(workload(), 1), again.rate(workload(), 2)) == (0.0, 50.0, None)


def test_memory_that_ran_out_on_a_free_device_is_kept(tmp_path: Path) -> None:
    GpuMemory(A100, tmp_path).learn(workload(), 1, Measurement(1000, 10, 0.0))
    assert GpuMemory(A100, tmp_path).rate(workload(), 1) == 0.0


def test_damaged_figures_are_measured_again(tmp_path: Path) -> None:
    memory = GpuMemory(A100, tmp_path)
    memory.learn(workload(), 1, ONE)
    memory.path.write_text("{")
    assert GpuMemory(A100, tmp_path).known(workload()) is None


def test_two_sweeps_that_measure_at_once_keep_both_figures(tmp_path: Path) -> None:
    one, other = GpuMemory(A100, tmp_path), GpuMemory(A100, tmp_path)
    one.learn(workload(), 1, ONE)
    other.learn(workload(batch_size=64), 1, ONE)
    assert len(json.loads(one.path.read_text())["workloads"]) == 2
