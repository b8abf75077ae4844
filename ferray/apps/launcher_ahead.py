"""The launcher of a sweep, which gets ready while the rest of the check goes on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import FerrayError

if TYPE_CHECKING:
    from ferray.config.trial import TrialConfig
    from ferray.sweeps.launcher import Launcher


class LauncherAhead(AbstractContextManager["LauncherAhead"]):
    """Where the check leaves the launcher that it has found; whatever ends the block ends what that has begun."""

    def __init__(self, spec: SweepSpec, runtime: Runtime, *, fresh: bool) -> None:
        self._spec, self._runtime, self._fresh = spec, runtime, fresh
        self.launcher: Launcher | None = None

    def prepare(self, launcher: Launcher, configs: Sequence[TrialConfig]) -> None:
        """Have it get ready for these, unless nothing is left to train or the share of a GPU is to be measured."""
        if launcher.runtime.gpus_per_trial == "auto":
            return
        self.launcher = launcher
        if num_left := self._num_left():
            launcher.prepare(configs, num_left)

    def __exit__(self, *_: object) -> None:
        if self.launcher is not None:
            self.launcher.close()

    def _num_left(self) -> int:
        """Trials of the budget that are not finished; 0 of a sweep that cannot be read, which its start refuses."""
        from ferray.study.found import found_in
        from ferray.study.history import load_sweep

        folder, budget = (self._runtime.output / self._spec.name).absolute(), self._spec.budget.trials
        if self._fresh or not folder.exists():
            return budget
        try:
            return max(0, budget - found_in(load_sweep(folder, self._runtime.storage)).finished)
        except FerrayError:
            return 0
