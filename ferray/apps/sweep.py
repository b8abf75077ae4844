"""`ferray.sweep` and the command `ferray sweep`: run or continue a search."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ferray.apps.kept_inputs import earlier_or_kept, sets_or_kept, space_or_kept
from ferray.apps.launcher_ahead import LauncherAhead
from ferray.apps.listener_group import ListenerGroup, listeners_of
from ferray.apps.options import SweepOptions, known_options, overrides_from, recalled, sweep_runtime_from
from ferray.apps.preflight import checked_sweep
from ferray.config.called import called_by
from ferray.config.entry import Entry
from ferray.config.load import Space, SpaceFile, find_space, load_space
from ferray.config.output_address import bring_up, sweep_address
from ferray.config.overrides import Overrides
from ferray.config.parameter_sets import ParameterSet
from ferray.config.place import Place, read_place
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.urls import is_shareable
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.system.environment import with_variables
from ferray.track.console import Console
from ferray.track.wandb_runs.place import WandbPlace, as_variables, refuse_untaken

if TYPE_CHECKING:
    from ferray.papers.compare import Comparison
    from ferray.results.sweep import Sweep
    from ferray.study.records import DataIdentity, SweepRecord
    from ferray.sweeps.earlier_sweep import EarlierSweep, TakenOver
    from ferray.sweeps.plan import Plan


# Options that speak of the sweep they are given to; the others hold for the one that `then` names as well.
OF_ONE_SWEEP = (
    *("set", "trials", "epochs", "time_budget", "seed", "seeds", "quick", "sampler", "pruner", "name"),
    *("enqueue", "like", "then"),
)


@dataclass(frozen=True)
class SweepRequest:
    """A sweep as it was asked for, read and placed; its data has not been looked at."""

    space: Space
    file: SpaceFile
    spec: SweepSpec
    runtime: Runtime
    first: Sequence[ParameterSet] = ()
    first_file: str = ""
    like: EarlierSweep | None = None
    fresh: bool = False
    entry: Entry = Entry.ALONE
    is_quick: bool = False
    quiet: bool = False
    publishes: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)  # of W&B, as options have them
    then: SweepRequest | None = None  # what begins, with what this one has learnt, once it is finished
    asked_at: float = field(default_factory=time.monotonic)

    @property
    def folder(self) -> Path:
        """The sweep's own."""
        return self.runtime.output / self.spec.name


def sweep(space: Space, **options: Unpack[SweepOptions]) -> Sweep:
    """Run a sweep, or continue the one of its name, and read back what it has recorded.

    `space` is a search space by name, by the path of its YAML file, as a mapping of the same keys, or as a `SweepSpec`.
    The options are the words of `ferray sweep`; see `SweepOptions`. Everything is checked first, as by the command.
    Nothing is written to stdout: listeners hear of every epoch and trial, and without any a line on stderr tells each.

    With `then` what is read back is the sweep that came last.

    Raises ConfigError for what cannot be asked, DataError where the data is missing, SweepFailed where nothing
    completed, ClusterError where the machines do not give what is needed; KeyboardInterrupt once all is written.
    """
    asked = known_options(options, SweepOptions, "ferray.sweep")
    listeners = listeners_of(asked, lambda: Console(Path()))
    request = request_sweep(space, asked, ListenerGroup(listeners))
    record = _run_to_end(request, listeners)
    while (following := next_request(request, record, ListenerGroup(listeners))) is not None:
        request, record = following, _run_to_end(following, listeners)
    from ferray.results.sweep import opened

    return opened(record, request.folder.absolute())


def _run_to_end(request: SweepRequest, listeners: Sequence[Listener]) -> SweepRecord:
    record = run_request(request, listeners)
    if request.spec.published:
        finish_paper(request, record, ListenerGroup(listeners))
    show_in_wandb(request, record, ListenerGroup(listeners))
    return record


def finish_paper(request: SweepRequest, record: SweepRecord, listener: Listener) -> Comparison | None:
    """What follows the last trial of a sweep with published rows; see `ferray.apps.paper`.

    None where other drivers still have the sweep: the last one to leave does it.
    """
    if is_left_to_others(record):
        return None
    from ferray.apps import paper

    ended = paper.PaperSweep(request.space, record, request.runtime, is_quick=request.is_quick)
    return paper.finish_paper(ended, listener)


def show_in_wandb(request: SweepRequest, record: SweepRecord, listener: Listener) -> None:
    """What follows at last: the sweep as a whole in W&B, where its trials are there and nobody has asked not to."""
    if request.publishes and not is_left_to_others(record):
        from ferray.apps.publish import publish_at_end

        publish_at_end(record, request.folder.absolute(), listener)


def is_left_to_others(record: SweepRecord) -> bool:
    """Whether others go on driving a sweep that has ended here, and so do what follows its last trial."""
    return record.driver is not None and record.driver.is_alive


def request_sweep(space: Space, asked: Mapping[str, Any], listener: Listener) -> SweepRequest:
    """What the options ask for, and lines on what they do beside what they say; ConfigError for what cannot be."""
    entry = _entry_from(asked)
    bring_up(asked["output"])
    output, name = called_by(asked.get("name"), asked["output"])
    asked = {**asked, "output": output, "name": name}
    space, asked["name"] = space_or_kept(space, asked, listener)
    file = find_space(space)
    spec, notes = load_space(space, overrides_from(asked))
    for note in notes:
        listener.noted(f"note: {note}")
    asked = recalled(_place_of(output / spec.name, fresh=bool(asked.get("fresh"))), asked, listener)
    runtime = sweep_runtime_from(asked)
    if entry is Entry.JOIN:
        _refuse_unshared(runtime, output / spec.name)
    if runtime.keep_best is not None:
        _refuse_unjudged(spec, asked["keep"])
    like = earlier_or_kept(asked, output / spec.name, runtime, listener) if asked.get("like") else None
    variables = as_variables({name: asked.get(f"wandb_{name}") for name in ("entity", "project", "tags", "notes")})
    if "wandb" in runtime.trackers:
        with with_variables(variables):
            refuse_untaken(WandbPlace.for_sweep(output / spec.name))
    return SweepRequest(
        space,
        file,
        spec,
        runtime,
        first=sets_or_kept(asked, spec, runtime, listener) if asked.get("enqueue") else (),
        first_file=Path(asked["enqueue"]).name if asked.get("enqueue") else "",
        like=like,
        fresh=bool(asked.get("fresh")),
        entry=entry,
        is_quick=bool(asked.get("quick")),
        quiet=bool(asked.get("quiet")),
        publishes="wandb" in runtime.trackers and asked.get("publish") is not False,
        variables=variables,
        then=_following(asked, spec, listener) if asked.get("then") else None,
    )


def _following(asked: Mapping[str, Any], spec: SweepSpec, listener: Listener) -> SweepRequest:
    """The sweep that `then` names: in the same place and on the same data, else as its own space has it."""
    kept = {name: value for name, value in asked.items() if name not in OF_ONE_SWEEP}
    following = request_sweep(asked["then"], kept, listener)
    if following.spec.name == spec.name:
        message = f"`--then {asked['then']}` names a sweep that is called `{spec.name}`, as this one is"
        raise ConfigError(message, "give this one another `--name`")
    return following


def next_request(request: SweepRequest, record: SweepRecord, listener: Listener) -> SweepRequest | None:
    """What `then` asks for, begun with what this sweep has learnt; None where it was not, or is not finished yet."""
    following = request.then
    if following is None or is_left_to_others(record):
        return None
    from ferray.study.found import found_in

    limit, spec = request.spec.budget.time_s, following.spec
    time_s = None if limit is None else limit - (time.monotonic() - request.asked_at)
    is_finished = found_in(record).finished >= request.spec.budget.trials
    if not is_finished or (time_s is not None and time_s <= 0):
        why = "there is time" if is_finished else f"`{request.spec.name}` is finished"
        listener.noted(f"`{spec.name}` begins once {why}: the same command goes on")
        return None
    if time_s is not None:
        spec = spec.model_copy(update={"budget": spec.budget.model_copy(update={"time_s": time_s})})
    return _like(request, replace(following, spec=spec))


def _like(earlier: SweepRequest, following: SweepRequest) -> SweepRequest:
    """The request, to begin with what the other one's sweep has learnt."""
    from ferray.sweeps.earlier_sweep import find_earlier

    place = following.runtime
    return replace(following, like=find_earlier(str(earlier.folder.absolute()), place.output, place.storage))


def _entry_from(asked: Mapping[str, Any]) -> Entry:
    chosen = {name: bool(asked.get(name)) for name in ("join", "take_over", "fresh")}
    return Entry.of(**chosen)


def _refuse_unshared(runtime: Runtime, folder: Path) -> None:
    """ConfigError where the record or the folder of a sweep cannot be two drivers'."""
    if not is_shareable(runtime.storage):
        message = "`--join` needs a store that several drivers can share"
        raise ConfigError(message, "pass the `--storage` of a PostgreSQL database; a journal has one driver")
    if (address := sweep_address(folder.absolute())) is not None:
        message = f"`--join` needs one folder that all drivers see, and `{address}` is copied to by one"
        raise ConfigError(message, "pass an `--output` on a disk that all hosts see")


def _refuse_unjudged(spec: SweepSpec, keep: str) -> None:
    """ConfigError where `--keep` would delete what a paper's sweep judges the test split with at its end."""
    if any(row.arm is not None and row.measured_on == "test" for row in spec.published):
        message = f"`--keep {keep}` deletes checkpoints with which `{spec.name}` is to judge the test split at its end"
        raise ConfigError(message, "leave `--keep` out")


def _place_of(folder: Path, *, fresh: bool) -> Place:
    """What the folder remembers. A sweep that starts afresh has its own store, the one put aside keeps its."""
    place = read_place(folder)
    return replace(place, storage=None) if fresh else place


def run_request(request: SweepRequest, listeners: Sequence[Listener]) -> SweepRecord:
    """Check and run, what has to be run first before it; the record of its end."""
    audience = ListenerGroup(listeners)
    _check_following(request, audience)
    if request.spec.after is not None:
        _run(_before(request, request.spec.after, audience), audience)
    return _run(request, audience)


def _check_following(request: SweepRequest, listener: Listener) -> None:
    """Raise now what is wrong with the sweep that `then` names, and not hours later."""
    if (following := request.then) is not None:
        where = following.file.where
        checked_sweep(following.spec, following.runtime, space=where, folder=following.folder, listener=listener)


def plan_request(request: SweepRequest, listeners: Sequence[Listener]) -> tuple[Plan, str]:
    """Check, and refuse whatever a start would: what would run, and a line on what is told later, "" for none.

    Of a sweep that begins with the trials of another one, that one's plan as long as it is not finished.
    """
    audience = ListenerGroup(listeners)
    if request.spec.after is not None:
        first = _before(request, request.spec.after, audience)
        plan = _plan(first, audience)
        if plan.trials_left:
            line = f"the plan of the sweep that begins with its trials is told once `{first.spec.name}` is finished"
            return plan, f"note: {line}"
    plan = _plan(request, audience)
    if request.then is None:
        return plan, ""
    if plan.trials_left:
        _check_following(request, audience)
        line = f"`{request.then.spec.name}` begins with what `{request.spec.name}` learns, and its plan is told then"
        return plan, f"note: {line}"
    return _plan(_like(request, request.then), audience), ""


def _before(request: SweepRequest, space: str, listener: Listener) -> SweepRequest:
    """The sweep whose trials this one begins with."""
    spec, _ = load_space(space, Overrides(quick=request.is_quick))
    listener.noted(f"note: first `{spec.name}`, whose trials this sweep begins with")
    # Any of its trials may be what this sweep begins with.
    runtime = request.runtime.model_copy(update={"keep_best": None})
    return replace(
        request,
        space=space,
        file=find_space(space),
        spec=spec,
        runtime=runtime,
        fresh=False,
        first=(),
        first_file="",
        like=None,
    )


def _plan(request: SweepRequest, listener: Listener) -> Plan:
    spec, runtime, where = request.spec, request.runtime, request.file.where
    checked = checked_sweep(spec, runtime, space=where, folder=request.folder, listener=listener)
    from ferray.sweeps.check import data_identity
    from ferray.sweeps.dry_run import rehearse_sweep
    from ferray.sweeps.plan import Plan

    data = [data_identity(summary) for summary in checked.data]
    found = rehearse_sweep(spec, runtime, fresh=request.fresh, entry=request.entry, data=data)
    taken = _taken_over(request, data)
    first = (*request.first, *(taken.knowledge.sets if taken else ()))
    return Plan(spec, checked.placed(runtime), where, checked, found, first, taken.line if taken else "")


def _run(request: SweepRequest, audience: ListenerGroup) -> SweepRecord:
    with LauncherAhead(request.spec, request.runtime, fresh=request.fresh) as ahead:
        return _run_ahead(request, audience, ahead)


def _run_ahead(request: SweepRequest, audience: ListenerGroup, ahead: LauncherAhead) -> SweepRecord:
    spec, runtime, where = request.spec, request.runtime, request.file.where
    checked = checked_sweep(spec, runtime, space=where, folder=request.folder, listener=audience, chosen=ahead.prepare)
    from ferray.sweeps.check import data_identity
    from ferray.sweeps.run import run_sweep

    data = [data_identity(summary) for summary in checked.data]
    like = _taken_over(request, data)
    if ahead.launcher is not None:
        ahead.launcher.share_workers(checked.place.trials_per_worker)
    try:
        with with_variables(_wandb_variables(request)):
            record = run_sweep(
                spec,
                checked.placed(runtime),
                text=request.file.text,
                fresh=request.fresh,
                entry=request.entry,
                listeners=audience.listeners,
                data=data,
                first=request.first,
                first_file=request.first_file,
                like=like,
                sharing=checked.sharing,
                launcher=ahead.launcher,
            )
            if "wandb" in runtime.trackers and not is_left_to_others(record):
                from ferray.apps.sync import settle

                settle(read_place(request.folder.absolute()), audience, storage=runtime.storage)
            return record
    except KeyboardInterrupt:
        audience.warned(f"interrupted; run the same command again to go on with `{spec.name}`")
        raise


def _taken_over(request: SweepRequest, data: Sequence[DataIdentity]) -> TakenOver | None:
    """What the sweep takes over from the one that it is to be like; ConfigError where that is nothing."""
    if request.like is None:
        return None
    from ferray.sweeps.earlier_sweep import take_over

    return take_over(request.like, request.spec, data)


def _wandb_variables(request: SweepRequest) -> dict[str, str]:
    """What W&B and its tracker read: the options, and its own switch where nothing is to be printed."""
    is_silent = request.quiet and "WANDB_SILENT" not in os.environ
    return {**request.variables, **({"WANDB_SILENT": "true"} if is_silent else {})}
