"""How many trials share a GPU: by memory that was measured, by what all of them train together, and never too many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.sweeps.gpu_memory import GpuMemory
from ferray.sweeps.gpu_packing import Bounds, Packing, pack
from ferray.testing.fake_gpu import CountedGpu, FakeGpu, trained_within

MANY = Bounds(16, "cores")


def workload(**keys: Any) -> Workload:
    config = TrialConfig.model_validate({"dataset": "demo", "backbone": "tiny_cnn", "image_size": 32, **keys})
    return Workload.of(config, image_size=32, num_classes=7)


def by_batch(workload: Workload) -> float:
    return workload.batch_size / 16


SMALL, LARGE = workload(batch_size=16), workload(batch_size=128)


def packed(gpu: FakeGpu, folder: Path, *workloads: Workload, bounds: Bounds = MANY) -> Packing:
    return pack(workloads or (SMALL, LARGE), gpu, GpuMemory(gpu.facts, folder), bounds)


def test_largest_trial_decides_how_many_share_a_gpu(tmp_path: Path) -> None:
    found = packed(FakeGpu(40, by_batch), tmp_path)  # 8.5 GiB of the largest, of 38 that are not spared
    assert (found.per_gpu, found.gpus) == (4, 0.25)


def test_shares_leave_room_for_processes_and_a_little(tmp_path: Path) -> None:
    found = packed(FakeGpu(40, by_batch), tmp_path)
    assert found.memory_fraction == pytest.approx((40 * 0.95 / 4 - 0.5) / 40, abs=1e-4)
    assert found.memory_fraction * 40 >= 8  # what the largest takes


def test_no_more_share_than_train_more_together(tmp_path: Path) -> None:
    found = packed(FakeGpu(40, lambda _: 1, fills=lambda _: 3), tmp_path, SMALL)
    assert (found.per_gpu, found.gain) == (3, 3)


def test_trial_that_fills_a_gpu_has_it_alone(tmp_path: Path) -> None:
    found = packed(FakeGpu(40, lambda _: 1, fills=lambda _: 1.02), tmp_path, SMALL)
    assert (found.per_gpu, found.memory_fraction) == (1, 0)
    assert "one fills it, 2 trials at once train 1.02 times its images" in str(found)


def test_gpu_that_holds_one_is_not_shared(tmp_path: Path) -> None:
    gpu = FakeGpu(12, by_batch)
    assert packed(gpu, tmp_path).per_gpu == 1
    assert [copies for _, copies in gpu.asked] == [1, 1]


def test_trial_that_does_not_fit_alone_is_named(tmp_path: Path) -> None:
    found = packed(FakeGpu(6, by_batch), tmp_path)
    assert found.per_gpu == 1
    assert "tiny_cnn at 32 px in batches of 128 takes more than the memory that is free" in str(found)


def test_memory_that_others_use_is_left_to_them(tmp_path: Path) -> None:
    assert packed(FakeGpu(40, by_batch, used_gib=20), tmp_path).per_gpu == 2


def test_trials_of_one_worker_add_up(tmp_path: Path) -> None:
    assert packed(FakeGpu(40, by_batch), tmp_path, bounds=Bounds(16, "cores", 2)).per_gpu == 2


def test_images_that_lie_on_the_device_have_room_there(tmp_path: Path) -> None:
    there = workload(batch_size=128, augment="wang2020", augment_on="device")
    found = packed(FakeGpu(40, by_batch), tmp_path, there)  # 8 GiB, and 2.7 for images, which are a quarter at most
    assert found.per_gpu == 3
    assert found.memory_fraction * 40 * 0.75 >= 8


def test_bound_beside_memory_is_said(tmp_path: Path) -> None:
    found = packed(FakeGpu(40, by_batch), tmp_path, bounds=Bounds(1, "its machine has 1 core"))
    assert str(found) == "1 trial a GPU of Fake 40GB: its machine has 1 core"


def test_plan_says_what_decided(tmp_path: Path) -> None:
    assert str(packed(FakeGpu(40, by_batch), tmp_path)) == (
        "4 trials a GPU of Fake 40GB: they train 4.00 times the images of one; "
        "the largest, tiny_cnn at 32 px in batches of 128, takes 8.5 of 40.0 GiB"
    )


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    first, again = FakeGpu(40, by_batch), FakeGpu(40, by_batch)
    assert packed(first, tmp_path) == packed(again, tmp_path)
    assert first.asked
    assert not again.asked


@pytest.mark.parametrize("per_gpu", [3, 6, 7, 16])
def test_shares_of_a_gpu_add_up_to_no_more_than_it_in_four_digits(per_gpu: int) -> None:
    share = Packing(FakeGpu(1, by_batch).facts, per_gpu, "").gpus
    assert round(share * 10_000) * per_gpu <= 10_000
    assert int(1 / share + 1e-9) == per_gpu


def test_trials_that_are_packed_train_within_the_memory_that_there_is(tmp_path: Path) -> None:
    tiny = workload(batch_size=4, backbone={"tiny_cnn": {"depth": 2, "width": 4}}, augment="none")
    gpu = CountedGpu(int(trained_within(2**40, tiny) * 3.5))
    found = pack([tiny], gpu, GpuMemory(gpu.facts, tmp_path), MANY)
    assert found.per_gpu == 3
    assert trained_within(int(found.memory_fraction * gpu.memory_bytes), tiny) > gpu.memory_bytes / 4
    assert gpu.measure(tiny, 4).ran_out
