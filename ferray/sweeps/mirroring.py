"""The record of a sweep whose results go to an address: copied there while it runs, and after each command."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ferray.artifacts.mirror import RecordMirror
from ferray.config.output_address import address_of, sweep_address, why_unreadable
from ferray.config.place import sweep_names
from ferray.errors import ClusterError, ConfigError, DataError, FerrayError
from ferray.study.history import load_sweep
from ferray.sweeps.driver_lock import refuse_driven

EVERY_S = 15.0  # as often as a driver says that it is alive, so that the copy tells it too
MOST_OF_THE_TIME = 0.1  # that copying may take, where journals are long and the way is slow


class Mirroring:
    """Copies a record again and again, on a thread of its own; what goes wrong is heard on the driver's."""

    def __init__(self, mirror: RecordMirror) -> None:
        self._mirror = mirror
        self._ended = threading.Event()
        self._overtaken: ClusterError | None = None
        self._problem = ""
        self._told = ""
        self._pause_s = EVERY_S
        self._thread = threading.Thread(target=self._keep, name="ferray-mirror", daemon=True)

    def begin(self) -> None:
        """Copy what there is, and go on with that; errors of `RecordMirror.push`."""
        self._mirror.push()
        self._thread.start()

    def news(self) -> list[str]:
        """What is to be told of it; ClusterError where another machine has gone on with the sweep."""
        if self._overtaken is not None:
            raise self._overtaken
        told, self._told = self._told, self._problem
        if told == self._problem:
            return []
        if not self._problem:
            return [f"the record is copied to `{self._mirror.address}` again"]
        return [f"the record cannot be copied at present, and stays in `{self._mirror.folder}`: {self._problem}"]

    def end(self) -> None:
        """Copy nothing more."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def push_last(self) -> None:
        """Copy how it ended; nothing of a sweep that was refused, which another may be driving."""
        if self._thread.ident is not None:
            self._mirror.push()

    def _keep(self) -> None:
        while not self._ended.wait(self._pause_s) and self._overtaken is None:
            started = time.monotonic()
            self._copy()
            self._pause_s = max(EVERY_S, (time.monotonic() - started) / MOST_OF_THE_TIME)

    def _copy(self) -> None:
        try:
            self._mirror.push()
            self._problem = ""
        except ClusterError as error:
            self._overtaken = error
        except (FerrayError, OSError) as error:
            self._problem = str(error)


@contextmanager
def record_mirrored(folder: Path) -> Iterator[Mirroring | None]:
    """Around what drives the sweep in `folder`: its record is that of its address first, and the address has it after.

    None where its results go to no address. The lock of the folder is held. Errors are those of `RecordMirror`.
    """
    address = sweep_address(folder)
    if address is None:
        yield None
        return
    mirror = RecordMirror(folder, address)
    mirror.pull()
    mirroring = Mirroring(mirror)
    try:
        yield mirroring
    except BaseException:
        mirroring.end()
        with suppress(FerrayError, OSError):
            mirroring.push_last()
        raise
    mirroring.end()
    mirroring.push_last()


def push_records(output: Path) -> None:
    """Copy what commands have recorded in a folder that stands for an address; sweeps that run do it themselves.

    Errors are those of `RecordMirror.push`, and ClusterError where a driver on another machine would be overtaken.
    """
    if address_of(output) is None:
        return
    for name in sweep_names(output):
        folder = output / name
        if why_unreadable(folder) is not None:
            continue  # whoever asked for it has been told
        with suppress(ConfigError):
            refuse_driven(folder)
            mirror = RecordMirror(folder, f"{address_of(output)}/{name}")
            if mirror.is_ahead():
                _refuse_overtaking(mirror)
                mirror.push()


def _refuse_overtaking(mirror: RecordMirror) -> None:
    with suppress(ConfigError, DataError):  # there is no record to be read
        driver = load_sweep(mirror.folder).driver
        if driver is not None and driver.is_alive:
            message = f"the sweep at `{mirror.address}` is being run by {driver.who}, and its record is not added to"
            raise ClusterError(message, "run this command again when the sweep has ended")
