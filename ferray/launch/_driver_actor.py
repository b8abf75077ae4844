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

from ferray.artifacts.address import mount
from ferray.artifacts.file_system import FileSystem
from ferray.artifacts.sight import sees, shown
from ferray.config.job import JobBundle, TrialJob
from ferray.errors import StorageError
from ferray.files.os_errors import writing
from ferray.launch._driver_files import Ask, DriverFileSystem
from ferray.launch._served_folder import Answer, ServedFolder

ANSWER_WITHIN_S = 300.0  # longer than a link may be cut before Ray gives the node up
_AT_A_TIME = 16  # workers whose calls are carried out side by side


class DriverFiles:
    """The driver's side: serves the folder of the first job's trial, and what jobs read elsewhere."""

    def __init__(self) -> None:
        self.identity = secrets.token_hex(16)
        self._actor: Any = None
        self._read: set[str] = set()
        self._shown: Any = None

    def offer(self, bundle: JobBundle) -> JobBundle:
        """The bundle with what it takes to find its files from a node that does not see them."""
        if any("://" in job.folder for job in bundle.jobs):
            return bundle  # every node opens that address by itself
        if self._actor is None:
            self._begin(Path(bundle.jobs[0].folder).parent)
        read = {path for job in bundle.jobs for path in (job.init_from, job.exclude) if path} - self._read
        if read:
            self._read |= read
            self._actor.let_read.remote(sorted(read))
        return JobBundle(tuple(replace(job, driver=self.identity) for job in bundle.jobs))

    def close(self) -> None:
        """Serve nothing any more."""
        if self._shown is not None:
            self._shown.__exit__(None, None, None)  # the actor ends with the connection

    def _begin(self, root: Path) -> None:
        with writing(root):
            root.mkdir(parents=True, exist_ok=True)
            self._shown = shown(root, self.identity)
            self._shown.__enter__()
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options = {"name": self.identity, "num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        served = ray.remote(ServedFolder).options(**options, max_concurrency=_AT_A_TIME, scheduling_strategy=here)
        self._actor = served.remote(str(root), self.identity)


@contextmanager
def driver_files() -> Iterator[DriverFiles]:
    """The driver's side for as long as bundles are trained."""
    files = DriverFiles()
    try:
        yield files
    finally:
        files.close()


def sees_driver(job: TrialJob) -> bool:
    """Whether this worker sees the disk on which the trial's files lie; so it is where nobody says otherwise."""
    return not job.driver or sees(Path(job.folder).parent, job.driver)


def reach_files(bundle: JobBundle) -> None:
    """Have this process open the files of a bundle's trials on its own disk, or on the driver's where it lacks them."""
    folders: set[str] = set()
    for job in bundle.jobs:
        is_seen = sees_driver(job)
        folders |= set() if is_seen else {str(Path(job.folder).parent)}
        elsewhere = (path for path in (job.init_from, job.exclude) if path and job.driver and "://" not in path)
        folders |= {str(Path(path).parent) for path in elsewhere if not is_seen or not Path(path).exists()}
    opened: Callable[[str], FileSystem] = partial(DriverFileSystem, ask=_ask_actor(bundle.jobs[0].driver))
    mount(dict.fromkeys(folders, opened))


def driver_actor(job: TrialJob) -> Any:
    """The actor on the driver's node, for whatever a worker has to ask of it; StorageError where there is none."""
    try:
        return ray.get_actor(job.driver)
    except ValueError as error:
        raise StorageError(f"the driver of trial {job.number} does not serve its files any more") from error


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
