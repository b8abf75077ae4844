"""Ctrl-C while the main thread is inside a library that lets no Python run, as `ray.init` does for seconds."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ferray.system.signals import STOPPING


@contextmanager
def heard_at_once(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell`, on a thread of its own, as soon as a signal to stop arrives; what it does comes when it can.

    Only the main thread can be interrupted: on another one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    listener = threading.Thread(target=_listen, args=(reader, tell), name="ferray-signals", daemon=True)
    former = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        writer.close()
        listener.join()
        reader.close()


def _listen(reader: socket.socket, tell: Callable[[], None]) -> None:
    """The interpreter writes the number of each signal as a byte, whatever its main thread is at."""
    while numbers := reader.recv(64):
        if any(number in STOPPING for number in numbers):
            tell()
            return
