"""`ferray train`: one configuration of a space, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferray.cli import arguments
from ferray.cli.checking import checked_sweep
from ferray.cli.terminal.output import on_terminal, progress_bars, say, say_notes
from ferray.cli.terminal.trained import is_trained, print_trained
from ferray.config.place import DEFAULT_OUTPUT
from ferray.errors import INTERRUPTED_EXIT_CODE, ConfigError
from ferray.system.cores import num_threads

if TYPE_CHECKING:
    from ferray.config.job import TrialJob
    from ferray.config.runtime import Runtime
    from ferray.config.space import Node
    from ferray.config.sweep import SweepSpec
    from ferray.config.trial import TrialConfig
    from ferray.events import EpochReport, OutlierReport


def train(
    space: Annotated[
        str | None, typer.Argument(help="A search space by name or as a path to a YAML file.", show_default=False)
    ] = None,
    trial: Annotated[
        str | None,
        typer.Option("--from", metavar="SWEEP:N", help="Train the configuration of a sweep's trial, or its `best`."),
    ] = None,
    sets: arguments.Sets = None,
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
    output: arguments.Output = Path("runs"),
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

    source, spec, notes = _asked_configuration(asked)
    say_notes(notes, quiet=quiet)
    runtime = arguments.runtime_from({**asked, "launcher": "inline"})
    spec, chosen = settle(spec)
    if not quiet:
        for key, value in chosen.items():
            say(f"note: `{key}` is searched in this space, here it is `{value}`")
    checked = checked_sweep(spec, runtime, source, runtime.output / "train", quiet=quiet)
    job = _job(spec, checked.configs[0], runtime, threads or num_threads())
    if fresh:
        import shutil

        shutil.rmtree(job.path, ignore_errors=True)
    print_trained(_train(job, quiet=quiet), job, json=json)


def _asked_configuration(asked: dict[str, Any]) -> tuple[Path, SweepSpec, list[str]]:
    """Where the configuration is written, the space or the trial that it is of, and notes on it."""
    from ferray.config.load import find_space, load_space

    space, trial = asked["space"], asked["trial"]
    if (space is None) == (trial is None):
        given = "both a space and `--from` are given" if space else "no configuration is named"
        raise ConfigError(given, "name a space, or a trial by `--from SWEEP:17`")
    if trial is not None:
        return _configuration_of_trial(trial, asked)
    spec, notes = load_space(space, arguments.overrides_from(asked))
    return find_space(space).path, spec, notes


def _configuration_of_trial(reference: str, asked: dict[str, Any]) -> tuple[Path, SweepSpec, list[str]]:
    """That of a trial, whose list of samples to leave out is its sweep's, and whose data lie where the sweep's did."""
    name, _, which = reference.rpartition(":")
    if not name or not (which == "best" or which.isdecimal()):
        raise ConfigError(f"`--from {reference}` names no trial", "write `--from SWEEP:17`, or `--from SWEEP:best`")
    if asked["quick"]:
        raise ConfigError("`--quick` cuts a space, and `--from` names a trial", "leave one out")
    place = arguments.place_of(name, asked)
    if asked["output"] == DEFAULT_OUTPUT:  # beside the sweep, whose neighbours `init_from` may name
        asked["output"] = place.folder.parent
    from ferray.config.exclusion import kept_list
    from ferray.config.load import load_trial
    from ferray.results.chosen import trial_called
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder)
    trial = trial_called(record, "best" if which == "best" else int(which))
    objective = {"metric": record.metric, "mode": record.mode, "epoch": record.counts}
    spec, notes = load_trial(f"{record.name}-{trial.number}", trial.config, objective, arguments.overrides_from(asked))
    digest = trial.config.get("exclude")
    kept = {digest: str(kept_list(place.folder, digest))} if digest else {}
    return place.folder / trial.folder, spec.model_copy(update={"lists": {**kept, **spec.lists}}), notes


def settle(spec: SweepSpec) -> tuple[SweepSpec, dict[str, Any]]:
    """The spec with nothing left to search, and what `middle` put for each searched key."""
    from ferray.config.sweep import SweepSpec as Spec

    chosen: dict[str, Any] = {}

    def pick(name: str, node: Node) -> Any:
        chosen[name] = middle(node)
        return chosen[name]

    tree = spec.config_tree(pick)
    base = {key: value for key, value in tree.items() if key != "dataset"}
    return Spec.model_validate(
        {
            **spec.model_dump(mode="json"),
            "base": base,
            "dataset": tree["dataset"],
            "space": {},
            "arms": {},
            "seeds": None,
            "budget": {"trials": 1},
            "published": (),
            "lists": spec.lists,
        }
    ), chosen


def middle(node: Node) -> Any:
    """The first choice, or the middle of a range (the geometric one of a logarithmic range)."""
    from ferray.config.space import Numbers

    if not isinstance(node, Numbers):
        return node.extremes()[0]
    if node.kind == "log_uniform":
        return float(f"{(node.low * node.high) ** 0.5:.3g}")
    if node.kind == "int_uniform":
        return int(node.low + node.high) // 2
    return (node.low + node.high) / 2


def _job(spec: SweepSpec, config: TrialConfig, runtime: Runtime, threads: int) -> TrialJob:
    from ferray.config.job import TrialJob
    from ferray.sweeps.warm_start import find_parent

    parent = find_parent(config.init_from, runtime.output, runtime.storage) if config.init_from else None
    folder = runtime.output / "train" / f"{spec.name}-{config.recipe}-s{config.seed}"
    return TrialJob(
        number=0,
        config=config.to_json(),
        folder=str(folder.absolute()),
        metric=spec.objective.metric,
        mode=spec.objective.mode,
        counts=spec.objective.epoch,
        data_root=str(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=threads,
        init_from=str(parent.path) if parent else "",
        exclude=spec.lists.get(config.exclude or "", ""),
    )


def _train(job: TrialJob, *, quiet: bool) -> list[EpochReport]:
    """Train to the end and return the best epoch, or that of each fold; Ctrl-C saves first."""
    from ferray.training.trainers import open_trainer

    if is_trained(job):
        raise ConfigError(
            f"this configuration is trained already, in `{job.folder}`",
            "pass `--fresh` to train it again, or another `--seed`",
        )
    with progress_bars(quiet=quiet or not on_terminal()) as progress:
        epoch = 1
        trainer = open_trainer(job, on_batch=lambda done, total: progress(f"epoch {epoch}", done, total))
        if trainer.epochs_done:
            say(f"going on after epoch {trainer.epochs_done} from `{job.folder}`")
        try:
            while True:
                epoch = trainer.epochs_done + 1
                report = trainer.step()
                if not quiet:
                    for line in filter(None, (report.note, _line(report))):
                        say(line)
                if report.is_last:
                    return list({epoch.fold: epoch for epoch in trainer.history if epoch.is_best}.values())
        except KeyboardInterrupt:
            trainer.save()
            say(f"interrupted; run the same command again to go on after epoch {trainer.epochs_saved}")
            raise typer.Exit(INTERRUPTED_EXIT_CODE) from None
        finally:
            trainer.close()


def _line(report: EpochReport) -> str:
    shown = {
        "loss": "train/loss",
        "val loss": "val/loss",
        "accuracy": "val/accuracy",
        "uar": "val/uar",
        "images/s": "images_per_s",
    }
    figures = "  ".join(f"{name} {report.metrics[key]:.4g}" for name, key in shown.items() if key in report.metrics)
    removed = _removed(report.outliers) if report.outliers and report.outliers.removed else ""
    return f"epoch {report.epoch}/{report.epochs}  {figures}{removed}{'  best' if report.is_best else ''}"


def _removed(outliers: OutlierReport) -> str:
    """What an outlier rule dropped; how well, where the data set knows which labels are wrong."""
    text = f"  removed {len(outliers.removed)} of {outliers.num_kept + len(outliers.removed)}"
    if outliers.precision is None or outliers.recall is None:
        return text
    chance = (outliers.num_mislabelled or 0) / (outliers.num_kept + len(outliers.removed))
    return (
        f"{text}: {outliers.precision:.0%} of them wrong-labelled (chance {chance:.0%}), "
        f"{outliers.recall:.0%} of the wrong labels found"
    )
