"""`python -m ferray.track.wandb_runs.child SOCKET`: the process that writes a sweep's runs to W&B.

W&B's client is Python that takes milliseconds an epoch: in the driver its threads would hold up decisions. The driver
starts this process (`link.py`) and tells it over a socket what happens; it answers how each run fares. It ends when all
is uploaded, and at once where the driver ends before: what lacks then is brought by `sync`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock
from typing import Any

from ferray.system.daemon import Daemon
from ferray.system.signals import STOPPING
from ferray.track.wandb_runs.client import Client, leave
from ferray.track.wandb_runs.files import files_kept_in
from ferray.track.wandb_runs.messages import Answer, Begin, Event, Failure, Trouble
from ferray.track.wandb_runs.mode import answering, choose_mode
from ferray.track.wandb_runs.place import WandbPlace, add_nothing_at_end
from ferray.track.wandb_runs.runs import Runs

NICENESS = 5  # of a shared processor the driver, which decides, comes first

Tell = Callable[[Answer], None]


def main() -> None:
    """Write what the driver tells, to the end."""
    for number in STOPPING:  # the driver hears them too, and says what becomes of the runs
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    driver = Connection(int(sys.argv[1]))
    os.set_inheritable(driver.fileno(), False)
    tell, events = teller(driver), SimpleQueue[Any]()
    Daemon("ferray-driver", lambda: hear(driver, events, tell)).start()
    begin: Begin = events.get()
    begin.take_words()
    # wandb would import pandas, 75 MB, to ask of each value whether it is one of its tables.
    sys.modules["pandas"] = None  # type: ignore[assignment]  # what the import system takes for "not there"
    with files_kept_in(begin.folder):
        write(begin, iter(events.get, None), tell)


def hear(driver: Connection, events: SimpleQueue[Any], tell: Tell) -> None:
    """Pass on what the driver tells until it is gone or tells what cannot be read, with which this process ends."""
    try:
        while True:
            events.put(driver.recv())
    except (OSError, EOFError):
        return  # `finally` ends the process: the driver is gone
    except Exception as error:  # told to the driver, which can act on it
        tell(Failure(f"its process cannot read what it is told: {Failure.of(error).reason}"))
    finally:
        os._exit(1)


def teller(driver: Connection) -> Tell:
    """What tells the driver something, from any thread."""
    lock = Lock()

    def tell(answer: Answer) -> None:
        with lock, suppress(OSError):  # `hear` ends this process where the driver is gone
            driver.send(answer)

    return tell


def write(begin: Begin, events: Iterable[Event], tell: Tell) -> None:
    """Decide where to write, then hand one event after the other to its run."""
    try:
        client = _client(begin, tell)
        if client is not None:
            runs = Runs(client, begin.sweep, tell)
            for event in events:
                runs.handle(event)
            runs.close()
    except Exception as error:  # told to the driver, which can act on it
        tell(Failure.of(error))
    finally:
        leave()


def _client(begin: Begin, tell: Tell) -> Client | None:
    """None where W&B is switched off."""
    import wandb

    def say(line: str) -> None:
        tell(Trouble(line))

    folder, place = begin.folder, WandbPlace.for_sweep(begin.folder)
    mode = choose_mode(wandb, folder, say)
    if mode == "disabled":
        add_nothing_at_end(folder)
        return None
    if mode == "online":
        mode = answering(wandb, folder, say)
    return Client(wandb, folder, place, mode=mode)


if __name__ == "__main__":
    main()
