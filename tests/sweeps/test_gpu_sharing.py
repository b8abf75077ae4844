"""A sweep whose trials share GPUs: nothing runs out, and where it does, it is asked again with what it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.workload import Workload
from ferray.errors import ClusterError
from ferray.events import Found
from ferray.study.history import load_sweep
from ferray.sweeps.check import Checked, _sharing, valid_corners
from ferray.sweeps.disk_space import DiskNeed
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.gpu_memory import Measurement
from ferray.sweeps.gpu_probing import share_gpus, workloads_of
from ferray.sweeps.gpu_sharing import GpuSharing, SharedGpu, find_sharing
from ferray.sweeps.loop import run_trials
from ferray.sweeps.placement import Placement
from ferray.sweeps.plan import Plan
from ferray.testing.curves import open_driver, small_spec
from ferray.testing.fake_gpu import CurvesOnGpus, FakeGpu

SPACE: dict[str, Any] = {
    "base": {"epochs": 2, "backbone": "tiny_cnn", "image_size": 32},
    "space": {"optimizer.lr": {"log_uniform": [1e-5, 1e-1]}, "batch_size": {"choice": [16, 32, 64]}},
}


def gib(batch_size: int) -> float:
    return batch_size / 16


def workloads(spec: SweepSpec) -> list[Workload]:
    return workloads_of(valid_corners(spec), num_classes=7, places=lambda _: pytest.fail("no rows"), threads=1)


def sharing_of(spec: SweepSpec, gpu: FakeGpu, folder: Path, **runtime: Any) -> GpuSharing:
    place = Runtime(cache_dir=folder, **runtime)
    found = find_sharing(workloads(spec), [SharedGpu(gpu, 16)], place, trials=spec.budget.trials)
    assert found is not None
    return found


def measured(workload: Workload) -> float:
    return gib(workload.batch_size)


def half_of_it(workload: Workload) -> float:
    return gib(workload.batch_size) / 2


class Played:
    """A sweep on one GPU of 20 GiB, whose probe believes that trials take what `probe` says."""

    def __init__(self, folder: Path, probe: Callable[[Workload], float], need: Callable[[TrialJob], float]) -> None:
        spec = small_spec(**SPACE, budget={"trials": 12})
        self.sharing = sharing_of(spec, FakeGpu(20, probe), folder)
        self.began_with = self.sharing.packing.per_gpu
        self.driver: SweepDriver = open_driver(folder / "curves", spec)
        self.driver.sharing = self.sharing
        self.launcher = CurvesOnGpus(self.driver.runtime, need, memory_gib=20, gpus=self.sharing.gpus)
        run_trials(self.driver, self.launcher)
        self.trials = load_sweep(self.driver.folder).trials


def needed(job: TrialJob) -> float:
    return gib(job.config["batch_size"])


def test_largest_batches_of_the_space_are_measured() -> None:
    (found,) = workloads(small_spec(**SPACE))
    assert found.batch_size == 64


def test_packed_sweep_runs_out_of_nothing(tmp_path: Path) -> None:
    played = Played(tmp_path, measured, needed)
    assert {trial.outcome for trial in played.trials} == {"completed"}
    assert (played.began_with, played.launcher.most_at_once) == (4, 4)  # 4.5 GiB each, of 19


def test_trials_that_run_out_are_asked_again_with_more_and_complete(tmp_path: Path) -> None:
    played = Played(tmp_path, half_of_it, needed)
    ended = [trial for trial in played.trials if trial.superseded_by is None]
    assert (played.began_with, played.sharing.packing.per_gpu) == (7, 4)  # the largest need 4 GiB
    assert [trial.outcome for trial in ended] == ["completed"] * 12
    assert any(trial.outcome == "interrupted" for trial in played.trials)


def test_what_a_trial_needed_is_known_to_the_next_sweep(tmp_path: Path) -> None:
    played = Played(tmp_path, half_of_it, needed)
    again = sharing_of(small_spec(**SPACE), FakeGpu(20, half_of_it), tmp_path)
    assert again.packing.per_gpu <= played.sharing.packing.per_gpu


def test_no_trial_that_shares_is_cut_in_pieces_or_left_unfenced(tmp_path: Path) -> None:
    sharing = sharing_of(small_spec(**SPACE), FakeGpu(20, measured), tmp_path)
    assert 0 < sharing.give(0) <= sharing.gpus


def test_trial_that_had_the_gpu_to_itself_is_not_asked_again(tmp_path: Path) -> None:
    spec = small_spec(**SPACE)
    sharing = sharing_of(spec, FakeGpu(6, measured), tmp_path)
    assert sharing.give(0) == 0.0
    assert sharing.ran_out(0, valid_corners(spec)[0], "CUDA out of memory") == ""


def test_neighbours_of_one_that_ran_out_do_not_make_shares_larger_again(tmp_path: Path) -> None:
    spec = small_spec(**SPACE)
    sharing = sharing_of(spec, FakeGpu(40, measured), tmp_path)
    config = valid_corners(spec)[0]
    for number in (0, 1):
        sharing.give(number)
    lines = [sharing.ran_out(number, config, "CUDA out of memory") for number in (0, 1)]
    after_one = sharing.packing.per_gpu
    assert lines[0] == lines[1]
    assert f"it goes on with a GPU that {after_one} trials share" in lines[1]


def test_memory_of_the_host_teaches_nothing_about_the_gpu(tmp_path: Path) -> None:
    spec = small_spec(**SPACE)
    sharing = sharing_of(spec, FakeGpu(40, measured), tmp_path)
    before, (workload,) = sharing.packing.per_gpu, workloads(spec)
    sharing.give(0)
    sharing.ran_out(0, valid_corners(spec)[0], "RuntimeError: DefaultCPUAllocator: not enough memory")
    assert sharing.packing.per_gpu == before - 1
    assert (known := sharing.memory.known(workload)) is not None
    assert known.ran_out_bytes == 0


def test_type_of_gpu_that_holds_the_fewest_decides(tmp_path: Path) -> None:
    spec = small_spec(**SPACE)
    gpus = [SharedGpu(FakeGpu(memory, measured), 16) for memory in (80, 14, 40)]
    found = find_sharing(workloads(spec), gpus, Runtime(cache_dir=tmp_path), trials=20)
    assert found is not None
    assert found.packing.per_gpu == 2


def test_no_more_share_than_cores_and_the_user_allow(tmp_path: Path) -> None:
    assert sharing_of(small_spec(**SPACE), FakeGpu(40, measured), tmp_path, max_concurrent=2).packing.per_gpu == 2
    few = find_sharing(
        workloads(small_spec(**SPACE)), [SharedGpu(FakeGpu(40, measured), 3)], Runtime(cache_dir=tmp_path), trials=20
    )
    assert few is not None
    assert few.packing.per_gpu == 3


class Broken(FakeGpu):
    """Is there, and says nothing."""

    def measure(self, workload: Workload, copies: int) -> Measurement:
        raise ClusterError("a training that measures the GPU has ended with exit code `1`")


class OnGpus(CurvesOnGpus):
    """A launcher with these GPUs."""

    gpus: Sequence[SharedGpu] = ()

    def shared_gpus(self, tell: Callable[[str], None]) -> AbstractContextManager[Sequence[SharedGpu]]:
        return nullcontext(self.gpus)


WITHOUT = Placement(1, 0.0, 1)


def asked(folder: Path, *gpus: FakeGpu, place: Placement = WITHOUT) -> tuple[GpuSharing | None, str]:
    launcher = OnGpus(Runtime(cache_dir=folder), needed, memory_gib=20, gpus=1)
    launcher.gpus = [SharedGpu(gpu, 16) for gpu in gpus]
    return share_gpus(launcher, place, workloads(small_spec(**SPACE)), trials=16, tell=lambda *_: None)


def test_device_that_cannot_be_measured_is_a_warning_and_a_whole_gpu(tmp_path: Path) -> None:
    assert asked(tmp_path, Broken(20, measured)) == (
        None,
        "`--gpus-per-trial auto` gives each trial a whole GPU: "
        "a training that measures the GPU has ended with exit code `1`",
    )


def test_machine_without_a_gpu_is_told(tmp_path: Path) -> None:
    assert asked(tmp_path) == (None, "`--gpus-per-trial auto` finds no GPU: trials train without one")


def test_gpu_that_trials_cannot_share_is_no_gpu_that_is_missing(tmp_path: Path) -> None:
    told = "`--gpus-per-trial auto` finds no GPU that trials could share: each has a whole one"
    assert asked(tmp_path, place=Placement(1, 1.0, 1)) == (None, told)


def test_workers_that_train_several_trials_as_one_have_memory_for_all_of_them(tmp_path: Path) -> None:
    found, _ = asked(tmp_path, FakeGpu(40, measured), place=Placement(1, 1.0, 1, trials_per_worker=2))
    assert found is not None
    assert (found.packing.per_gpu, found.trials_per_worker) == (4, 2)  # 8.5 GiB each, of 38


def test_check_measures_where_it_was_asked_to(tmp_path: Path) -> None:
    spec = small_spec(**SPACE)
    launcher = OnGpus(Runtime(cache_dir=tmp_path, gpus_per_trial="auto"), needed, memory_gib=20, gpus=1)
    launcher.gpus = [SharedGpu(FakeGpu(20, measured), 16)]
    found, warning = _sharing(spec, valid_corners(spec), 7, launcher, Placement(1, 1.0, 1), lambda *_: None)
    assert found is not None
    assert (found.placed(launcher.runtime).gpus_per_trial, warning) == (0.25, "")


def test_check_measures_nothing_that_nobody_asked_for(tmp_path: Path) -> None:
    launcher = OnGpus(Runtime(cache_dir=tmp_path), needed, memory_gib=20, gpus=1)
    launcher.gpus = [SharedGpu(Broken(20, measured), 16)]
    assert _sharing(small_spec(**SPACE), [], 7, launcher, WITHOUT, lambda *_: None) == (None, "")


def test_dry_run_says_what_would_be_done_and_why(tmp_path: Path) -> None:
    spec = small_spec(**SPACE)
    sharing = sharing_of(spec, FakeGpu(20, measured), tmp_path)
    checked = Checked(tuple(valid_corners(spec)), Placement(1, 0.25, 4), DiskNeed(2**30, None, 0), sharing=sharing)
    plan = Plan(spec, checked.placed(Runtime(output=tmp_path)), "space.yaml", checked, Found())
    assert plan.to_words()["GPUs"] == (
        "4 trials a GPU of Fake 40GB: they train 4.00 times the images of one; "
        "the largest, tiny_cnn at 32 px in batches of 64, takes 4.5 of 20.0 GiB"
    )
    told = plan.to_json()
    assert (told["slots"]["gpus_per_trial"], told["gpu_sharing"]["trials_per_gpu"]) == (0.25, 4)
