"""`ferray data clean`: labels that are probably wrong, listed and left alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, progress_bars, say, say_notes, show
from ferray.config.place import is_sweep, output_words
from ferray.system.cores import num_threads
from ferray.text.commands import command, shortest_path
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.config.job import TrialJob
    from ferray.config.sweep import SweepSpec
    from ferray.events import EpochReport
    from ferray.results.suspects import Findings

MOST_SHOWN = 20


def clean(
    space: Annotated[str, typer.Argument(help="A search space, or a data set by name.", show_default=False)],
    folds: Annotated[int, typer.Option("--folds", min=2, max=50, help="Networks to train.")] = 5,
    epochs: arguments.Epochs = None,
    sets: arguments.Sets = None,
    seed: arguments.Seed = None,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    to: Annotated[Path | None, typer.Option("--to", help="The csv; else `suspects.csv` beside the folds.")] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.Output = Path("runs"),
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
    from ferray.cli.commands.train import settle
    from ferray.config.load import load_space_or_dataset

    loaded, notes = load_space_or_dataset(space, arguments.overrides_from(asked))
    say_notes(notes, quiet=quiet)
    spec, chosen = settle(loaded)
    if not quiet:
        for key, value in chosen.items():
            say(f"note: `{key}` is searched in this space, here it is `{value}`")
        say(f"training `{spec.name}` once a fold: importing torch")
    from ferray.apps.clean import find_suspects
    from ferray.results.suspects import write_suspects

    runtime = arguments.runtime_from({**asked, "launcher": "inline"})
    job = _prepare(spec, runtime, folds, threads or num_threads(), quiet=quiet)
    try:
        findings = find_suspects(job, (lambda _: None) if quiet else _say_epoch)
    except KeyboardInterrupt:
        say("interrupted; run the same command again to go on")
        raise
    if findings.accuracy <= findings.most_frequent_fraction:
        say(
            f"warning: on images they never saw the networks are right in {findings.accuracy:.0%}, always guessing the "
            f"most frequent class in {findings.most_frequent_fraction:.0%}: their suspects say little, train longer"
        )
    path = to or job.path / "suspects.csv"
    write_suspects(path, findings)
    sheets = _draw(path, findings, job)
    if json:
        print_json(_document(spec, findings, job, path, sheets))
    else:
        _print(spec, findings, path, sheets)
    if findings.suspects and not quiet:
        say("look at them, take off the list what is right, and train without the rest:")
        say(f"`{_without(space, spec.name, asked, path)}`")


def _without(space: str, name: str, asked: dict[str, Any], path: Path) -> str:
    """The command that trains without what is listed: another sweep than the space's own, where that has begun."""
    from ferray.config.load import space_names

    is_space = space in space_names() or space.endswith((".yaml", ".yml"))
    words = [space] if is_space else ["demo", "--set", f"dataset={space}"]
    sets = [word for item in asked["sets"] or () for word in ("--set", item)]
    own = name if is_space else "demo"
    named = ["--name", f"{own}-without"] if is_sweep(asked["output"] / own) else []
    place = ["--data-root", asked["data_root"]] if asked["data_root"] else []
    words += [*sets, "--exclude", shortest_path(path), *named, *place, *output_words(asked["output"])]
    return command("sweep", *words)


def _prepare(spec: SweepSpec, runtime: Any, folds: int, threads: int, *, quiet: bool) -> TrialJob:
    from ferray.apps.clean import in_folds
    from ferray.config.job import TrialJob
    from ferray.sweeps.check import check_sweep
    from ferray.sweeps.warm_start import find_parent

    with progress_bars(quiet=quiet) as progress:
        checked = check_sweep(spec, runtime, progress=progress)
    for warning in checked.warnings:
        say(f"warning: {warning}")
    config = in_folds(checked.configs[0], folds)
    parent = find_parent(config.init_from, runtime.output, runtime.storage) if config.init_from else None
    return TrialJob(
        number=0,
        config=config.to_json(),
        folder=str((runtime.output / "clean" / f"{spec.name}-{config.recipe}-s{config.seed}").absolute()),
        metric=spec.objective.metric,
        mode=spec.objective.mode,
        data_root=str(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=threads,
        init_from=str(parent.path) if parent else "",
        exclude=spec.lists.get(config.exclude or "", ""),
    )


def _say_epoch(report: EpochReport) -> None:
    accuracy, loss = report.metrics["val/accuracy"], report.metrics["train/loss"]
    epochs = report.epochs // report.folds
    epoch = report.epoch - report.fold * epochs
    say(f"fold {report.fold + 1}/{report.folds}  epoch {epoch}/{epochs}  loss {loss:.4g}  held out {accuracy:.4g}")


def _draw(path: Path, findings: Findings, job: TrialJob) -> list[Path]:
    """The contact sheets; none, with a word why, where the data set has no pictures or they cannot be decoded."""
    from ferray.errors import DataError
    from ferray.results.originals import Originals
    from ferray.results.suspects import draw_suspects
    from ferray.training.inputs import place_of_job

    originals = Originals(job.trial_config(), place_of_job(job))
    try:
        return draw_suspects(path, findings, originals.picture)
    except DataError as error:
        say(f"warning: no contact sheets: {error.message}")
        return []


def _document(spec: SweepSpec, findings: Findings, job: TrialJob, path: Path, sheets: list[Path]) -> dict[str, Any]:
    return {
        "space": spec.name,
        "folds": job.trial_config().num_folds,
        "num_examined": findings.num_examined,
        "accuracy": findings.accuracy,
        "num_suspects": len(findings.suspects),
        "num_mislabelled": findings.num_mislabelled,
        "precision": findings.precision,
        "recall": findings.recall,
        "suspects": [
            {
                "rank": suspect.rank,
                "sample_id": suspect.sample_id,
                "name": suspect.name,
                "label": findings.classes[suspect.label],
                "suggested": findings.classes[suspect.suggested],
                "self_confidence": suspect.self_confidence,
                "truly_mislabelled": suspect.truly_mislabelled,
            }
            for suspect in findings.suspects
        ],
        "csv": str(path),
        "sheets": [str(sheet) for sheet in sheets],
        "folder": job.folder,
    }


def _print(spec: SweepSpec, findings: Findings, path: Path, sheets: list[Path]) -> None:
    show(
        f"{spec.name}: {counted(len(findings.suspects), 'suspect')} among "
        f"{counted(findings.num_examined, 'training sample')} "
        f"(out-of-fold accuracy {findings.accuracy:.3f})"
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
    show(f"all of them: {path}")
    for sheet in sheets:
        show(f"to look at: {sheet}")
