"""`ferray data clean`: labels that are probably wrong, listed and left alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import FoldLines, Warnings
from ferray.cli.terminal.output import print_json, say, show
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.apps.data_clean import SuspectLabels

MOST_SHOWN = 20


def clean(
    space: Annotated[
        str,
        typer.Argument(
            help="A search space, or a data set by name.",
            show_default=False,
            autocompletion=completion.spaces_and_datasets,
        ),
    ],
    folds: Annotated[int, typer.Option("--folds", min=2, max=50, help="Networks to train.")] = 5,
    epochs: arguments.Epochs = None,
    set: arguments.Sets = None,
    seed: arguments.Seed = None,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    to: Annotated[Path | None, typer.Option("--to", help="The csv; else `suspects.csv` beside the folds.")] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.OutputHere = Path("runs"),
    device: arguments.Device = "auto",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads of torch and of augmentation; else every core.")
    ] = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """List training samples whose labels are suspect, by confident learning; no data is touched.

    One configuration is trained once a fold, and each sample is judged by the network that never saw it. Interrupted
    and started again, it goes on from the last checkpoint.
    """
    asked = dict(locals())
    from ferray.apps.data_clean import command_without, find_suspect_labels

    found = find_suspect_labels(space, asked, Warnings() if quiet else FoldLines())
    if json:
        print_json(found.to_json())
    else:
        _print(found)
    if found.findings.suspects and not quiet:
        say("look at them, take off the list what is right, and train without the rest:")
        say(f"`{command_without(space, found.name, asked, found.path)}`")


def _print(found: SuspectLabels) -> None:
    findings = found.findings
    low, high = findings.interval
    show(
        f"{found.name}: {counted(len(findings.suspects), 'suspect')} among "
        f"{counted(findings.num_examined, 'training sample')} "
        f"(out-of-fold accuracy {findings.accuracy:.3f} [{low:.3f}, {high:.3f}], n = {findings.num_examined:,}, 95 %)"
    )
    shown = findings.suspects[:MOST_SHOWN]
    names = max((len(suspect.name) for suspect in shown), default=0)
    classes = max(map(len, findings.classes))
    for suspect in shown:
        label, suggested = findings.classes[suspect.label], findings.classes[suspect.suggested]
        show(
            f"{suspect.rank:>5}  {suspect.name:<{names}}  {label:<{classes}} → {suggested:<{classes}}  "
            f"self-confidence {suspect.self_confidence:.2g}"
        )
    if len(findings.suspects) > MOST_SHOWN:
        show(f"and {len(findings.suspects) - MOST_SHOWN} more")
    if findings.precision is not None and findings.recall is not None:
        chance = (findings.num_mislabelled or 0) / findings.num_examined
        show(
            f"known truth: {findings.precision:.0%} of the suspects are wrong-labelled (chance {chance:.0%}), "
            f"{findings.recall:.0%} of the {findings.num_mislabelled} wrong labels are suspects"
        )
    show(f"all of them: {found.path}")
    for sheet in found.sheets:
        show(f"to look at: {sheet}")
