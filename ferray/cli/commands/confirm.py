"""`ferray confirm`: the finalists of a search, trained anew, judged on the test split and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal import listeners
from ferray.cli.terminal.output import print_json
from ferray.cli.terminal.plan_lines import print_plan


def confirm(
    name: arguments.Sweep,
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="The best so many recipes of the search.")] = 3,
    seeds: Annotated[
        int, typer.Option("--seeds", min=2, help="Trainings of each recipe, with seeds that the search has not had.")
    ] = 9,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="RECIPE|TRIAL|SPACE",
            help="What they are held against: a recipe or a trial of the search, `SWEEP:17`, or a search space.",
        ),
    ] = None,
    time_budget: arguments.TimeBudget = None,
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
    take_over: arguments.TakeOver = False,
    device: arguments.Device = "auto",
    storage: arguments.Storage = None,
    tracker: arguments.Trackers = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Train the best recipes of a search anew with fresh seeds, judge each by the test split once, and compare them.

    The same command goes on where it stopped. Without a test split, each image is held out once in nested folds.
    """
    asked = dict(locals())
    from ferray.apps.confirm import plan_confirmation, run_confirmation
    from ferray.apps.confirm_request import request_confirmation

    listener = listeners.of_sweep(quiet=quiet)
    request = request_confirmation(name, asked, listener)
    if dry_run:
        print_plan(plan_confirmation(request, [listener]), json=json)
        return
    found = run_confirmation(request, [listener])
    if json:
        print_json(found.to_json() if found else None)
    elif found is not None:
        from ferray.cli.terminal.finalist_tables import print_confirmation

        print_confirmation(found)
