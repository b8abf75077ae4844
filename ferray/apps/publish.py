"""A sweep as a whole in W&B, for `ferray wandb publish` and the end of an online sweep."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ferray.config.place import read_place
from ferray.errors import ClusterError, ConfigError, DataError, FerrayError
from ferray.events import Listener
from ferray.publish.options import PublishOptions
from ferray.publish.waiting import waiting_runs
from ferray.system.daemon import Daemon
from ferray.text.commands import command
from ferray.track.wandb_runs.client import cut_short
from ferray.track.wandb_runs.mode import uploading
from ferray.track.wandb_runs.place import WandbPlace

if TYPE_CHECKING:
    from ferray.publish.contents import SweepContents
    from ferray.publish.publishing import Published
    from ferray.results.sweep import Sweep
    from ferray.study.records import SweepRecord

_REGISTRY = re.compile(r"([^/\\#?%:\s]+(/[^/\\#?%:\s]+){0,2})?")
AT_MOST_S = 300.0  # at the end of a sweep; on a slow line a large model may take that long


def publish_synced(
    sweep: Sweep, options: PublishOptions, listener: Listener, *, storage: str | None = None
) -> Published:
    """Bring the runs of the trials up to the record, with ranks and tags, and show the sweep as a whole.

    Without a key or a network its own run is kept in the folder. What W&B does not take of the trials is a warning;
    otherwise as `publish_sweep`.
    """
    shown = _contents_for(sweep, options)
    from ferray.publish.client import client_of

    with client_of(sweep.folder) as why:
        is_online = not why
    if is_online:
        from ferray.apps.sync import sync_sweep

        try:
            synced = sync_sweep(read_place(sweep.folder), listener, storage=storage, given=options.given)
            listener.noted(synced.sentence())
        except ClusterError as error:
            listener.warned(f"warning: {error.message}")
    return _published(shown, options, listener)


def publish_sweep(sweep: Sweep, options: PublishOptions, listener: Listener) -> Published:
    """Show the sweep as a whole in W&B; without a key or a network its run is kept in the folder.

    ConfigError where W&B is switched off or refuses the key, ClusterError where it does not take a part, DataError
    where the sweep's results are damaged or it has no identity.
    """
    return _published(_contents_for(sweep, options), options, listener)


def publish_waiting(
    folder: Path, options: PublishOptions, listener: Listener, *, storage: str | None = None
) -> Published | None:
    """The same for a sweep whose own run was written without a network and waits in its folder; None for others."""
    if not read_place(folder).identity or not waiting_runs(folder, _identity(folder)):
        return None  # begun by a version that published nothing, or published
    from ferray.results.sweep import load

    with uploading():
        return publish_sweep(load(folder, storage=storage), options, listener)


def _contents_for(sweep: Sweep, options: PublishOptions) -> SweepContents:
    if not _REGISTRY.fullmatch(options.registry):
        raise ConfigError(
            f"`{options.registry}` names no registry",
            "write its name, `REGISTRY/COLLECTION` or `ORGANISATION/REGISTRY/COLLECTION`",
        )
    return contents_of_sweep(sweep)


def _published(shown: SweepContents, options: PublishOptions, listener: Listener) -> Published:
    from ferray.publish.client import client_of
    from ferray.publish.publishing import publish
    from ferray.reports.template import filled

    page, place = filled(shown.page), WandbPlace.of(shown.folder, options.given)
    with client_of(shown.folder) as why:
        return publish(shown, page, options, place=place, why_offline=why, tell=listener.noted)


def contents_of_sweep(sweep: Sweep) -> SweepContents:
    """What W&B is to show of it; DataError for a sweep that was never run where it lies."""
    if not read_place(sweep.folder).identity:
        message = f"`{sweep.folder}` does not say which sweep it is"
        raise DataError(message, "run its former command again: it writes `place.json`")
    from ferray.publish.contents import gather

    return gather(sweep, _identity(sweep.folder))


def _identity(folder: Path) -> str:
    """As the runs of its trials have it."""
    place = read_place(folder)
    return f"{place.study}\n{place.identity}"


def specs_of_sweep(sweep: Sweep) -> dict[str, Any]:
    """The specs of its view and its report as documents; no server is asked."""
    from ferray.publish.specs import specs_of

    return specs_of(contents_of_sweep(sweep))


def publish_at_end(record: SweepRecord, folder: Path, listener: Listener) -> Published | None:
    """Show a sweep that has just ended where its trials went to W&B as they ran; nothing of that fails the sweep.

    None where they did not, or it did not come to an end: then a warning says why, and how to do it later.
    """
    if not WandbPlace.of(folder).is_online:
        return None
    later = f"`{command('wandb publish', *(record.words or (record.name,)))}` does it later"
    listener.noted(f"publishing `{record.name}` to W&B, at most {AT_MOST_S:.0f} s; `--no-publish` leaves that out")
    try:
        published = _within(AT_MOST_S, lambda: publish_sweep(_opened(record, folder), PublishOptions(), listener))
    except FerrayError as error:
        listener.warned(f"warning: the sweep is not shown as a whole in W&B: {error.message}; {later}")
    except KeyboardInterrupt:  # the sweep itself is done
        listener.warned(f"interrupted while the sweep was published to W&B; {later}")
    else:
        for what, address in published.addresses.items():
            listener.noted(f"W&B: {what} {address}")
        for line in published.left_out:
            listener.warned(f"warning: {line}")
        return published
    return None


def _opened(record: SweepRecord, folder: Path) -> Sweep:
    from ferray.results.sweep import opened

    return opened(record, folder)


def _within(limit_s: float, act: Callable[[], Published]) -> Published:
    """What `act` gives, on a thread that the end of the process does not wait for; ClusterError after `limit_s`."""
    heard: SimpleQueue[Published | Exception] = SimpleQueue()

    def run() -> None:
        try:
            heard.put(act())
        except Exception as error:  # told on the caller's thread, as one of ours
            heard.put(error)

    thread = Daemon("ferray-publish", run)
    thread.start()
    try:
        thread.join(limit_s)
    except KeyboardInterrupt:
        cut_short(thread)
        raise
    if thread.is_alive():
        cut_short(thread)
        raise ClusterError(f"W&B was still busy after {limit_s:.0f} s")
    found = heard.get()
    if isinstance(found, FerrayError):
        raise found
    if isinstance(found, Exception):
        raise ClusterError(" ".join(str(found).split()) or type(found).__name__) from found
    return found
