"""The driver's packs through Ray: an actor on its node, and how workers of other nodes ask it.

A piece is put into Ray's object store once, however many nodes get it, and a node that has it gives it to others.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ferray.config.runtime import Runtime
from ferray.config.trial import DatasetChoice
from ferray.data.mirror import take_mirrors_as_they_are
from ferray.data.pack_server import PackServer
from ferray.data.pack_source import PackOffer, PackSource, SourceFile
from ferray.errors import FerrayError, StorageError

PIECE = 8 * 2**20  # bytes
KEPT = 32  # pieces that stay in the object store after they were asked for
AHEAD = 3  # pieces on their way to a node while one is written
ANSWER_WITHIN_S = 600.0  # as long as a trial may take to start: the driver may have to decode the data first
CALLERS = 16  # that are answered at a time


class PackActor:
    """A `PackServer` as Ray calls it. Errors are answers, since Ray would wrap them into its own."""

    def __init__(self, data_root: str, cache_dir: str) -> None:
        take_mirrors_as_they_are()
        self._server = PackServer(Path(data_root), Path(cache_dir))
        self._put: OrderedDict[tuple[str, int], Any] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, what: str, *given: Any) -> Any:
        """What an act of the server gives, or its error."""
        try:
            return getattr(self._server, what)(*given)
        except FerrayError as error:
            return error
        except OSError as error:
            return StorageError(f"the driver's cache cannot be read: {error}")

    def piece(self, path: str, start: int) -> Any:
        """A list of one reference to a piece of a file, so that Ray does not copy it into the answer; or an error."""
        with self._lock:
            if (path, start) not in self._put:
                content = self.ask("read", path, start, PIECE)
                if isinstance(content, FerrayError):
                    return content
                self._put[path, start] = ray.put(np.frombuffer(content, dtype=np.uint8))
                if len(self._put) > KEPT:
                    self._put.popitem(last=False)
            self._put.move_to_end((path, start))
            return [self._put[path, start]]


class RayPacks(PackSource):
    """A driver's packs through its actor."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def offer(self, choice: DatasetChoice, size: int) -> PackOffer:
        offer: PackOffer = self._answer(self._actor.ask.remote("offer", choice, size))
        return offer

    def groups(self, choice: DatasetChoice, size: int) -> tuple[str, ...]:
        groups: tuple[str, ...] = self._answer(self._actor.ask.remote("groups", choice, size))
        return groups

    def rows(self, name: str) -> SourceFile | None:
        file: SourceFile | None = self._answer(self._actor.ask.remote("rows", name))
        return file

    def pieces(self, file: SourceFile) -> Iterator[memoryview]:
        asked: deque[Any] = deque()
        for start in range(0, file.num_bytes, PIECE):
            asked.append(self._actor.piece.remote(file.path, start))
            if len(asked) > AHEAD:
                yield self._piece(asked.popleft())
        while asked:
            yield self._piece(asked.popleft())

    def _piece(self, answer: Any) -> memoryview:
        (put,) = self._answer(answer)
        return memoryview(self._answer(put))

    def _answer(self, reference: Any) -> Any:
        try:
            answer = ray.get(reference, timeout=ANSWER_WITHIN_S)
        except RayError as error:
            message = f"the driver's node does not give its data: {type(error).__name__}"
            raise StorageError(message, "look whether the driver's machine is reached from this node") from error
        if isinstance(answer, FerrayError):
            raise answer
        return answer


def serve_packs(runtime: Runtime) -> Any:
    """Have an actor on this node, the driver's, give its packs to workers of this driver; it takes no CPU of theirs.

    It ends with the connection: a call that ends it would wait for a head that is gone.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "max_concurrency": CALLERS, "max_restarts": -1, "max_task_retries": -1, "name": _name()}
    places = str(runtime.data_root.absolute()), str(runtime.cache_dir.absolute())
    return ray.remote(PackActor).options(**options, scheduling_strategy=here).remote(*places)


def driver_packs() -> RayPacks | None:
    """The packs of the driver whose worker this process is; None where it serves none, on one machine."""
    try:
        return RayPacks(ray.get_actor(_name()))
    except ValueError:
        return None


def _name() -> str:
    """The actor's, which the driver and its workers alone make of what Ray calls the driver."""
    return f"ferray-packs-{ray.get_runtime_context().get_job_id()}"
