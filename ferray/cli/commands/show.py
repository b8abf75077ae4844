"""`ferray show`: one thing, whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.output import print_json, say, show, show_text
from ferray.errors import ConfigError
from ferray.text.commands import as_called

if TYPE_CHECKING:
    from ferray.config.keys import Key

app = typer.Typer(help="Print one thing whole.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Print one thing whole."""


@app.command("space")
def space(name: arguments.Space, sets: arguments.Sets = None, json: arguments.Json = False) -> None:
    """Print a search space as it is written, or with `--json` as it is read, every default filled in."""
    from ferray.config.load import find_space, load_space
    from ferray.config.overrides import Overrides

    if json or sets:
        spec, notes = load_space(name, Overrides(sets=sets or ()))
        for note in notes:
            say(f"note: {note}")
        print_json(spec.model_dump(mode="json"))
        return
    show_text(find_space(name).text)


@app.command("trial")
def trial(
    name: arguments.Sweep,
    number: Annotated[str, typer.Argument(help="A trial by its number, or `best`.", show_default=False)],
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Print a trial's searched parameters and its whole configuration, as YAML that is read back.

    `ferray sweep SPACE --enqueue FILE` asks the parameters first, `ferray train SPACE --set FILE` trains all of it.
    """
    from ferray.apps.trial_document import trial_document
    from ferray.config.place import find_sweep
    from ferray.results.chosen import trial_called
    from ferray.study.history import load_sweep

    if number != "best" and not number.isdecimal():
        raise ConfigError(f"`{number}` is no trial", "give its number, or `best`")
    folder = find_sweep(name, output, storage).folder
    record = load_sweep(folder, storage)
    found = trial_called(record, "best" if number == "best" else int(number))
    if json:
        print_json({"number": found.number, "params": dict(found.params), "config": found.config})
    else:
        show_text(trial_document(found, folder, record.metric))


@app.command("component")
def component(
    kind: Annotated[str, typer.Argument(show_default=False, autocompletion=completion.kinds)],
    name: Annotated[str, typer.Argument(show_default=False, autocompletion=completion.components_of_kind)],
    json: arguments.Json = False,
) -> None:
    """Print a component's description and its parameters with their defaults and bounds."""
    from ferray.apps.components import described
    from ferray.config.keys import keys_of

    description, params = described(kind, name)
    if json:
        print_json(params.model_json_schema())
        return
    for line in [*as_called(description).splitlines(), ""]:
        show(line, indent="")
    _print_keys(keys_of(params, name), details=True)


@app.command("keys")
def keys(
    key: Annotated[
        str, typer.Argument(help="Only this key and what lies below it: `optimizer`, `imbalance.focal`, `lr`.")
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/keys.md.")] = False,
    json: arguments.Json = False,
) -> None:
    """Print every key of a space and of a trial: default, what it takes, and what it is, a line each."""
    from dataclasses import asdict

    from ferray.config.keys import keys_page, keys_under

    found = keys_under(key)
    if json:
        print_json([asdict(one) for one in found])
    elif markdown:
        show_text(keys_page(found))
    else:
        _print_keys(found, details=len(found) == 1)


def _print_keys(found: Sequence[Key], *, details: bool) -> None:
    for section in dict.fromkeys(key.section for key in found):
        if not details:
            show_text(f"\n{section}\n" if section != found[0].section else f"{section}\n")
        for key in (key for key in found if key.section == section):
            default = f" = {key.default}" if key.default else ""
            show(as_called(f"  {key.name}{default}  {key.values}. {key.summary}"), indent="      ")
            if details and key.details:
                show(as_called(f"      {key.details}"), indent="      ")
