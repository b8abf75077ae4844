"""`EmbeddedCluster`: a Ray of a sweep's own, which starts while other things are done and ends with its sweep."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from ferray.system.daemon import Daemon

_alone = threading.Lock()  # a process has one connection to Ray: the next one waits until the one before has ended


class EmbeddedCluster:
    """`cluster` around a thread that waits: the kernel ends Ray's services with the thread that has started them.

    What `cluster` yields is the folder of its temporary files.
    """

    def __init__(self, cluster: Callable[[], AbstractContextManager[Path]]) -> None:
        self._cluster = cluster
        self._is_up, self._is_left = threading.Event(), threading.Event()
        self._folder: Path | None = None
        self._error: BaseException | None = None
        self._thread = Daemon("ferray-cluster", self._live)

    def start(self) -> None:
        """Have it come up aside. A process that ends meanwhile lets it end first."""
        atexit.register(self._end_at_exit)
        self._thread.start()

    def folder(self) -> Path:
        """The folder of its temporary files, once it is up; raises what kept it from that."""
        self._is_up.wait()
        if self._error is not None:
            raise self._error
        assert self._folder is not None, "it is set before `_is_up`"
        return self._folder

    def leave(self) -> None:
        """Have it end as soon as that is possible, without waiting for it."""
        self._is_left.set()

    def end(self) -> None:
        """Have it end, and wait until it has."""
        self.leave()
        if self._thread.ident is not None:
            self._thread.join()
        atexit.unregister(self._end_at_exit)

    def _live(self) -> None:
        with _alone:
            try:
                if not self._is_left.is_set():
                    with self._cluster() as self._folder:
                        self._is_up.set()
                        self._is_left.wait()
            except BaseException as error:  # for the thread that waits
                self._error = error
            finally:
                self._is_up.set()

    def _end_at_exit(self) -> None:
        with suppress(KeyboardInterrupt):  # who cannot wait has the kernel end it
            self.end()
