"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import completion
from ferray.cli.output_option import output_here, output_of_sweeps
from ferray.config.load import space_names
from ferray.errors import ConfigError
from ferray.text.commands import command

_PLACE = "Where"
_WHAT = "What is searched"
_HOW = "How"
_WANDB = "Weights & Biases"

Space = Annotated[
    str,
    typer.Argument(
        help="A search space by name or as a path to a YAML file.", show_default=False, autocompletion=space_names
    ),
]
Sweep = Annotated[
    str,
    typer.Argument(help="A sweep by name, or its folder.", show_default=False, autocompletion=completion.sweeps),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key, or those in a YAML file; may be repeated.",
        rich_help_panel=_WHAT,
    ),
]
Epochs = Annotated[
    int | None, typer.Option("--epochs", help="Fix the number of epochs of every trial.", rich_help_panel=_WHAT)
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Seed of the sampler and of every trial.", rich_help_panel=_WHAT)
]
LimitPerClass = Annotated[
    int | None,
    typer.Option("--limit-per-class", help="At most so many images a class in each split.", rich_help_panel=_WHAT),
]
BadSamples = Annotated[
    str | None,
    typer.Option(
        "--bad-samples",
        metavar="auto|refuse|skip|keep",
        autocompletion=completion.words("auto", "refuse", "skip", "keep"),
        help="Of images and rows that are no good: refuse all, skip and list them, or keep pictures of one colour. "
        "`auto` refuses, but skips those of one colour in sets that are known to hold some.",
        rich_help_panel=_WHAT,
    ),
]
Enqueue = Annotated[
    Path | None,
    typer.Option(
        "--enqueue",
        metavar="FILE",
        help="Ask these parameters first: a YAML, JSON or csv file, or what `leaderboard --json` or `--csv` prints.",
        rich_help_panel=_WHAT,
    ),
]
Like = Annotated[
    str | None,
    typer.Option(
        "--like",
        metavar="NAME",
        help="Begin with the best parameters of this earlier sweep, and let the sampler know its trials.",
        rich_help_panel=_WHAT,
        autocompletion=completion.sweeps,
    ),
]
Then = Annotated[
    str | None,
    typer.Option(
        "--then",
        metavar="SPACE",
        help="Once this sweep is finished, sweep that space with what was learnt, as by `--like`.",
        rich_help_panel=_WHAT,
        autocompletion=space_names,
    ),
]
Exclude = Annotated[
    str | None,
    typer.Option(
        "--exclude",
        metavar="CSV",
        help="Train without the samples of a list, as `data clean` and `data audit` write it.",
        rich_help_panel=_WHAT,
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        help="Folder or s3:// address that holds the data sets; else $FERRAY_DATA, else ./data.",
        rich_help_panel=_PLACE,
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--output",
        parser=output_of_sweeps,
        metavar="PATH",
        help="Folder that holds the sweeps' folders, or an address such as s3://bucket/runs.",
        rich_help_panel=_PLACE,
    ),
]
OutputHere = Annotated[
    Path,
    typer.Option(
        "--output",
        parser=output_here,
        metavar="PATH",
        help="Folder that holds the sweeps' folders.",
        rich_help_panel=_PLACE,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto, cpu or cuda.",
        rich_help_panel=_PLACE,
        autocompletion=completion.words("auto", "cpu", "cuda"),
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage", help="URL of a PostgreSQL or MySQL store instead of the journal file.", rich_help_panel=_PLACE
    ),
]
Trials = Annotated[
    int | None, typer.Option("--trials", help="How many trials to finish in all.", rich_help_panel=_WHAT)
]
TimeBudget = Annotated[
    str | None,
    typer.Option(
        "--time-budget",
        metavar="TIME",
        help="Stop after 90s, 45m or 2.5h from now; trials save first.",
        rich_help_panel=_WHAT,
    ),
]
Sampler = Annotated[
    str | None,
    typer.Option(
        "--sampler",
        help=f"See `{command('list samplers')}`.",
        rich_help_panel=_HOW,
        autocompletion=completion.components("sampler"),
    ),
]
Pruner = Annotated[
    str | None,
    typer.Option(
        "--pruner",
        help=f"See `{command('list pruners')}`.",
        rich_help_panel=_HOW,
        autocompletion=completion.components("pruner"),
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Name of this sweep, for a second one over the same space; or the folder of one that goes on.",
        rich_help_panel=_PLACE,
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Put an earlier sweep of this name aside and start anew.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, say what would run, and stop.")]
Launcher = Annotated[
    str,
    typer.Option(
        "--launcher",
        help="ray, or inline for one trial after another here.",
        rich_help_panel=_HOW,
        autocompletion=completion.components("launcher"),
    ),
]
Address = Annotated[
    str | None, typer.Option("--address", help="An existing Ray cluster, such as `auto`.", rich_help_panel=_HOW)
]
CpusPerTrial = Annotated[
    int, typer.Option("--cpus-per-trial", help="Cores and threads of a trial.", rich_help_panel=_HOW)
]
GpusPerTrial = Annotated[
    str | None,
    typer.Option(
        "--gpus-per-trial",
        metavar="NUMBER|auto",
        help="May be a fraction; auto measures how many trials a GPU holds; else 1 where the cluster has GPUs.",
        rich_help_panel=_HOW,
    ),
]
Accelerator = Annotated[
    str | None,
    typer.Option("--accelerator", metavar="TYPE", help="Train on GPUs of this type alone: A100.", rich_help_panel=_HOW),
]
MemoryPerTrial = Annotated[
    str | None,
    typer.Option(
        "--memory-per-trial",
        metavar="SIZE",
        help="Start a trial where Ray counts so much memory free: 8GiB, 512MiB.",
        rich_help_panel=_HOW,
    ),
]
MaxGpus = Annotated[
    float | None,
    typer.Option("--max-gpus", help="At most so many GPUs at a time, on a shared cluster.", rich_help_panel=_HOW),
]
MaxConcurrent = Annotated[
    int | None, typer.Option("--max-concurrent", help="At most so many trials at a time.", rich_help_panel=_HOW)
]
TrialsPerWorker = Annotated[
    str | None,
    typer.Option(
        "--trials-per-worker",
        metavar="NUMBER|auto",
        help="Trials that take turns on one trial's cores and GPU; auto: up to 16 heads that train as one, else 1.",
        rich_help_panel=_HOW,
    ),
]
MaxRetries = Annotated[
    int,
    typer.Option(
        "--max-retries", help="How often a trial is asked again after its worker was lost.", rich_help_panel=_HOW
    ),
]
MaxFailures = Annotated[
    int,
    typer.Option("--max-failures", help="More failures in a row of one reason end the sweep.", rich_help_panel=_HOW),
]
TrialTimeout = Annotated[
    str | None,
    typer.Option(
        "--trial-timeout",
        metavar="TIME",
        help="A trial that says nothing for longer, from its first step on, is stopped.",
        rich_help_panel=_HOW,
    ),
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait", metavar="TIME", help="How long the cluster may take until one trial fits.", rich_help_panel=_HOW
    ),
]
Keep = Annotated[
    str,
    typer.Option(
        "--keep",
        metavar="best=K|all|none",
        help="Which trials keep their checkpoint (best.pt) once they have ended: the K best so far, all or none.",
        rich_help_panel=_HOW,
    ),
]
TakeOver = Annotated[bool, typer.Option("--take-over", help="Drive a sweep whose owner on another host is gone.")]
Join = Annotated[bool, typer.Option("--join", help="Drive beside others; needs PostgreSQL and one folder.")]
Trackers = Annotated[
    list[str] | None,
    typer.Option(
        "--tracker",
        help="wandb (default), tensorboard, none; may be repeated.",
        rich_help_panel=_HOW,
        autocompletion=completion.components("tracker", "none"),
    ),
]
Publish = Annotated[
    bool,
    typer.Option(
        "--publish/--no-publish",
        help="Whether to show a sweep that was online as a whole in W&B at its end.",
        rich_help_panel=_HOW,
    ),
]
WandbEntity = Annotated[
    str | None,
    typer.Option("--wandb-entity", help="User or team; else $WANDB_ENTITY, else your default.", rich_help_panel=_WANDB),
]
WandbProject = Annotated[
    str | None,
    typer.Option("--wandb-project", help="Project; else $WANDB_PROJECT, else ferray.", rich_help_panel=_WANDB),
]
WandbTags = Annotated[
    list[str] | None,
    typer.Option("--wandb-tag", help="A tag for every run, may be repeated; else $WANDB_TAGS.", rich_help_panel=_WANDB),
]
WandbNotes = Annotated[
    str | None,
    typer.Option("--wandb-notes", help="What every run's notes begin with; else $WANDB_NOTES.", rich_help_panel=_WANDB),
]
Quick = Annotated[
    bool,
    typer.Option("--quick", help="The space's own cut: fewer seeds, epochs or images.", rich_help_panel=_WHAT),
]
Seeds = Annotated[
    int | None,
    typer.Option("--seeds", min=1, help="Run every arm with so many seeds, the same ones.", rich_help_panel=_WHAT),
]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the sweep until nobody drives it any more.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but results, warnings and errors.")]


def refuse_with_watch(**documents: bool) -> None:
    """ConfigError where `--watch` meets an option that prints one document: what goes on has no end to print."""
    for name in [name for name, is_asked in documents.items() if is_asked]:
        raise ConfigError(f"`--watch` and `--{name}` are two choices", "leave one out")
