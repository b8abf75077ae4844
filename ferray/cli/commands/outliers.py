"""`ferray outliers`: what outlier removal did in a trial, as a table, pictures and csv."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.commands.figures import remark
from ferray.cli.terminal.output import print_json, say, show
from ferray.config.place import DataPlace
from ferray.text.commands import command, shortest_path
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.results.figures.album import Album
    from ferray.results.figures.removed import Picture
    from ferray.results.originals import Originals
    from ferray.results.removals import Removals
    from ferray.study.records import SweepRecord, TrialRecord

PICTURE_SIDE = 96


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
    asked = dict(locals())
    folder = arguments.place_of(name, asked).folder
    from ferray.artifacts.sweep import figures_folder
    from ferray.config.exclusion import kept_list
    from ferray.results.figures.album import Album
    from ferray.results.originals import Originals
    from ferray.results.removals import read_removals, write_tables
    from ferray.study.history import load_sweep

    record = load_sweep(folder, storage)
    chosen = _choose(record, folder, trial)
    removals = read_removals(folder, chosen)
    target = to or figures_folder(folder, chosen.folder)
    album = Album(target, f"{record.name}, trial {chosen.number}", sweep=folder)
    config, runtime = chosen.trial_config(), arguments.runtime_from(asked)
    originals = Originals(config, DataPlace(runtime.data_root, runtime.cache_dir, kept_list(folder, config.exclude)))
    if removals.looks:
        album.files += write_tables(target, removals)
        _draw(album, removals, originals, record.name)
    document = _document(record.name, removals, _counts(originals, removals), album.files)
    if json:
        print_json(document)
    else:
        _print(document)
    remark(album)


def _choose(record: SweepRecord, folder: Path, number: int | None) -> TrialRecord:
    from ferray.errors import ConfigError, DataError
    from ferray.results.removals import best_with_removals

    if number is None:
        best = best_with_removals(folder, record)
        if best is None:
            raise DataError(
                f"no trial of `{record.name}` removed a sample",
                f"see what one saw with `--trial`, or search `outliers`: `{command('list outliers')}`",
            )
        return best
    for trial in record.trials:
        if trial.number == number:
            return trial
    raise ConfigError(f"there is no trial `{number}` in `{record.name}`", f"see `{record.command('trials')}`")


def _draw(album: Album, removals: Removals, originals: Originals, sweep: str) -> None:
    from ferray.results.figures.outliers import draw_outliers

    draw_outliers(album, removals, _pictures(originals, removals), sweep)


def _pictures(originals: Originals, removals: Removals) -> list[Picture]:
    """The removed samples from the highest loss down; none, with a word why, where they cannot be decoded."""
    from ferray.errors import DataError
    from ferray.results.figures.removed import MOST_PICTURES, Picture

    by_loss = sorted(removals.removed, key=lambda gone: -gone.sample.loss)[:MOST_PICTURES]
    try:
        return [
            Picture(gone, originals.picture(gone.sample.sample_id, gone.sample.name, PICTURE_SIDE)) for gone in by_loss
        ]
    except DataError as error:
        say(f"warning: no contact sheet: {error.message}")
        return []


def _counts(originals: Originals, removals: Removals) -> list[int] | None:
    """Training samples of each class before any removal, all folds together; None where the data does not say it."""
    from ferray.errors import FerrayError

    try:
        by_fold = {fold: originals.class_counts(fold) for fold in removals.num_train}
    except FerrayError:
        return None
    if any(sum(counts) != removals.num_train[fold] for fold, counts in by_fold.items()):
        return None
    return [sum(counts) for counts in zip(*by_fold.values(), strict=True)]


def _document(sweep: str, removals: Removals, before: list[int] | None, files: list[Path]) -> dict[str, Any]:
    removed = removals.removed_by_class
    return {
        "sweep": sweep,
        "trial": removals.trial,
        "rule": removals.rule,
        "num_train": sum(removals.num_train.values()),
        "num_removed": len(removals.removed),
        "num_caught": removals.num_caught,
        "num_mislabelled": removals.num_mislabelled,
        "classes": [
            {"class": name, "before": before[label] if before else None, "removed": removed[label]}
            for label, name in enumerate(removals.classes)
        ],
        "looks": [
            {
                "epoch": look.epoch,
                "fold": look.fold,
                "variance": look.report.variance if math.isfinite(look.report.variance) else None,
                "num_kept": look.report.num_kept,
                "num_removed": len(look.report.removed),
                "note": look.report.note,
            }
            for look in removals.looks
        ],
        "files": [str(file) for file in files],
    }


def _print(document: dict[str, Any]) -> None:
    whole = f"{document['num_removed']} of {document['num_train']} training samples"
    told = f"removed {whole}" if document["num_removed"] else "removed nothing"
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
            f"epoch {look['epoch']}: variance {variance}, {look['num_removed']} removed, {look['num_kept']} left{note}"
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
        show(
            f"{caught} of the removed labels are known to be wrong (precision {caught / document['num_removed']:.0%}), "
            f"of {wrong} wrong ones in all (recall {caught / wrong:.0%})"
        )
