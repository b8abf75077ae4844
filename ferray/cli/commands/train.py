"""`ferray train`: one configuration of a space, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import EpochLines, Warnings
from ferray.cli.terminal.trained import print_trained
from ferray.config.load import space_names


def train(
    space: Annotated[
        str | None,
        typer.Argument(
            help="A search space by name or as a path to a YAML file.",
            show_default=False,
            autocompletion=space_names,
        ),
    ] = None,
    from_trial: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SWEEP:N",
            help="Train the configuration of a sweep's trial, or its `best`.",
            autocompletion=completion.trials,
        ),
    ] = None,
    set: arguments.Sets = None,
    epochs: arguments.Epochs = None,
    seed: arguments.Seed = None,
    quick: arguments.Quick = False,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    exclude: arguments.Exclude = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget an earlier training of the same configuration.")
    ] = False,
    data_root: arguments.DataRoot = None,
    output: arguments.OutputHere = Path("runs"),
    device: arguments.Device = "auto",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads of torch and of augmentation; else every core.")
    ] = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Train one configuration: fixed keys, then `--set`, then the first choice or the middle of what is searched.

    With `--from` that of a trial, in a folder of its own. Interrupted and started again, it goes on from its last
    checkpoint.
    """
    asked = dict(locals())
    from ferray.apps.train import request_training, run_training

    listener = Warnings() if quiet else EpochLines()
    print_trained(run_training(request_training(space, asked, listener), listener), json=json)
