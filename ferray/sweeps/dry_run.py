"""A start of a sweep that stops before its first trial: it refuses what the start would, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from ferray.config.entry import Entry
from ferray.config.place import Place, place_at_start, read_place
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.events import Found
from ferray.study.database import database_errors_named
from ferray.study.load import rehearse_opening
from ferray.study.records import DataIdentity
from ferray.sweeps.driver_lock import refuse_driven
from ferray.sweeps.notification import Listeners
from ferray.sweeps.run import invite_trackers, refuse_putting_aside, with_store


def rehearse_sweep(
    spec: SweepSpec,
    runtime: Runtime,
    *,
    fresh: bool = False,
    entry: Entry = Entry.ALONE,
    data: Sequence[DataIdentity] = (),
) -> Found:
    """What `run_sweep` would go on with; raises what it would raise before it starts a trial."""
    folder = (runtime.output / spec.name).absolute()
    if entry is not Entry.JOIN:
        refuse_driven(folder)
    if fresh:
        refuse_putting_aside(folder, runtime.storage)
    with database_errors_named(), closing(Listeners([])) as listeners:
        runtime = runtime if fresh else with_store(runtime, folder)
        place = Place(folder, folder.name, storage=runtime.storage)
        if folder.is_dir() and not fresh:
            place = replace(place_at_start(read_place(folder), runtime), storage=runtime.storage)  # with its password
        invite_trackers(listeners, runtime, folder)
        return rehearse_opening(spec, place, data, entry=entry, fresh=fresh)
