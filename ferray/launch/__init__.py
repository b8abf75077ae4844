"""The room of launchers: they carry jobs to where trials are trained and bring the epochs back. They decide nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ferray.config.runtime import Runtime
from ferray.registry import Params as BaseParams
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.placement import Placement

__all__ = ["Launcher"]


class Launcher(ABC):
    """Runs trials until the driver has no more. Chosen by name through `Runtime.launcher`; without parameters."""

    class Params(BaseParams):
        pass

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    @abstractmethod
    def check(self) -> Placement:
        """What a trial gets and how many run at a time, before anything is started.

        ClusterError where one trial's resources can never be granted, or a cluster does not answer.
        """

    @abstractmethod
    def run(self, driver: SweepDriver) -> None:
        """Run to the end. On KeyboardInterrupt every running trial is ended as interrupted before it goes on up."""
