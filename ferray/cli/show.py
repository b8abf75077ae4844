"""`ferray show`: one thing, whole."""

from __future__ import annotations

import typer

from ferray.cli import options
from ferray.cli.output import print_json, say_notes
from ferray.commands import as_called

app = typer.Typer(help="Print one thing whole.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Print one thing whole."""


@app.command("space")
def space(name: options.Space, sets: options.Sets = None, json: options.Json = False) -> None:
    """Print a search space as it is written, or with `--json` as it is read, every default filled in."""
    from ferray.config.load import find_space, load_space
    from ferray.config.overrides import Overrides

    if json or sets:
        spec, notes = load_space(name, Overrides(sets=sets or ()))
        say_notes(notes, quiet=False)
        print_json(spec.model_dump(mode="json"))
        return
    print(find_space(name).text, end="")


@app.command("component")
def component(kind: str, name: str, json: options.Json = False) -> None:
    """Print a component's description and its parameters with their defaults and bounds."""
    import inspect

    from ferray.cli.listing import room_of

    room = room_of(kind)
    schema = room.params(name).model_json_schema()
    if json:
        print_json(schema)
        return
    print(as_called(inspect.getdoc(room.load(name)) or ""))
    for key, field in schema.get("properties", {}).items():
        bounds = {
            word: field[word]
            for word in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "enum")
            if word in field
        }
        extra = "".join(f", {word} {value}" for word, value in bounds.items())
        print(f"  {key} = {field.get('default')}{extra}")
