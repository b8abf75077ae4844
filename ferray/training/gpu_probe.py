"""`python -m ferray.training.gpu_probe`: one of several trainings on a GPU, told over stdin when to train.

A line of JSON on stdin is what to do, one on stdout what came of it: `facts`; `build` a workload; `train` for so many
seconds; `free` its memory. Ends with stdin, so that nothing outlives who asks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import torch

from ferray.config.workload import Workload
from ferray.errors import FerrayError
from ferray.training.device_trial import DeviceTrial, torch_memory
from ferray.training.failure import is_out_of_memory
from ferray.training.process_state import give_memory_back


class Probe:
    """Holds one training at a time."""

    def __init__(self) -> None:
        self._trial: DeviceTrial | None = None

    def facts(self, _: Any) -> dict[str, Any]:
        """The device by name, its memory, and what of it is in use before there is any training."""
        if not torch.cuda.is_available():
            return {"error": "torch finds no GPU"}
        _, used, total = torch_memory()
        return {"name": torch.cuda.get_device_name(), "memory_bytes": total, "used_bytes": used}

    def build(self, workload: dict[str, Any]) -> dict[str, Any]:
        """Memory that the training takes, and that is in use beside: its process, and others."""
        self._close()
        if not torch.cuda.is_available():
            return {"error": "torch finds no GPU"}
        torch_memory()
        self._trial = DeviceTrial(Workload(**workload))
        peak, used, _ = torch_memory()
        return {"peak_bytes": peak, "used_bytes": used}

    def train(self, seconds: float) -> dict[str, Any]:
        """Images a second; the memory that it took at most."""
        assert self._trial is not None, "it is built first"
        rate = self._trial.images_per_s(seconds)
        return {"images_per_s": rate, "peak_bytes": torch_memory()[0]}

    def free(self, _: Any) -> dict[str, Any]:
        """Hold no training any more."""
        self._close()
        return {}

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What comes of one line; memory that is refused is an answer."""
        acts: dict[str, Callable[[Any], dict[str, Any]]] = {
            "facts": self.facts,
            "build": self.build,
            "train": self.train,
            "free": self.free,
        }
        ((what, given),) = asked.items()
        try:
            return acts[what](given)
        except Exception as error:
            # Outside of this block, whose error keeps what was on the device, memory is given back.
            told = {"ran_out": True} if is_out_of_memory(error) else {"error": _words(error)}
        self._close()
        return told

    def _close(self) -> None:
        if self._trial is not None:
            self._trial.close()
            self._trial = None
        else:
            give_memory_back()


def _words(error: Exception) -> str:
    message = error.message if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"
    return message.split("\n", 1)[0]


def main() -> None:
    probe, answers = Probe(), sys.stdout
    with redirect_stdout(sys.stderr):  # what a network prints is no answer
        for line in sys.stdin:
            answers.write(json.dumps(probe.answer(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
