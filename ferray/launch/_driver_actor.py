"""How a worker reaches the driver's files: an actor on the driver's node, and what the worker opens through it."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ferray.artifacts.address import file_at, mount
from ferray.artifacts.file_system import FileSystem
from ferray.artifacts.sight import hide, sees, show
from ferray.config.job import JobBundle, TrialJob
from ferray.files.os_errors import writing
from ferray.files.readable import Readable, lend
from ferray.launch._driver_files import Ask, DriverFileSystem
from ferray.launch._served_folder import Answer, ServedFolder

ANSWER_WITHIN_S = 300.0  # longer than a link may be cut before Ray gives the node up
_AT_A_TIME = 16  # workers whose calls are carried out side by side


class DriverFiles:
    """The driver's side: serves the folder of the first job's trial, and what jobs read elsewhere on its disk.

    Where trials keep their files at an address, which every node opens by itself, `scratch` takes the folder's place.
    """

    def __init__(self, scratch: Path) -> None:
        self.identity = secrets.token_hex(16)
        self._root = scratch
        self._readable: set[str] = set()
        self._actor: Any = None

    def offer(self, bundle: JobBundle) -> JobBundle:
        """The bundle with what it takes to find its files from a node that does not see them."""
        jobs = [replace(job, driver=self.identity, weights=_absolute(_weights_of(job))) for job in bundle.jobs]
        first, readable = jobs[0], set().union(*map(_read_elsewhere, jobs))
        is_begun = self._actor is not None
        if not is_begun and _is_path(first.folder):
            self._root = Path(first.folder).parent
        if not is_begun or readable - self._readable:
            self._readable |= readable
            with writing(self._root):
                self._root.mkdir(parents=True, exist_ok=True)
                show(self._root, self.identity, self._readable)
        if not is_begun:
            self._begin()
        return JobBundle(tuple(jobs))

    def close(self) -> None:
        """Serve nothing any more; the actor ends with the connection."""
        hide(self._root, self.identity)

    def _begin(self) -> None:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options = {"name": self.identity, "num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        served = ray.remote(ServedFolder).options(**options, max_concurrency=_AT_A_TIME, scheduling_strategy=here)
        self._actor = served.remote(str(self._root), self.identity)


@contextmanager
def driver_files(scratch: Path) -> Iterator[DriverFiles]:
    """The driver's side for as long as bundles are trained; `scratch` is a folder, there or not, of this driver's."""
    files = DriverFiles(scratch)
    try:
        yield files
    finally:
        files.close()


def sees_driver(job: TrialJob) -> bool:
    """Whether this worker sees where the trial's files lie; so it is where nobody says otherwise."""
    return not job.driver or not _is_path(job.folder) or sees(Path(job.folder).parent, job.driver)


def reach_files(bundle: JobBundle) -> None:
    """Have this process open the files of a bundle's trials on its own disk, or on the driver's where it lacks them."""
    folders: set[str] = set()
    for job in bundle.jobs:
        is_seen = sees_driver(job)
        folders |= set() if is_seen else {f"{Path(job.folder).parent}/"}
        elsewhere = _read_elsewhere(job) if job.driver else set()
        folders |= {str(Path(path).parent) for path in elsewhere if not is_seen or not Path(path).exists()}
    opened: Callable[[str], FileSystem] = partial(DriverFileSystem, ask=_ask_actor(bundle.jobs[0].driver))
    mount(dict.fromkeys(folders, opened))
    lend({_weights_of(job): _weights_at(job.weights, folders) for job in bundle.jobs if job.weights})


def _read_elsewhere(job: TrialJob) -> set[str]:
    """The files beside its own that a trial reads from the driver's disk."""
    return {path for path in (job.init_from, job.exclude, job.weights) if path and _is_path(path)}


def _weights_of(job: TrialJob) -> str:
    """The file of weights that a trial's configuration names, as it names it; "" where it names none."""
    params: dict[str, Any] = next(iter(job.config.get("backbone", {}).values()), {})
    return str(params.get("weights") or "")


def _weights_at(path: str, folders: set[str]) -> Readable:
    """The file, by its whole path: a worker was started in another folder than the driver, on the same disk too."""
    return file_at(path) if str(Path(path).parent) in folders else Path(path)


def _absolute(path: str) -> str:
    return str(Path(path).absolute()) if path else ""


def _is_path(address: str) -> bool:
    return "://" not in address


def _ask_actor(name: str) -> Ask:
    """Asks the actor of that name. What Ray says of a failure becomes an OSError."""

    def ask(*call: Any) -> Answer:
        try:
            answer: Answer = ray.get(ray.get_actor(name).act.remote(*call), timeout=ANSWER_WITHIN_S)
        except GetTimeoutError as error:
            words = f"the driver's node has not answered for {ANSWER_WITHIN_S:g} s"
            raise TimeoutError(errno.ETIMEDOUT, words) from error
        except (RayError, ValueError) as error:
            words = f"the driver's node does not answer ({type(error).__name__})"
            raise OSError(errno.EHOSTUNREACH, words) from error
        return answer

    return ask
