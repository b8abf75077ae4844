"""`ferray wandb`: a sweep as a whole in Weights & Biases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show
from ferray.config.place import find_sweep
from ferray.errors import ClusterError, DataError
from ferray.text.commands import command

if TYPE_CHECKING:
    from ferray.publish.publishing import Published

app = typer.Typer(help="Show a sweep as a whole in Weights & Biases.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Show a sweep as a whole in Weights & Biases."""


@app.command("publish")
def publish(
    name: arguments.Sweep,
    report: Annotated[
        bool, typer.Option("--report", help="Write a report as well; one that is there is brought up to date anyway.")
    ] = False,
    link: Annotated[
        str,
        typer.Option(
            "--link", metavar="REGISTRY", help="Link the best model to a registry, or to REGISTRY/COLLECTION."
        ),
    ] = "",
    spec_only: Annotated[
        str | None,
        typer.Option(
            "--spec-only", metavar="FILE", help="Write the specs of view and report, to stdout for `-`, and stop."
        ),
    ] = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    wandb_entity: arguments.WandbEntity = None,
    wandb_project: arguments.WandbProject = None,
    json: arguments.Json = False,
) -> None:
    """Show the leaderboard, a saved view and the best model of a sweep; run again it changes the same ones."""
    place = find_sweep(name, output, storage)
    from ferray.apps.publish import publish_synced, specs_of_sweep
    from ferray.publish.options import PublishOptions
    from ferray.results.sweep import load

    sweep = load(place.folder, storage=storage)
    if spec_only is not None:
        _write_specs(specs_of_sweep(sweep), spec_only)
        return
    say(f"publishing `{sweep.name}` to W&B")
    options = PublishOptions(report, link, {"entity": wandb_entity, "project": wandb_project})
    published = publish_synced(sweep, options, listener=Lines(), storage=storage)
    if json:
        print_json(published.to_json())
    else:
        print_published(published)
    if not published.run.url:
        say(f"`{command('sync', *place.words)}` uploads it; the same command again, with a key and a network, does all")
    if published.run.trouble:
        raise ClusterError(
            f"the best model is not linked to `{link}`: {published.run.trouble}",
            "all else is published; `--link ORGANISATION/REGISTRY/COLLECTION` says all of the place",
        )


def print_published(published: Published) -> None:
    """Where everything is to be seen on stdout, and on stderr what is not made and why."""
    for what, address in published.addresses.items():
        show(f"{what}: {address}")
    for line in published.left_out:
        say(f"note: {line}")


def _write_specs(specs: dict[str, object], to: str) -> None:
    if to == "-":
        print_json(specs)
        return
    from ferray.files.atomic import write_json
    from ferray.files.os_errors import writing

    with writing(Path(to), DataError, "choose another file behind `--spec-only`"):
        write_json(Path(to), specs)
