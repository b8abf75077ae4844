"""`ferray sweep`: run or continue a search."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ferray.cli import arguments
from ferray.cli.checking import checked_sweep
from ferray.cli.commands.compare import print_comparison
from ferray.cli.paper import PaperSweep, finish_paper
from ferray.cli.terminal.output import on_terminal, print_json, say, say_notes
from ferray.cli.terminal.plan_lines import print_plan
from ferray.config.called import called_by
from ferray.config.place import Place, read_place
from ferray.errors import ConfigError, UnknownComponent, did_you_mean
from ferray.text.commands import shortest_path

if TYPE_CHECKING:
    from ferray.config.load import SpaceFile
    from ferray.config.parameter_sets import ParameterSet
    from ferray.config.runtime import Runtime
    from ferray.config.sweep import SweepSpec
    from ferray.events import Listener
    from ferray.study.records import SweepRecord
    from ferray.sweeps.plan import Plan


def sweep(
    space: arguments.Space,
    trials: arguments.Trials = None,
    epochs: arguments.Epochs = None,
    time_budget: arguments.TimeBudget = None,
    seed: arguments.Seed = None,
    seeds: arguments.Seeds = None,
    quick: arguments.Quick = False,
    sets: arguments.Sets = None,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    exclude: arguments.Exclude = None,
    enqueue: arguments.Enqueue = None,
    sampler: arguments.Sampler = None,
    pruner: arguments.Pruner = None,
    name: arguments.Name = None,
    fresh: arguments.Fresh = False,
    dry_run: arguments.DryRun = False,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    launcher: arguments.Launcher = "ray",
    address: arguments.Address = None,
    cpus_per_trial: arguments.CpusPerTrial = 1,
    gpus_per_trial: arguments.GpusPerTrial = None,
    max_concurrent: arguments.MaxConcurrent = None,
    max_retries: arguments.MaxRetries = 3,
    max_failures: arguments.MaxFailures = 10,
    trial_timeout: arguments.TrialTimeout = None,
    wait: arguments.Wait = None,
    keep: arguments.Keep = "all",
    take_over: arguments.TakeOver = False,
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    tracker: arguments.Trackers = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Run a sweep, or continue the one of this name: the same command again goes on where it stopped."""
    asked = dict(locals())
    from ferray.config.load import find_space, load_space

    asked["output"], asked["name"] = called_by(name, output)
    spec, notes = load_space(space, arguments.overrides_from(asked))
    say_notes(notes, quiet=quiet)
    arguments.recall(_place_of(asked["output"] / spec.name, fresh=fresh), asked)
    runtime = _runtime(asked, spec)
    how = _How(fresh=fresh, take_over=take_over, dry_run=dry_run, json=json, quiet=quiet, first=_sets(enqueue, spec))
    if spec.after is not None and not _run_before(spec.after, runtime, quick=quick, how=how):
        return
    if dry_run:
        print_plan(_plan(spec, runtime, file=find_space(space), how=how), json=json)
        return
    record = _run(spec, runtime, file=find_space(space), how=how)
    paper = PaperSweep(space, record, runtime, is_quick=quick, quiet=quiet) if spec.published else None
    _print_end(record, runtime, paper, json=json, quiet=quiet)


def _runtime(asked: dict[str, Any], spec: SweepSpec) -> Runtime:
    """The place that was asked for; ConfigError names the option that is wrong."""
    from ferray.config.keep import parse_keep

    runtime: Runtime = arguments.runtime_from(
        {
            **asked,
            "trackers": _trackers(asked["tracker"]),
            "trial_timeout_s": arguments.seconds(asked["trial_timeout"], "--trial-timeout"),
            "wait_s": arguments.waiting(asked["wait"], asked["address"]),
            "keep_best": parse_keep(asked["keep"]),
        }
    )
    if runtime.keep_best is not None:
        _refuse_unjudged(spec, asked["keep"])
    return runtime


def _refuse_unjudged(spec: SweepSpec, keep: str) -> None:
    """ConfigError where `--keep` would delete what a paper's sweep judges the test split with at its end."""
    if any(row.arm is not None and row.measured_on == "test" for row in spec.published):
        message = f"`--keep {keep}` deletes checkpoints with which `{spec.name}` is to judge the test split at its end"
        raise ConfigError(message, "leave `--keep` out")


def _place_of(folder: Path, *, fresh: bool) -> Place:
    """What the folder remembers. A sweep that starts afresh has its own store, the one put aside keeps its."""
    place = read_place(folder)
    return replace(place, storage=None) if fresh else place


@dataclass(frozen=True)
class _How:
    """The switches of one command."""

    fresh: bool
    take_over: bool
    dry_run: bool
    json: bool
    quiet: bool
    first: Sequence[ParameterSet] = ()


def _sets(file: Path | None, spec: SweepSpec) -> Sequence[ParameterSet]:
    from ferray.config.parameter_sets import load_sets

    return load_sets(file, spec) if file else ()


def _run_before(space: str, runtime: Runtime, *, quick: bool, how: _How) -> bool:
    """Run or finish the sweep that this one begins with; whether its trials are there then."""
    from ferray.config.load import find_space, load_space
    from ferray.config.overrides import Overrides

    spec, _ = load_space(space, Overrides(quick=quick))
    if not how.quiet:
        say(f"note: first `{spec.name}`, whose trials this sweep begins with")
    file, how = find_space(space), replace(how, fresh=False, first=())
    runtime = runtime.model_copy(update={"keep_best": None})  # any of them may be what this sweep begins with
    if not how.dry_run:
        _run(spec, runtime, file=file, how=how)
        return True
    plan = _plan(spec, runtime, file=file, how=how)
    if plan.trials_left:
        print_plan(plan, json=how.json)
        say(f"note: the plan of the sweep that begins with its trials is told once `{spec.name}` is finished")
    return not plan.trials_left


def _plan(spec: SweepSpec, runtime: Runtime, *, file: SpaceFile, how: _How) -> Plan:
    """Check, and refuse whatever a start would."""
    checked = checked_sweep(spec, runtime, file.path, runtime.output / spec.name, quiet=how.quiet)
    from ferray.sweeps.check import judged_data
    from ferray.sweeps.dry_run import rehearse_sweep
    from ferray.sweeps.plan import Plan

    data = [judged_data(summary) for summary in checked.data]
    found = rehearse_sweep(spec, runtime, fresh=how.fresh, take_over=how.take_over, data=data)
    return Plan(spec, runtime, file.path, checked, found, tuple(how.first))


def _run(spec: SweepSpec, runtime: Runtime, *, file: SpaceFile, how: _How) -> SweepRecord:
    """Check and run."""
    checked = checked_sweep(spec, runtime, file.path, runtime.output / spec.name, quiet=how.quiet)
    from ferray.sweeps.check import judged_data
    from ferray.sweeps.run import run_sweep

    try:
        with _wandb_silent(quiet=how.quiet):
            return run_sweep(
                spec,
                runtime,
                text=file.text,
                fresh=how.fresh,
                take_over=how.take_over,
                listeners=_watchers(quiet=how.quiet),
                data=[judged_data(summary) for summary in checked.data],
                first=how.first,
            )
    except KeyboardInterrupt:
        say(f"interrupted; run the same command again to go on with `{spec.name}`")
        raise


@contextmanager
def _wandb_silent(*, quiet: bool) -> Iterator[None]:
    """W&B's own switch, and that of its tracker, where nothing is to be printed."""
    if not quiet or "WANDB_SILENT" in os.environ:
        yield
        return
    os.environ["WANDB_SILENT"] = "true"
    try:
        yield
    finally:
        del os.environ["WANDB_SILENT"]


def _watchers(*, quiet: bool) -> list[Listener]:
    """The live table on a terminal, plain lines elsewhere, nothing when quiet."""
    if quiet:
        return []
    if on_terminal():
        from ferray.cli.terminal.live_table import LiveTable

        return [LiveTable()]
    from ferray.track.console import Console

    return [Console(Path())]


def _trackers(given: list[str] | None) -> tuple[str, ...]:
    from ferray.registry import ROOMS

    names = given if given is not None else ["wandb"]
    chosen = tuple(name for name in names if name != "none")
    known = [*ROOMS["tracker"].names(), "none"]
    for name in chosen:
        if name not in known:
            raise UnknownComponent(f"`{name}` is not a tracker", did_you_mean(name, known))
        ROOMS["tracker"].load(name)
    return chosen


def _print_end(record: SweepRecord, runtime: Runtime, paper: PaperSweep | None, *, json: bool, quiet: bool) -> None:
    from ferray.cli.terminal.tables import print_leaderboard
    from ferray.results.leaderboard import rank
    from ferray.results.progress import with_progress

    folder = runtime.output / record.name
    board = rank(with_progress(record, folder))
    if not json:
        print_leaderboard(board, folder, limit=10)
    comparison = finish_paper(paper) if paper is not None else None
    if json:
        compared = {"comparison": comparison.to_json() if comparison else None} if paper is not None else {}
        print_json({**board.to_json(), **compared})
    elif comparison is not None:
        print_comparison(comparison)
    if not quiet:
        say(_disk_line(folder, is_paper=paper is not None))
        more = "--seeds" if any({"arm", "seed"} & set(trial.params) for trial in record.trials) else "--trials"
        say(
            f"`{record.command('leaderboard')}` shows all trials; the same command with more `{more}` extends the sweep"
        )


def _disk_line(folder: Path, *, is_paper: bool) -> str:
    """What the sweep holds, and where that is much and may be less, how."""
    from ferray.sweeps.disk_space import FEW, disk_use

    use = disk_use(folder)
    line = use.sentence(shortest_path(folder))
    if not use.is_large or is_paper:
        return line
    return f"{line}; the same command with `--keep best={FEW}` deletes all but the best {FEW}"
