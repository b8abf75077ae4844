"""A sweep's runs in W&B, compared with its record and brought up to it: `ferray sync`, and the end of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from ferray.config.place import Place
from ferray.errors import ClusterError, FerrayError
from ferray.events import Listener
from ferray.results.progress import with_progress
from ferray.results.run_contents import run_contents
from ferray.study.history import load_sweep
from ferray.system.daemon import Daemon
from ferray.text.commands import command
from ferray.text.counting import counted
from ferray.track.wandb_runs.client import cut_short
from ferray.track.wandb_runs.files import mark_sent
from ferray.track.wandb_runs.online import online_client
from ferray.track.wandb_runs.place import WandbPlace, add_nothing_at_end, refuse_untaken
from ferray.track.wandb_runs.repair import Repair, Repairer, RunContent

QUIET_S = 3.0  # of bringing runs up before a line says so
SETTLE_S = 60.0


@dataclass(frozen=True)
class Synced:
    """What `sync` found and did. `running` trials are left to whoever runs them; `short` have lost epochs for good.

    `url` is where the runs are.
    """

    sweep: str
    url: str
    repair: Repair
    running: int = 0
    short: tuple[int, ...] = ()

    @property
    def num_made(self) -> int:
        """Runs that were not there."""
        return sum(lack.is_missing for lack in self.repair.lacks.values())

    @property
    def num_rows(self) -> int:
        """Epochs that were not there."""
        return sum(len(lack.epochs) for lack in self.repair.lacks.values())

    def sentence(self) -> str:
        """What was done, in words that are true."""
        found, lacks = counted(self.repair.num_runs, "run"), self.repair.lacks
        where = f" in {self.url}" if self.url else ""
        if not lacks:
            return f"nothing to upload: W&B has all that is known of the {found} of `{self.sweep}`{where}"
        others = len(lacks) - self.num_made
        parts = [f"{counted(self.num_made, 'run')} made"] if self.num_made else []
        parts += [f"{counted(others, 'run')} brought up"] if others else []
        parts += [f"{counted(self.num_rows, 'epoch')} added"] if self.num_rows else []
        return f"of {found} of `{self.sweep}`: {', '.join(parts)}{where}"

    def to_json(self) -> dict[str, Any]:
        """What `ferray sync --json` prints."""
        return {
            "sweep": self.sweep,
            "url": self.url,
            "runs": self.repair.num_runs,
            "made": self.num_made,
            "brought_up": len(self.repair.lacks) - self.num_made,
            "epochs_added": self.num_rows,
            "left": len(self.repair.left),
            "running": self.running,
            "short": list(self.short),
        }


def sync_sweep(
    place: Place,
    listener: Listener,
    *,
    storage: str | None = None,
    given: Mapping[str, Any] | None = None,
    over: Event | None = None,
) -> Synced:
    """Compare the runs of a sweep with its record, and add what they lack; again as often as one likes.

    `given` may have `entity` and `project`; nothing is begun once it is `over`. ConfigError without a key that is
    taken or a server that answers, ClusterError where some run did not arrive.
    """
    folder = place.folder
    record = with_progress(load_sweep(folder, storage), folder)
    running = sum(trial.outcome == "running" for trial in record.trials)
    chosen = WandbPlace.of(folder, given)
    refuse_untaken(chosen)
    contents = run_contents(record, place, chosen)
    with online_client(folder, chosen) as (client, address):
        listener.noted(f"comparing {counted(len(contents), 'run')} of `{record.name}` with {address}")
        repair = Repairer(client, listener.progressed, over or Event()).bring_up(contents)
        listener.progressed("", 0, 0)
        url = f"{client.place.path} at {address}"
    if repair.left:
        raise _failure(repair)
    if not running:
        mark_sent(folder)
    short = tuple(_short(record.trials, contents))
    return Synced(record.name, url, repair, running, short)


def settle(place: Place, listener: Listener, *, storage: str | None = None) -> None:
    """The same at the end of a sweep that was online: ranks, and what its server did not take at once.

    Within SETTLE_S, or until Ctrl-C; what is not done then is told in a line, with the way on, and fails nothing, and
    nothing else is tried at the sweep's end.
    """
    if not WandbPlace.of(place.folder).is_online:
        return
    failed: list[str] = []
    over = Event()
    thread = Daemon("ferray-wandb-settle", lambda: _settled(place, storage, failed, over))
    thread.start()
    words = command("sync", *place.words)
    with suppress(KeyboardInterrupt):  # the sweep itself has ended
        thread.join(QUIET_S)
        if thread.is_alive():
            listener.noted(f"bringing the runs in W&B up, at most {SETTLE_S:.0f} s (Ctrl-C leaves it to `{words}`)")
            thread.join(SETTLE_S)
    if thread.is_alive():
        over.set()
        listener.warned(f"the runs in W&B are not all up to date: `{words}` goes on with that")
        cut_short(thread)
        add_nothing_at_end(place.folder)
    elif failed:
        listener.warned(f"the runs in W&B are not all up to date ({failed[0]}): `{words}` goes on with that")


def _settled(place: Place, storage: str | None, failed: list[str], over: Event) -> None:
    try:
        sync_sweep(place, Listener(), storage=storage, over=over)
    except FerrayError as error:
        failed.append(error.message)
    except Exception as error:  # told by whoever waits
        failed.append(f"{type(error).__name__}: {error}")


def _short(trials: Any, contents: list[RunContent]) -> list[int]:
    """Trials of which the record counts more epochs than their histories hold."""
    epochs = Counter({content.facts.config["trial"]: len(content.reports) for content in contents})
    return [trial.number for trial in trials if trial.number in epochs and epochs[trial.number] < trial.epochs]


def _failure(repair: Repair) -> ClusterError:
    said = next((trouble for trouble in repair.left.values() if trouble), "W&B does not show all that it was sent yet")
    what = f"{len(repair.left)} of {counted(repair.num_runs, 'run')} did not arrive whole: {said}"
    return ClusterError(what, "what is uploaded stays; the same command again sends the rest")
