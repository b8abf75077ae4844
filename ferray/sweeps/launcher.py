"""`Launcher`: what carries bundles of trials to workers and brings back what happens to them. It decides nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from ferray.config.job import JobBundle
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport, FailureReason, Host, Outcome, Save
from ferray.registry import Params as BaseParams
from ferray.sweeps.gpu_sharing import SharedGpu
from ferray.sweeps.placement import Placement
from ferray.sweeps.timeouts import Phase


@dataclass(frozen=True)
class TrialEvent:
    """A trial has ended an epoch, or has failed."""

    number: int
    result: EpochReport | Outcome


@dataclass(frozen=True)
class WorkerLost:
    """A worker is gone, and with it these trials of its bundle; `words` is all that is known of its end.

    `is_elsewhere`: it was the place's failure, and its trials may run at another one.
    """

    numbers: tuple[int, ...]
    reason: FailureReason
    message: str
    words: str = ""
    is_elsewhere: bool = False


@dataclass(frozen=True)
class NotSaved:
    """A trial that ends for now could not be saved where it stopped."""

    number: int
    why: str


@dataclass(frozen=True)
class PhaseEntered:
    """A trial waits for its resources, starts or trains from now on."""

    number: int
    phase: Phase


@dataclass(frozen=True)
class MustMove:
    """A trial is to save at the end of its epoch and go on elsewhere, since its place is about to go."""

    number: int
    why: str


@dataclass(frozen=True)
class Placed:
    """A trial is trained by this host, as is now known."""

    number: int
    host: Host


Event = TrialEvent | WorkerLost | NotSaved | PhaseEntered | Placed | MustMove


class Launcher(ABC):
    """Trains bundles at a place. Chosen by name through `Runtime.launcher`; without parameters.

    All calls come from the thread of the loop, in the scope of `opened`; `check` may be asked at any time.
    """

    class Params(BaseParams):
        pass

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    @abstractmethod
    def check(self) -> Placement:
        """What a worker gets and how many run at a time, before anything is started.

        ClusterError where one trial's resources can never be granted, or a cluster does not answer.
        """

    def prepare(self, configs: Sequence[TrialConfig], num_trials: int) -> None:
        """Begin aside what takes long before so many trials like these can be trained; `opened` then waits for it."""
        del configs, num_trials

    def close(self) -> None:  # noqa: B027 (most launchers prepare nothing)
        """Give up what `prepare` has begun, without waiting for its end; nothing after `opened`."""

    def share_workers(self, num_trials: int) -> None:
        """Have each worker be for so many trials, where that is known only since `check`; before `opened`."""
        self.runtime = self.runtime.model_copy(update={"trials_per_worker": num_trials})

    @abstractmethod
    def opened(self, tell: Callable[[str], None]) -> AbstractContextManager[None]:
        """The scope in which bundles are trained; `tell` says to the user what is waited for.

        Whatever still runs at its end is given up without being saved.
        """

    @abstractmethod
    def capacity(self) -> Placement:
        """The place as it is now: nodes may have joined or left since the last time."""

    def shared_gpus(self, tell: Callable[[str], None]) -> AbstractContextManager[Sequence[SharedGpu]]:
        """The types of GPU that several trials at a time may share, to be measured in that scope; may be none.

        Asked before anything is started. `tell` says to the user what is waited for.
        """
        del tell
        return nullcontext(())

    def give_gpus(self, gpus: float) -> None:
        """Workers that start from now on have so much of a GPU."""
        del gpus  # a place that trains one trial at a time gives it what there is

    def expect(self, num_workers: int) -> None:
        """So many workers would be of use now, those that run included."""
        del num_workers  # of no use to a place that does not grow

    @abstractmethod
    def start(self, bundle: JobBundle) -> None:
        """Have a worker train this bundle, as soon as one is free."""

    @abstractmethod
    def poll(self) -> Sequence[Event]:
        """What has happened, waited for a moment; may be nothing.

        Trials whose epochs were returned by the call before go on, unless they were dropped.
        """

    @abstractmethod
    def drop(self, number: int, *, save: Save) -> None:
        """End a trial at the epoch that it has told, or before it began; the others of its bundle go on.

        What its worker is to `save` it writes first; nothing is heard of that but a `NotSaved`.
        """

    @abstractmethod
    def kill(self, number: int) -> None:
        """End the worker of a trial that says nothing more; a `WorkerLost` follows."""

    @abstractmethod
    def stop(self) -> Sequence[Event]:
        """Start nothing more, and let the trials that run save within a few seconds; who could not.

        Where none runs, the checkpoints that dropped trials still write are waited for.
        """
