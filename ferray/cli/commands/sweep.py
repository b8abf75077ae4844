"""`ferray sweep`: run or continue a search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ferray.cli import arguments
from ferray.cli.commands.compare import print_comparison
from ferray.cli.terminal import listeners
from ferray.cli.terminal.output import print_json, say
from ferray.cli.terminal.plan_lines import print_plan
from ferray.config.output_address import sweep_address
from ferray.text.commands import shortest_path

if TYPE_CHECKING:
    from ferray.apps.sweep import SweepRequest
    from ferray.events import Listener
    from ferray.study.records import SweepRecord


def sweep(
    space: arguments.Space,
    trials: arguments.Trials = None,
    epochs: arguments.Epochs = None,
    time_budget: arguments.TimeBudget = None,
    seed: arguments.Seed = None,
    seeds: arguments.Seeds = None,
    quick: arguments.Quick = False,
    set: arguments.Sets = None,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    exclude: arguments.Exclude = None,
    enqueue: arguments.Enqueue = None,
    like: arguments.Like = None,
    then: arguments.Then = None,
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
    memory_per_trial: arguments.MemoryPerTrial = None,
    accelerator: arguments.Accelerator = None,
    max_gpus: arguments.MaxGpus = None,
    max_concurrent: arguments.MaxConcurrent = None,
    trials_per_worker: arguments.TrialsPerWorker = None,
    max_retries: arguments.MaxRetries = 3,
    max_failures: arguments.MaxFailures = 10,
    trial_timeout: arguments.TrialTimeout = None,
    wait: arguments.Wait = None,
    keep: arguments.Keep = "all",
    take_over: arguments.TakeOver = False,
    join: arguments.Join = False,
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    tracker: arguments.Trackers = None,
    publish: arguments.Publish = True,
    wandb_entity: arguments.WandbEntity = None,
    wandb_project: arguments.WandbProject = None,
    wandb_tags: arguments.WandbTags = None,
    wandb_notes: arguments.WandbNotes = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Run a sweep, or continue the one of this name: the same command again goes on where it stopped."""
    asked = dict(locals())
    from ferray.apps.sweep import request_sweep

    listener = listeners.of_sweep(quiet=quiet)
    request = request_sweep(space, asked, listener)
    if dry_run:
        _print_plan(request, listener, json=json)
    following: SweepRequest | None = None if dry_run else request
    while following is not None:
        following = _run(following, listener, json=json)


def _run(request: SweepRequest, listener: Listener, *, json: bool) -> SweepRequest | None:
    """Run and show one sweep, and say which begins now; of several the last alone is a JSON document."""
    from ferray.apps.sweep import next_request, run_request, show_in_wandb

    record = run_request(request, [listener])
    following = next_request(request, record, listener)
    _print_end(request, record, listener, json=json, is_last=following is None)
    show_in_wandb(request, record, listener)
    return following


def _print_plan(request: SweepRequest, listener: Listener, *, json: bool) -> None:
    from ferray.apps.sweep import plan_request

    plan, later = plan_request(request, [listener])
    print_plan(plan, json=json)
    if later:
        say(later)


def _print_end(request: SweepRequest, record: SweepRecord, listener: Listener, *, json: bool, is_last: bool) -> None:
    from ferray.apps.sweep import finish_paper
    from ferray.cli.terminal.tables import print_leaderboard
    from ferray.results.leaderboard import rank
    from ferray.results.progress import with_progress

    folder, is_paper = request.folder, bool(request.spec.published)
    board = rank(with_progress(record, folder))
    if not json:
        print_leaderboard(board, folder, limit=10)
    comparison = finish_paper(request, record, listener) if is_paper else None
    if json and is_last:
        compared = {"comparison": comparison.to_json() if comparison else None} if is_paper else {}
        print_json({**board.to_json(), **compared})
    elif comparison is not None and not json:
        print_comparison(comparison)
    if not request.quiet:
        say(_disk_line(folder, is_paper=is_paper))
        more = "--seeds" if any({"arm", "seed"} & set(trial.params) for trial in record.trials) else "--trials"
        say(
            f"`{record.command('leaderboard')}` shows all trials; the same command with more `{more}` extends the sweep"
        )


def _disk_line(folder: Path, *, is_paper: bool) -> str:
    """What the sweep holds, and where that is much and may be less, how."""
    from ferray.sweeps.disk_use import FEW, disk_use

    if (address := sweep_address(folder)) is not None:
        return f"`{address}` holds the results; the record was written in `{shortest_path(folder)}` and copied there"
    use = disk_use(folder)
    line = use.sentence(shortest_path(folder))
    if not use.is_large or is_paper:
        return line
    return f"{line}; the same command with `--keep best={FEW}` deletes all but the best {FEW}"
