"""A GPU of this machine, measured by processes: here a script that answers as they do, with memory and no device."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ferray.config.trial import TrialConfig
from ferray.config.workload import Workload
from ferray.errors import ClusterError
from ferray.launch._local_gpu import CONTEXT_BYTES, LocalGpu, _plausible, local_gpu, mps_is_on
from ferray.training.gpu_probe import Probe, main

SCRIPT = """
import json, sys

ANSWERS = {
    "facts": {"name": "Fake", "memory_bytes": 1000, "used_bytes": 100},
    "train": {"images_per_s": 10.0, "peak_bytes": 310},
    "free": {},
    7: {"peak_bytes": 300, "used_bytes": 150 + 2**20},
    8: {"error": "it broke"},
    9: {"ran_out": True},
}
for line in sys.stdin:
    ((what, given),) = json.loads(line).items()
    kind = given["num_classes"] if what == "build" else what
    if kind == 6:
        sys.exit(3)
    print(json.dumps(ANSWERS[kind]), flush=True)
"""


def workload(num_classes: int = 7) -> Workload:
    config = TrialConfig.model_validate({"dataset": "demo", "backbone": "tiny_cnn", "image_size": 32})
    return Workload.of(config, image_size=32, num_classes=num_classes)


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalGpu]:
    monkeypatch.setenv("PATH", str(tmp_path))  # without nvidia-smi
    script = tmp_path / "probe.py"
    script.write_text(SCRIPT)
    with local_gpu((sys.executable, "-S", str(script))) as found:
        yield found


def test_device_says_what_it_is(gpu: LocalGpu) -> None:
    assert (gpu.facts.name, gpu.facts.memory_bytes, gpu.facts.used_bytes) == ("Fake", 1000, 100)


A100, H100 = "NVIDIA A100-SXM4-40GB, 40960, 3", "NVIDIA H100 PCIe, 81559, 7"
PLAIN, LARGE = ("NVIDIA A100-SXM4-40GB", 40960 * 2**20, 3 * 2**20), ("NVIDIA H100 PCIe", 81559 * 2**20, 7 * 2**20)
ASKED = ("Fake", 1000, 100)  # by torch, in the probe's process


@pytest.mark.parametrize(
    ("gpus", "variables", "first"),
    [
        ((A100,), {}, PLAIN),
        ((A100, A100), {"CUDA_VISIBLE_DEVICES": "1,0"}, PLAIN),
        ((A100, H100), {}, ASKED),  # torch's first is the faster one, nvidia-smi's the one on the lower bus
        ((A100, H100), {"CUDA_VISIBLE_DEVICES": "0"}, ASKED),
        ((A100, H100), {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}, ASKED),
        ((A100, H100), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, PLAIN),
        ((A100, H100), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1,0"}, LARGE),
        ((A100, H100), {"CUDA_VISIBLE_DEVICES": "GPU-1bee"}, LARGE),
        ((A100, H100), {"CUDA_VISIBLE_DEVICES": "GPU-"}, ASKED),  # the beginning of both
        ((A100, H100), {"CUDA_VISIBLE_DEVICES": "MIG-4b1d"}, ASKED),
        ((A100,), {"CUDA_VISIBLE_DEVICES": "1"}, ASKED),
        (("[Unknown Error]",), {}, ASKED),
        ((), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ASKED),
    ],
)
def test_the_first_device_is_that_of_torch(
    gpu: LocalGpu,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gpus: tuple[str, ...],
    variables: dict[str, str],
    first: tuple[str, int, int],
) -> None:
    rows = "".join(f"echo '{index}, GPU-{index}bee5a2c, {told}'\n" for index, told in enumerate(gpus))
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{rows}")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (gpu.facts.name, gpu.facts.memory_bytes, gpu.facts.used_bytes) == first


def test_copies_add_up_to_a_rate_and_each_has_its_memory(gpu: LocalGpu) -> None:
    found = gpu.measure(workload(), 2)
    assert (found.images_per_s, found.peak_bytes, found.context_bytes) == (20.0, 310, 50 + 2**20)


def test_memory_that_is_refused_is_a_measurement(gpu: LocalGpu) -> None:
    assert gpu.measure(workload(9), 1).ran_out


def test_error_is_told_in_a_sentence(gpu: LocalGpu) -> None:
    with pytest.raises(ClusterError, match="a training that measures the GPU has failed: it broke"):
        gpu.measure(workload(8), 1)


def test_process_that_ends_is_told(gpu: LocalGpu) -> None:
    with pytest.raises(ClusterError, match="has ended with exit code `3`"):
        gpu.measure(workload(6), 1)


def test_processes_end_with_the_scope(gpu: LocalGpu) -> None:
    gpu.measure(workload(), 2)
    children = [process._child for process in gpu._processes]
    gpu.close()
    assert [child.returncode is not None for child in children] == [True, True]


def test_mps_is_seen_by_its_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(tmp_path))
    assert not mps_is_on()
    (tmp_path / "control").touch()
    assert mps_is_on()


def test_probe_itself_says_where_there_is_no_gpu() -> None:
    assert Probe().answer({"build": asdict(workload())}) == {"error": "torch finds no GPU"}


def test_what_a_network_prints_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(_: Probe, workload: dict[str, Any]) -> dict[str, Any]:
        print("loading weights ...")
        return workload

    monkeypatch.setattr(Probe, "build", build)
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"build": {"peak_bytes": 5}}\n'))
    main()
    assert capsys.readouterr() == ('{"peak_bytes": 5}\n', "loading weights ...\n")


def test_context_that_others_have_hidden_is_the_usual_one() -> None:
    assert [_plausible(found) for found in (-5, 0, 2**40)] == [CONTEXT_BYTES] * 3
