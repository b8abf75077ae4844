"""`LocalGpu`: a GPU of this machine, measured by trainings in processes of their own, as trials have them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from ferray.config.workload import Workload
from ferray.errors import ClusterError
from ferray.sweeps.gpu_memory import GpuFacts, Measurement

TRAIN_S = 2.0
ANSWER_WITHIN_S = 600.0  # torch is imported, a network built, its kernels chosen or compiled
CONTEXT_BYTES = 600 * 2**20  # that a process takes of a GPU, where nothing says what it takes
PROBE = (sys.executable, "-m", "ferray.training.gpu_probe")
MPS_FOLDER = "/tmp/nvidia-mps"  # where NVIDIA's daemon listens unless told otherwise


class LocalGpu:
    """The first GPU that this process may use. Its processes are started as they are needed, and end with `close`."""

    def __init__(self, command: tuple[str, ...] = PROBE) -> None:
        self._command = command
        self._processes: list[_Process] = []
        self._built: list[str] = []  # by process, the key of its training
        self._context = 0  # bytes of the first process beside its tensors

    @cached_property
    def facts(self) -> GpuFacts:
        """By nvidia-smi, in milliseconds, else by torch in a process, in seconds."""
        told = _smi_facts()
        if told is None:
            answer = self._process(0).ask({"facts": None})
            told = (str(answer["name"]), int(answer["memory_bytes"]), int(answer["used_bytes"]))
        return GpuFacts(*told, has_mps=mps_is_on())

    def measure(self, workload: Workload, copies: int) -> Measurement:
        """As `Gpu` has it. The processes build one after another, and train at the same time."""
        before = self.facts.used_bytes
        self._free_others(workload, copies)
        peak = 0
        for number in range(copies):
            if self._built[number : number + 1] == [workload.key]:
                continue
            built = self._process(number).ask({"build": asdict(workload)})
            if "ran_out" in built:
                return Measurement(peak, self._context, 0.0)
            self._built[number] = workload.key
            peak = max(peak, int(built["peak_bytes"]))
            self._context = self._context or _plausible(int(built["used_bytes"]) - before)
        return self._trained(copies, peak)

    def _trained(self, copies: int, peak: int) -> Measurement:
        """What so many processes do that have built."""
        for process in self._processes[:copies]:
            process.say({"train": TRAIN_S})
        answers = [process.hear() for process in self._processes[:copies]]
        if any("ran_out" in answer for answer in answers):
            self._built = ["" for _ in self._built]
            return Measurement(peak, self._context, 0.0)
        peak = max(peak, *(int(answer["peak_bytes"]) for answer in answers))
        return Measurement(peak, self._context, sum(float(answer["images_per_s"]) for answer in answers))

    def _free_others(self, workload: Workload, copies: int) -> None:
        """Have the memory back of trainings that do not take part."""
        for number, key in enumerate(self._built):
            if key and (key != workload.key or number >= copies):
                self._processes[number].ask({"free": None})
                self._built[number] = ""

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.close()
        self._processes, self._built = [], []

    def _process(self, number: int) -> _Process:
        while len(self._processes) <= number:
            self._processes.append(_Process(self._command))
            self._built.append("")
        return self._processes[number]


@contextlib.contextmanager
def local_gpu(command: tuple[str, ...] = PROBE) -> Iterator[LocalGpu]:
    """The GPU, and an end of its processes."""
    gpu = LocalGpu(command)
    try:
        yield gpu
    finally:
        gpu.close()


def mps_is_on() -> bool:
    """Whether NVIDIA's Multi-Process Service is there, which processes use by themselves where its pipe is."""
    return (Path(os.environ.get("CUDA_MPS_PIPE_DIRECTORY") or MPS_FOLDER) / "control").exists()


class _Process:
    """A training in a process of its own, asked by lines of JSON."""

    def __init__(self, command: tuple[str, ...]) -> None:
        # A session of its own: Ctrl-C ends who asks, and so this.
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # a checkout's is not installed
        )

    def ask(self, what: dict[str, Any]) -> dict[str, Any]:
        self.say(what)
        return self.hear()

    def say(self, what: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # `hear` says that it has ended
            stream = self._stream(self._child.stdin)
            stream.write(f"{json.dumps(what)}\n")
            stream.flush()

    def hear(self) -> dict[str, Any]:
        """The next answer; ClusterError where there is none, or it is an error."""
        stream = self._stream(self._child.stdout)
        ready, _, _ = select.select([stream], [], [], ANSWER_WITHIN_S)
        if not ready:
            raise ClusterError(f"a training that measures the GPU has said nothing for {ANSWER_WITHIN_S:g} s")
        line = stream.readline()
        if not line:
            raise ClusterError(f"a training that measures the GPU has ended with exit code `{self._child.wait()}`")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ClusterError(f"a training that measures the GPU has failed: {answer['error']}")
        return answer

    def close(self) -> None:
        """End it, whatever it does."""
        self._child.kill()
        for stream in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                self._stream(stream).close()
        self._child.wait()

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None, "it is a pipe"
        return stream


def _smi_facts() -> tuple[str, int, int] | None:
    """Name, bytes of memory and bytes in use of the first visible GPU by nvidia-smi; None where it does not say."""
    asked = ("--query-gpu=index,uuid,name,memory.total,memory.used", "--format=csv,noheader,nounits")
    try:
        told = subprocess.run(("nvidia-smi", *asked), capture_output=True, text=True, timeout=10, check=True).stdout
        first = _first_visible([[cell.strip() for cell in line.split(",")] for line in told.splitlines()])
        if first is None:
            return None
        _, _, name, total, used = first
        return name, int(total) * 2**20, int(used) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _first_visible(rows: list[list[str]]) -> list[str] | None:
    """The row of the GPU that CUDA calls 0 in this process, each its index, UUID, name, memory and what is in use.

    nvidia-smi counts by the bus, CUDA by speed unless told otherwise: a number means the same GPU to both, or one like
    it, only under that order, or where all are of one kind.
    """
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip() or "0"
    by_bus = os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    if first.isdecimal() and not by_bus and len({(name, total) for _, _, name, total, _ in rows}) > 1:
        return None
    found = [row for row in rows if row[0] == first or (row[1].startswith(first) and not first.isdecimal())]
    return found[0] if len(found) == 1 else None


def _plausible(context_bytes: int) -> int:
    """What a process takes beside its tensors, where others that came or went have not hidden it."""
    return context_bytes if 0 < context_bytes < 4 * CONTEXT_BYTES else CONTEXT_BYTES
