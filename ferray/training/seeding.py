"""Where every random number of a trial comes from: its seed, a purpose and, for what recurs, an epoch and a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ferray.system.late import late

if TYPE_CHECKING:
    import torch
else:
    torch = late("torch")


def derive_seed(seed: int, purpose: str, *indices: int) -> int:
    """32 bits that depend on all arguments and on nothing else, so no draw moves another."""
    digest = hashlib.sha256(purpose.encode()).digest()
    entropy = [seed, int.from_bytes(digest[:8], "little"), *indices]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def derive_generator(seed: int, purpose: str, *indices: int) -> np.random.Generator:
    """A numpy generator of its own for one purpose."""
    return np.random.default_rng(derive_seed(seed, purpose, *indices))


class TorchRandomness:
    """torch's own generators as one trial sees them, for dropout and all else that draws inside a network.

    Layers draw from torch's global generators, which a warm worker's trials share. `active` puts the trial's states in
    and the former ones back, so the tenth trial of a process draws what it would draw in a fresh one.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._device = device
        self._states = {"cpu": torch.Generator().manual_seed(seed).get_state()}
        if device.type == "cuda":
            self._states["cuda"] = torch.Generator(device).manual_seed(seed).get_state()

    @contextmanager
    def active(self) -> Iterator[None]:
        """The scope in which this trial draws; an exception leaves the trial's states as they were before it."""
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.set_rng_state(self._states["cpu"])
            if "cuda" in self._states:
                torch.cuda.set_rng_state(self._states["cuda"], self._device)
            yield
            self._states = self._current()

    def lend(self) -> torch.Generator:
        """A generator that stands as the trial's on its device, until `take_back`."""
        generator = torch.Generator(self._device if "cuda" in self._states else "cpu")
        return generator.set_state(self._states[self._device.type])

    def take_back(self, generator: torch.Generator) -> None:
        """Go on where a lent generator stands."""
        self._states = {**self._states, self._device.type: generator.get_state()}

    def state_dict(self) -> dict[str, Any]:
        return dict(self._states)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the states of the generators that exist here too: a trial begun on CPU may go on on a GPU.

        RuntimeError or TypeError for what is no state of a generator.
        """
        shared = {name: value for name, value in state.items() if name in self._states}
        for name, value in shared.items():
            torch.Generator(self._device if name == "cuda" else "cpu").set_state(value)
        self._states |= shared

    def _current(self) -> dict[str, torch.Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self._device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self._device)
        return states
