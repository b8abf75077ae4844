"""Bundles of trials on warm actors of Ray Tune, on an embedded cluster or an existing one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # or `uv run ferray` has Ray upload the working folder
    "RAY_TRAIN_COUNT_PREEMPTION_AS_FAILURE": "1",  # or Tune restarts a preempted trial behind the driver's back
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # An answer lost on a cut link is missed then, not after 300 s; who asks more than once a minute is hung up on.
    "RAY_grpc_client_keepalive_time_ms": "61000",
    "RAY_grpc_client_keepalive_timeout_ms": "20000",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_FORCE_TRIAL_CLEANUP_S": "120",  # for a worker that is to end and does not: longer than any save may take
    "TUNE_MAX_PENDING_TRIALS_PG": "1000",
    "TUNE_WARN_THRESHOLD_S": "30",
}
for _name, _value in _QUIET.items():  # read by ray when it is imported, here and in every process it starts
    os.environ.setdefault(_name, _value)

import ray  # noqa: E402

from ferray.artifacts.trial import TrialArtifacts  # noqa: E402
from ferray.config.data_root import data_root_words  # noqa: E402
from ferray.config.job import JobBundle  # noqa: E402
from ferray.config.runtime import Runtime  # noqa: E402
from ferray.config.trial import TrialConfig  # noqa: E402
from ferray.errors import ClusterError  # noqa: E402
from ferray.events import FailureReason, Outcome, Save  # noqa: E402
from ferray.launch import Launcher  # noqa: E402
from ferray.launch._address import ignored_address  # noqa: E402
from ferray.launch._autoscaler import autoscaler_now  # noqa: E402
from ferray.launch._capacity import Capacity, await_placement  # noqa: E402
from ferray.launch._clusters import others_cluster  # noqa: E402
from ferray.launch._connection import connected  # noqa: E402
from ferray.launch._credentials import keep_credentials_here, keep_environment_here  # noqa: E402
from ferray.launch._demand import Demand  # noqa: E402
from ferray.launch._driver_actor import driver_files  # noqa: E402
from ferray.launch._embedded import EmbeddedCluster  # noqa: E402
from ferray.launch._gpus import node_gpus, own_gpus  # noqa: E402
from ferray.launch._heartbeat import heartbeat_of  # noqa: E402
from ferray.launch._late_imports import late_imports  # noqa: E402
from ferray.launch._node_check import NodeChecks  # noqa: E402
from ferray.launch._nodes import (  # noqa: E402
    draining_nodes,
    living_nodes,
    node_of_worker,
    num_gpus,
    own_resources,
    spelt_by_ray,
)
from ferray.launch._packs import serve_packs  # noqa: E402
from ferray.launch._phases import Phases, num_waiting_groups  # noqa: E402
from ferray.launch._resources import ask_ray_for_resources, count_resources_here  # noqa: E402
from ferray.launch._roster import Roster  # noqa: E402
from ferray.launch._saves import Saves, let_workers_save  # noqa: E402
from ferray.launch._services import ray_of_this_machine  # noqa: E402
from ferray.launch._session_folder import session_folder  # noqa: E402
from ferray.launch._tune import ActorDied, BundleHandle, StepEnded, TuneThread  # noqa: E402
from ferray.launch._worker_errors import UNKNOWN_LOSS, cannot_start_there, why_lost  # noqa: E402
from ferray.sweeps.gpu_sharing import SharedGpu  # noqa: E402
from ferray.sweeps.launcher import Event, MustMove, Placed, TrialEvent, WorkerLost  # noqa: E402
from ferray.sweeps.placement import Placement, bounded, find_placement, slots_of, wanted_placement  # noqa: E402

TURN_S = 0.1  # that the loop waits for news
LOOK_S = 2.0  # between two looks at the cluster
NODE_SEEN_S = 30.0  # after a worker's end its node may be seen to be gone: so long Ray may take to miss one
CHECK_WITHIN_S = 60.0  # nodes that have not answered by then are used as soon as they have
IMPORT_TIME = "10 to 30 s"
PRELOAD = "ferray.launch._preload"


class Ray(Launcher):
    """Trains on Ray Tune, many bundles at a time: an embedded cluster on this machine, or the one at `--address`."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime.model_copy(update={"accelerator": spelt_by_ray(runtime.accelerator)}))
        self._handles: dict[int, BundleHandle] = {}  # by the number of each trial that is still trained
        self._saves = Saves()
        self._news: list[Event] = []  # what Tune has no part in
        self._looked = time.monotonic()
        self._roster = Roster(lambda _: None)
        self._deaths: list[tuple[ActorDied, float]] = []  # of which it is not known yet whether a node's was its cause
        self._expected = 0  # workers that would be of use
        self._gpus: float | None = None  # of a worker that starts, where it is not what all began with
        self._placed: set[int] = set()  # trials whose node the loop has heard of
        self._own: EmbeddedCluster | None = None

    def check(self) -> Placement:
        if self.runtime.address is not None:
            with others_cluster(self.runtime.address) as options, connected(options):
                return self._placement_now() if self.runtime.wait_s is None else wanted_placement(self.runtime)
        if self.runtime.device == "cuda" and not num_gpus():
            raise ClusterError(
                "this machine has no CUDA device", "pass `--device cpu`, or the `--address` of a cluster"
            )
        return find_placement(self.runtime, [own_resources()], "this machine")

    @contextlib.contextmanager
    def shared_gpus(self, tell: Callable[[str], None]) -> Iterator[Sequence[SharedGpu]]:
        if self.runtime.address is None:
            with own_gpus(self.runtime) as gpus:
                yield gpus
            return
        joined = others_cluster(self.runtime.address)
        with joined as options, connected(options, tell), node_gpus(self.runtime, tell) as gpus:
            yield gpus

    @contextlib.contextmanager
    def opened(self, tell: Callable[[str], None]) -> Iterator[None]:
        tell(self._what_begins())
        if ignored := ignored_address(self.runtime.address):
            tell(ignored)
        with self._connected(tell) as folder:
            placement = self._awaited_placement(tell)
            self._capacity, self._demand = Capacity(self.runtime, placement), Demand(placement.resources)
            self._roster = self._nodes_checked(placement, tell)
            self._look_around()
            if self.runtime.address is not None:  # on one machine workers have begun with their imports
                tell(f"{self._what_it_takes()}a worker imports torch before its first epoch: {IMPORT_TIME}")
            self._phases = Phases(self._num_waiting)
            self._tune = TuneThread(placement, folder / "tune")
            self._serve_data(tell)
            with (
                driver_files(folder / "files") as self._files,
                heartbeat_of(self.runtime.address) as self._heartbeat,
            ):
                try:
                    yield
                    self._tune.finish()
                finally:
                    self._tune.abandon()

    def prepare(self, configs: Sequence[TrialConfig], num_trials: int) -> None:
        if self.runtime.address is None:
            self._start_own(late_imports(configs), num_trials)

    def close(self) -> None:
        if self._own is not None:
            self._own.leave()

    def capacity(self) -> Placement:
        if time.monotonic() - self._looked >= LOOK_S and self._heartbeat.answers():
            self._looked = time.monotonic()
            self._look_around()
        return self._capacity.placement

    def give_gpus(self, gpus: float) -> None:
        self._gpus = gpus
        self._capacity.give_gpus(gpus, [node.resources for node in self._roster.able])
        self._demand.ask(0)
        self._demand = Demand(self._capacity.placement.resources)

    def expect(self, num_workers: int) -> None:
        self._expected = num_workers

    def start(self, bundle: JobBundle) -> None:
        if not self._capacity.placement.gpus:  # without one of its own, a worker would see every GPU and share it
            bundle = bundle.on_device("cpu")
        bundle = self._files.offer(bundle) if self.runtime.address else bundle
        handle = BundleHandle(bundle, avoid=self._roster.avoided, gpus=self._gpus)
        self._handles |= dict.fromkeys(bundle.numbers, handle)
        self._tune.submit(handle)

    def poll(self) -> Sequence[Event]:
        self._heartbeat.refuse_gone()
        news, self._news = self._news, []
        news += self._phases.changes(self._handles.values())
        news += self._losses()
        message = self._tune.next(0.0 if news else TURN_S)
        return [*news, *self._events(message)]

    def drop(self, number: int, *, save: Save) -> None:
        handle = self._handles.pop(number)
        handle.numbers.discard(number)
        is_saved = save is not Save.NOTHING
        if handle.actor is not None and (is_saved or handle.numbers):  # else Tune ends it, or gives it the next bundle
            answer = handle.actor.drop.remote(number, str(save))
            if is_saved:
                self._saves.expect(number, answer)
        elif not handle.is_training and not handle.numbers:
            self._withdraw(handle)

    def kill(self, number: int) -> None:
        handle = self._handles[number]
        if (actor := handle.actor) is not None:
            ray.kill(actor)
        else:  # it has not started, and Tune alone knows it
            self._withdraw(handle)
            self._news.append(WorkerLost(self._take(handle), FailureReason.HANG, "its worker does not start"))

    def stop(self) -> Sequence[Event]:
        if self._handles:
            jobs = [job for handle in dict.fromkeys(self._handles.values()) for job in handle.bundle.jobs]
            let_workers_save([TrialArtifacts.at(job.folder) for job in jobs if job.number in self._handles])
            return []
        return self._saves.wait()

    def _events(self, message: StepEnded | ActorDied | None) -> Iterator[Event]:
        if isinstance(message, ActorDied):
            self._deaths.append((message, time.monotonic() + self._patience_s(message)))
            yield from self._losses()
        if isinstance(message, StepEnded):
            yield from self._placements(message.results, message.handle.node)
            yield from self._moves(message.handle)
            for number, result in message.results.items():
                if number in message.handle.numbers:
                    self._roster.hear_result(message.handle.node, message.handle.bundle, number, result)
                    if isinstance(result, Outcome) or result.is_last:
                        self._handles.pop(number).numbers.discard(number)
                    yield TrialEvent(number, result)

    def _placements(self, numbers: Iterable[int], node: str) -> Iterator[Placed]:
        """Which node trains these trials, for each of them once."""
        unheard = [number for number in numbers if node and number not in self._placed]
        self._placed.update(unheard)
        yield from (Placed(number, self._roster.host(node)) for number in unheard)

    def _moves(self, handle: BundleHandle) -> Iterator[MustMove]:
        """The trials of a bundle that have to leave their node, whose worker trains no other afterwards."""
        if why := self._roster.why_leave(handle.node):
            handle.is_worn_out = True
            yield from (MustMove(number, why) for number in sorted(handle.numbers))

    def _patience_s(self, death: ActorDied) -> float:
        """For how long a worker that ended without a reason may turn out to have been lost with its node."""
        is_unknown = why_lost(death.words) == UNKNOWN_LOSS and self.runtime.address is not None
        return NODE_SEEN_S if is_unknown and self._node_of(death) else 0.0

    def _node_of(self, death: ActorDied) -> str:
        return death.handle.node or node_of_worker(death.words)

    def _losses(self) -> list[Event]:
        """The workers that are lost as far as can be said."""
        losses: list[Event] = []
        deaths, self._deaths = self._deaths, []
        for death, until in deaths:
            node = self._node_of(death)
            is_gone = bool(node) and not self._roster.is_alive(node)
            if not is_gone and time.monotonic() < until:
                self._deaths.append((death, until))
            elif numbers := self._take(death.handle):
                losses += self._worker_lost(numbers, death, node, is_gone=is_gone)
        return losses

    def _worker_lost(self, numbers: tuple[int, ...], death: ActorDied, node: str, *, is_gone: bool) -> Iterator[Event]:
        """On a cluster, a node on which no worker of ours starts is left out."""
        (reason, message), of_others = why_lost(death.words), self.runtime.address is not None
        if is_gone and reason is FailureReason.WORKER_LOST and of_others:
            reason, message = FailureReason.NODE_LOST, "its node was lost"
        if of_others and cannot_start_there(death.words):
            self._roster.leave_out(node, message)
        elif node and reason is FailureReason.WORKER_LOST:
            self._roster.hear_loss(node, death.handle.bundle, numbers[0], message)
        is_elsewhere = of_others and (reason is FailureReason.NODE_LOST or node in self._roster.left_out)
        yield from self._placements(numbers, node)
        yield WorkerLost(numbers, reason, message, death.words, is_elsewhere=is_elsewhere)

    def _take(self, handle: BundleHandle) -> tuple[int, ...]:
        """The trials that a bundle had left; it has none any more."""
        numbers = tuple(sorted(handle.numbers))
        handle.numbers.clear()
        for number in numbers:
            self._handles.pop(number, None)
        return numbers

    def _withdraw(self, handle: BundleHandle) -> None:
        self._tune.withdraw(handle)
        self._phases.postpone()

    def _look_around(self) -> None:
        """Tune itself would wait for the nodes of a dead cluster for ever, and never use those that join."""
        nodes = living_nodes()
        if self.runtime.address is None:
            self._roster.look(nodes)
            if not nodes:
                raise ClusterError("Ray has died on this machine", "run the same command again to go on")
            return
        self._roster.look(nodes, draining_nodes())
        self._roster.hear()
        for handle in list(dict.fromkeys(self._handles.values())):
            self._keep_away(handle)
        autoscaler = autoscaler_now()
        nodes_now = [node.resources for node in self._roster.able]
        self._capacity.look(nodes_now, ray.available_resources(), str(autoscaler or ""))
        most = bounded(self._capacity.placement, self._expected, self.runtime).slots
        self._demand.ask(max(0, most - self._capacity.placement.slots) if autoscaler is not None else 0)

    def _keep_away(self, handle: BundleHandle) -> None:
        """Take a bundle from a node that is left out, or have it start on none of them."""
        if handle.is_training:
            if handle.node in self._roster.left_out:
                ray.kill(handle.actor)
        elif handle.avoid != self._roster.avoided:
            again = BundleHandle(handle.bundle, avoid=self._roster.avoided, gpus=handle.gpus)
            again.numbers = set(handle.numbers)
            handle.numbers.clear()
            self._withdraw(handle)
            self._handles |= dict.fromkeys(again.numbers, again)
            self._tune.submit(again)

    def _nodes_checked(self, placement: Placement, tell: Callable[[str], None]) -> Roster:
        """The nodes of a cluster, asked whether they train as this one would; ClusterError where none does."""
        if self.runtime.address is None:
            return Roster(tell)
        needs_cuda = placement.gpus > 0 and self.runtime.device != "cpu"
        checks = NodeChecks(self.runtime.cache_dir.absolute(), needs_cuda=needs_cuda)
        roster = Roster(tell, checks, lambda node: slots_of(placement, node.resources) > 0)
        roster.look(living_nodes())
        until = time.monotonic() + CHECK_WITHIN_S
        while roster.is_waited_for and time.monotonic() < until:  # in short pieces, since Ray lets no Ctrl-C through
            roster.hear(within_s=1.0)
        if roster.left_out and not any(slots_of(placement, node.resources) for node in roster.able):
            hint = "give every node the driver's environment: the same Python, Ray and ferray"
            raise ClusterError(f"no node of the cluster can train: {roster.why_none()}", hint)
        return roster

    def _num_waiting(self) -> int | None:
        return num_waiting_groups() if self._heartbeat.answers() else None

    def _placement_now(self) -> Placement:
        try:
            return find_placement(self.runtime, [node.resources for node in living_nodes()], "the cluster")
        except ClusterError:
            if autoscaler_now() is None:
                raise
        return wanted_placement(self.runtime)  # nodes are started as they are wanted

    def _awaited_placement(self, tell: Callable[[str], None]) -> Placement:
        if self.runtime.wait_s is None:
            return self._placement_now()
        return await_placement(self.runtime, self.runtime.wait_s, tell)

    def _what_it_takes(self) -> str:
        """How many trials a cluster takes, or what is asked of who starts its nodes."""
        placement = self._capacity.placement
        if any(slots_of(placement, node.resources) for node in self._roster.able):
            return f"the cluster takes {placement}; "
        is_open = not placement.gpus and self.runtime.gpus_per_trial is None and self.runtime.device == "auto"
        with_gpu = " (`--gpus-per-trial 1` asks for a GPU as well)" if is_open else ""
        return f"no node has room for a trial yet, {placement.of_one_trial} is asked for{with_gpu}; "

    def _what_begins(self) -> str:
        if self.runtime.address is not None:
            return f"connecting to the Ray cluster at `{self.runtime.address}`"
        return f"starting Ray on this machine: {self.check()}"

    def _serve_data(self, tell: Callable[[str], None]) -> None:
        """Nodes of others need not see this one's data; on one machine everybody does."""
        if self.runtime.address is not None:
            data = data_root_words(self.runtime.data_root)
            tell(f"a node that does not see `{data}` gets the packed data from here, once")
            self._packs = serve_packs(self.runtime)

    @contextlib.contextmanager
    def _connected(self, tell: Callable[[str], None]) -> Iterator[Path]:
        """A connection to the cluster at `--address`, or to one of its own; the folder of its temporary files."""
        if self.runtime.address is None:
            with self._embedded(tell) as folder:
                yield folder
        else:
            keep_credentials_here()
            ask_ray_for_resources()
            with (
                session_folder() as folder,
                others_cluster(self.runtime.address) as options,
                connected(options, tell),
            ):
                yield folder

    @contextlib.contextmanager
    def _embedded(self, tell: Callable[[str], None]) -> Iterator[Path]:
        """Ray on this machine, which may have been started before."""
        keep_environment_here()
        count_resources_here()
        cluster = self._own or self._start_own()
        try:
            yield cluster.folder()
        except KeyboardInterrupt:
            tell("stopping: as soon as Ray answers, within seconds")
            raise
        finally:
            cluster.end()

    def _start_own(self, imports: Sequence[str] = (), num_trials: int = 1) -> EmbeddedCluster:
        num_workers = self.check().num_workers(num_trials)
        self._own = EmbeddedCluster(partial(ray_of_this_machine, num_workers, (PRELOAD, *imports)))
        self._own.start()
        return self._own
