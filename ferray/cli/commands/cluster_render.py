"""`ferray cluster render`: the files of a cluster, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, say, show, show_text
from ferray.errors import ConfigError
from ferray.text.commands import command


def render(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="Without one, those of every kind.", show_default=False, autocompletion=completion.clusters
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, or those in a YAML file; may be repeated."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Write them there; else they are printed.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that were changed.")] = False,
    json: arguments.Json = False,
) -> None:
    """Fill in the files of a kind of cluster, and print them or write them into a folder.

    What may be set is checked before anything is written; `ferray cluster list KIND` lists it.
    """
    from ferray.cluster.assignments import folder_named

    folder = None if to is None else folder_named(to)
    files, examples = _filled(kind, sets or [], folder)
    if to is not None:
        _write(to, files, force=force)
    if json:
        print_json({"files": [str(to / name) for name in files] if to else files, "examples": examples})
    elif to is None:
        _print(files)
    else:
        for name in files:
            show(str(to / name))
    if examples:
        say(f"note: still examples, which `--set` changes: {', '.join(f'`{name}`' for name in examples)}")
    if to is not None:
        say(f"how to go on: the first lines of each file, and {_next(kind)}")


def _filled(kind: str | None, sets: list[str], folder: str | None) -> tuple[dict[str, str], list[str]]:
    """The files, and which settings are examples still."""
    from ferray.cluster import kinds
    from ferray.cluster.assignments import settings_of

    if kind is None:
        if sets:
            raise ConfigError("`--set` changes one kind of cluster", f"name it: {', '.join(kinds.KINDS)}")
        return kinds.render_all() if folder is None else kinds.render_all(folder), []
    found = kinds.kind_called(kind)
    settings = settings_of(found, sets, **({} if folder is None else {"folder": folder}))
    return kinds.render(kind, settings), settings.examples()


def _write(to: Path, files: Mapping[str, str], *, force: bool) -> None:
    from ferray.cluster.folder import changed_in, write_files
    from ferray.cluster.kinds import render_all

    changed = changed_in(to, files, render_all(str(to)))
    if changed and not force:
        raise ConfigError(
            f"`{to}` holds these with other words: {', '.join(f'`{name}`' for name in changed)}",
            "choose another folder, or write over them with `--force`",
        )
    write_files(to, files)


def _print(files: Mapping[str, str]) -> None:
    """The files one after another, each behind its name where there are several."""
    for name, text in files.items():
        show_text(text if len(files) == 1 else f"==> {name} <==\n{text}\n")


def _next(kind: str | None) -> str:
    return f"`{command('cluster list', *([kind] if kind else []))}`"
