"""`ferray outliers`: what outlier removal did in a trial, as a table, pictures and csv."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.terminal.listeners import Lines
from ferray.cli.terminal.output import print_json, say, show
from ferray.text.commands import shortest_path
from ferray.text.counting import counted


def outliers(
    name: arguments.Sweep,
    trial: Annotated[
        int | None, typer.Option("--trial", min=0, help="Its number; else the best trial that removed something.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder for the files; else `figures/` in the trial's.")
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
    storage: arguments.Storage = None,
    json: arguments.Json = False,
) -> None:
    """Show which samples a trial removed and why: variance by epoch, errors before and after, the pictures, classes."""
    from ferray.apps.options import place_of, runtime_from

    listener = Lines()
    place, asked = place_of(name, dict(locals()), listener)
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder, storage)
    from ferray.apps.figures import remarks
    from ferray.apps.outliers import examine_removals

    examined = examine_removals(record, place.folder, to, runtime_from(asked), trial, listener=listener)
    document = examined.to_json()
    if json:
        print_json(document)
    else:
        _print(document)
    for line in remarks(examined.album):
        say(line)


def _print(document: dict[str, Any]) -> None:
    whole = f"{document['num_removed']} of {document['num_train']} training samples"
    told = f"{document['act']} {whole}" if document["num_removed"] else "removed nothing"
    show(f"{document['sweep']}: trial {document['trial']} ({document['rule']}) {told}")
    if document["rule"] == "none":
        show("its configuration has no outlier removal")
    if document["num_removed"]:
        _print_removed(document)
    noted = [look for look in document["looks"] if look["num_removed"] or look["note"]]
    for look in noted:
        variance = "-" if look["variance"] is None else f"{look['variance']:.4g}"
        note = f" ({look['note']})" if look["note"] else ""
        show(
            f"epoch {look['epoch']}: variance {variance}, {look['num_removed']} {document['act']}, "
            f"{look['num_kept']} left{note}"
        )
    if document["files"]:
        show(f"{counted(len(document['files']), 'file')} in {shortest_path(Path(document['files'][0]).parent)}")


def _print_removed(document: dict[str, Any]) -> None:
    width = max(len(entry["class"]) for entry in document["classes"])
    for entry in document["classes"]:
        of_all = f" of {entry['before']:>5} ({entry['removed'] / entry['before']:.0%})" if entry["before"] else ""
        show(f"  {entry['class']:<{width}}  {entry['removed']:>5}{of_all}")
    caught, wrong = document["num_caught"], document["num_mislabelled"]
    if caught is not None and wrong:
        precision, recall = caught / document["num_removed"], caught / wrong
        show(
            f"{caught} of the {document['act']} labels are known to be wrong (precision {precision:.0%}), "
            f"of {wrong} wrong ones in all (recall {recall:.0%})"
        )
