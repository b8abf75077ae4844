"""The way to a head: an address as it is, or a tunnel by ssh to the head of a file of `ray up`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ferray.cluster.head import Head, connect, url_of
from ferray.cluster.launcher import RAY
from ferray.errors import ClusterError, ConfigError, Unreachable
from ferray.text.commands import script

LOOPBACK = "127.0.0.1"
OPENS_WITHIN_S = 90.0  # with a cloud asked for the head's address, and ssh
TURN_S = 0.2
MOST_WORDS = 5  # lines of ssh's that are kept
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Way:
    """A head, and how to open the way to it anew where it is gone: nothing for an address as it is.

    `option` is the words by which another command finds the same head, none where it does so without.
    """

    head: Head
    reopen: Callable[[], None]
    option: Sequence[str] = ()


@contextmanager
def way_to(address: str | None, tell: Callable[[str], None]) -> Iterator[Way]:
    """The way to the head at a URL, or of a file of `ray up`; ClusterError where it does not answer."""
    option = ("--address", address) if address else ()
    if not address or not address.endswith(SUFFIXES):
        yield Way(connect(address), lambda: None, option)
        return
    if not Path(address).is_file():
        raise ConfigError(f"there is no file `{address}`", "pass the file that the cluster was started with")
    tunnel = Tunnel(Path(address))
    tell(f"opening a tunnel to the head of `{address}`")
    try:
        tunnel.open()
        yield Way(connect(tunnel.url), tunnel.reopen, option)
    finally:
        tunnel.close()


class Tunnel:
    """`ray dashboard FILE`, which asks the provider for the head and forwards a port of this loopback to it."""

    def __init__(self, file: Path, program: Sequence[str] = RAY) -> None:
        self._port = _free_port()
        self._command = [*program, "dashboard", str(file), "--port", str(self._port)]
        self._file = file
        self._process: subprocess.Popen[bytes] | None = None
        self._words: deque[str] = deque(maxlen=MOST_WORDS)
        self._listener = threading.Thread()
        self.url = url_of(f"http://{LOOPBACK}:{self._port}")

    def open(self) -> None:
        """Start it and wait until the head answers; ClusterError, with what ssh or Ray said, where nothing does."""
        self._start()
        self.wait_until_open()

    def wait_until_open(self) -> None:
        """Wait as long as it takes or may take."""
        until = time.monotonic() + OPENS_WITHIN_S
        while not self._answers():
            if self._has_ended or time.monotonic() > until:
                raise ClusterError(f"no tunnel to the head of `{self._file}`{self._last_words()}", self._hint())
            time.sleep(TURN_S)

    def reopen(self) -> None:
        """Start it again where it has ended, and wait for nothing."""
        if self._has_ended:
            self._start()

    def close(self) -> None:
        """End it, and with it ssh, which is in its group."""
        if self._process is not None and not self._has_ended:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()
            self._listener.join()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # in a session of its own: Ctrl-C is for who follows a log, who then ends it
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        )
        assert self._process.stderr is not None
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._listener.start()

    def _listen(self, stream: IO[bytes]) -> None:
        """Keep the last lines, so that neither the pipe fills up nor a reason is lost."""
        with stream:
            self._words.extend(text for line in stream if (text := line.decode("utf-8", "replace").strip()))

    @property
    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _answers(self) -> bool:
        try:
            connect(self.url)
        except Unreachable:
            return False
        return True

    def _hint(self) -> str:
        return f"`{script('ray', 'get-head-ip', self._file)}` says whether there is a head to reach"

    def _last_words(self) -> str:
        if not self._has_ended:
            return ""
        self._listener.join()
        return f": {self._words[-1]}" if self._words else ""


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])
