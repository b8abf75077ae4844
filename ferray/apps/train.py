"""`ferray.train` and the command `ferray train`: one configuration of a space, trained in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ferray.apps.listener_group import ListenerGroup, listeners_of
from ferray.apps.options import TrainOptions, known_options, overrides_from, recalled, runtime_from
from ferray.apps.preflight import checked_sweep
from ferray.apps.single_trial import single_trial
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.data_root import data_root_words
from ferray.config.exclusion import kept_list
from ferray.config.job import TrialJob
from ferray.config.load import Space, find_space, load_space, load_trial
from ferray.config.place import DEFAULT_OUTPUT, find_sweep
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError, SweepFailed
from ferray.events import EpochReport, Listener, best_epochs, pooled
from ferray.system.allocator import stop_keeping_freed_memory
from ferray.system.cores import num_threads
from ferray.track.console import EpochLines

if TYPE_CHECKING:
    from ferray.stats.intervals import Interval
    from ferray.training.predictor import Predictor


@dataclass(frozen=True, repr=False)
class TrainedTrial:
    """One configuration, trained: `history` holds every epoch, `counting` those that count, one of each fold."""

    job: TrialJob
    history: tuple[EpochReport, ...]
    counting: tuple[EpochReport, ...]

    def __repr__(self) -> str:
        return f"<TrainedTrial {self.job.metric} {self.value:.3f}, {self.folder}>"

    @cached_property
    def config(self) -> TrialConfig:
        """What was trained."""
        return self.job.trial_config()

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.job.path

    @cached_property
    def best(self) -> EpochReport:
        """Its best epoch by the objective; of folds their mean, with all validation images in one confusion matrix."""
        return pooled(self.counting)

    @property
    def value(self) -> float:
        """The objective at `best`."""
        return self.best.metrics[self.job.metric]

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the validation accuracy: one model on its images, or the mean over folds."""
        from ferray.results.trial_intervals import measured_interval

        return measured_interval(self.counting)

    @property
    def checkpoints(self) -> list[str]:
        """The best.pt that the training has left, one for each fold."""
        return [str(part.best) for part in _parts(self.job) if part.best.exists()]

    def load(self, device: str = "cpu") -> Predictor:
        """The network or estimator of its best epoch, as a function from images to logits.

        ConfigError where it has folds, each of which has a checkpoint of its own.
        """
        if len(self.counting) != 1:
            message = f"`{self.folder}` holds {len(self.counting)} folds, a checkpoint each"
            raise ConfigError(message, "give one of `checkpoints` to `ferray.load_predictor`")
        from ferray.training.predictor import load_predictor

        return load_predictor(self.checkpoints[0], device)

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray train --json`."""
        best, folds = self.best, self.counting
        return {
            "best_epoch": best.epoch if len(folds) == 1 else None,
            "metrics": best.metrics,
            "num_val": best.num_val,
            "interval": self.interval,
            "classes": list(best.classes),
            "confusion": [list(row) for row in best.confusion],
            "folder": self.job.folder,
            "checkpoints": self.checkpoints,
            "folds": [_fold(report) for report in folds] if len(folds) > 1 else [],
        }


@dataclass(frozen=True)
class TrainRequest:
    """A training as it was asked for; `where` its configuration is written."""

    where: str
    spec: SweepSpec
    runtime: Runtime
    fresh: bool = False
    threads: int | None = None


def train(space: Space | None = None, **options: Unpack[TrainOptions]) -> TrainedTrial:
    """Train one configuration: fixed keys, then `set`, then the first choice or the middle of what is searched.

    `space` is as for `ferray.sweep`; in its place `from_trial="sfew:17"` takes the configuration of a trial. The
    options are the words of `ferray train`; see `TrainOptions`. What was interrupted goes on from its last checkpoint.

    Raises ConfigError for what cannot be asked, and for what is trained already unless `fresh`; DataError where the
    data is missing; SweepFailed where no epoch had a finite objective; KeyboardInterrupt once it is saved.
    """
    asked = known_options(options, TrainOptions, "ferray.train")
    listener = ListenerGroup(listeners_of(asked, EpochLines))
    return run_training(request_training(space, asked, listener), listener)


def request_training(space: Space | None, asked: Mapping[str, Any], listener: Listener) -> TrainRequest:
    """What the options ask for, and lines on what they do beside what they say; ConfigError for what cannot be."""
    where, spec, notes, asked = _asked_configuration(space, asked, listener)
    for note in notes:
        listener.noted(f"note: {note}")
    runtime = runtime_from({**asked, "launcher": "inline"})
    spec, chosen = single_trial(spec)
    for key, value in chosen.items():
        listener.noted(f"note: `{key}` is searched in this space, here it is `{value}`")
    return TrainRequest(where, spec, runtime, fresh=bool(asked.get("fresh")), threads=asked.get("threads"))


def _asked_configuration(
    space: Space | None, asked: Mapping[str, Any], listener: Listener
) -> tuple[str, SweepSpec, list[str], Mapping[str, Any]]:
    """Where the configuration is written, the space or the trial that it is of, notes on it, and where it runs."""
    trial = asked.get("from_trial")
    if (space is None) == (trial is None):
        given = "both a space and `--from` are given" if space is not None else "no configuration is named"
        raise ConfigError(given, "name a space, or a trial by `--from SWEEP:17`")
    if space is None:
        return _configuration_of_trial(str(trial), asked, listener)
    spec, notes = load_space(space, overrides_from(asked))
    return find_space(space).where, spec, notes, asked


def _configuration_of_trial(
    reference: str, asked: Mapping[str, Any], listener: Listener
) -> tuple[str, SweepSpec, list[str], Mapping[str, Any]]:
    """That of a trial, whose list of samples to leave out is its sweep's, and whose data lie where the sweep's did."""
    name, _, which = reference.rpartition(":")
    if not name or not (which == "best" or which.isdecimal()):
        raise ConfigError(f"`--from {reference}` names no trial", "write `--from SWEEP:17`, or `--from SWEEP:best`")
    if asked.get("quick"):
        raise ConfigError("`--quick` cuts a space, and `--from` names a trial", "leave one out")
    place = find_sweep(name, asked["output"])
    asked = recalled(place, asked, listener)
    if asked["output"] == DEFAULT_OUTPUT:  # beside the sweep, whose neighbours `init_from` may name
        asked = {**asked, "output": place.folder.parent}
    from ferray.results.chosen import trial_called
    from ferray.study.history import load_sweep

    record = load_sweep(place.folder)
    trial = trial_called(record, "best" if which == "best" else int(which))
    objective = {"metric": record.metric, "mode": record.mode, "epoch": record.counts}
    spec, notes = load_trial(f"{record.name}-{trial.number}", trial.config, objective, overrides_from(asked))
    digest = trial.config.get("exclude")
    kept = {digest: str(kept_list(place.folder, digest))} if digest else {}
    spec = spec.model_copy(update={"lists": {**kept, **spec.lists}})
    return str(place.folder / trial.folder), spec, notes, asked


def run_training(request: TrainRequest, listener: Listener) -> TrainedTrial:
    """Check, train to the end, and say which epochs count; Ctrl-C saves first."""
    spec, runtime = request.spec, request.runtime
    folder = runtime.output / "train"
    checked = checked_sweep(spec, runtime, space=request.where, folder=folder, listener=listener)
    job = job_of(spec, checked.configs[0], runtime, folder, threads=request.threads)
    if request.fresh:
        TrialArtifacts.at(job.folder).files.clear()
    if _is_trained(job):
        raise ConfigError(
            f"this configuration is trained already, in `{job.folder}`",
            "pass `--fresh` to train it again, or another `--seed`",
        )
    return trained_trial(job, _train(job, listener))


def job_of(
    spec: SweepSpec, config: TrialConfig, runtime: Runtime, folder: Path, *, threads: int | None = None
) -> TrialJob:
    """The job of a lone training, in a folder of its own below `folder`; every core where no number is given."""
    from ferray.sweeps.warm_start import find_parent

    parent = find_parent(config.init_from, runtime.output, runtime.storage) if config.init_from else None
    return TrialJob(
        number=0,
        config=config.to_json(),
        folder=str((folder / f"{spec.name}-{config.recipe}-s{config.seed}").absolute()),
        metric=spec.objective.metric,
        mode=spec.objective.mode,
        counts=spec.objective.epoch,
        data_root=data_root_words(runtime.data_root.absolute()),
        cache_dir=str(runtime.cache_dir.absolute()),
        device=runtime.device,
        threads=threads or num_threads(),
        init_from=str(parent.file) if parent else "",
        exclude=spec.lists.get(config.exclude or "", ""),
    )


def _train(job: TrialJob, listener: Listener) -> Sequence[EpochReport]:
    """Train to the end; every epoch, those of an earlier call too."""
    from ferray.training.trainers import open_trainer

    epoch = 1
    trainer = open_trainer(job, on_batch=lambda done, total: listener.batch_ended(job.number, epoch, done, total))
    if trainer.epochs_done:
        listener.warned(f"going on after epoch {trainer.epochs_done} from `{job.folder}`")
    try:
        while True:
            epoch = trainer.epochs_done + 1
            report = trainer.step()
            listener.epoch_ended(job.number, report)
            if report.is_last:
                return trainer.history
    except KeyboardInterrupt:
        trainer.save()
        listener.warned(f"interrupted; run the same command again to go on after epoch {trainer.epochs_saved}")
        raise
    finally:
        trainer.close()
        stop_keeping_freed_memory()
        listener.close()


def trained_trial(job: TrialJob, history: Sequence[EpochReport]) -> TrainedTrial:
    """SweepFailed where no epoch counts, as no objective was finite."""
    counting = tuple(best_epochs(history))
    if not counting:
        message = f"no epoch had a finite `{job.metric}`, and no weights are kept"
        raise SweepFailed(message, "try a smaller learning rate, such as `--set optimizer.lr=1e-4`")
    return TrainedTrial(job, tuple(history), counting)


def _is_trained(job: TrialJob) -> bool:
    """Whether the job's folder holds the end of its training, of every fold where it has folds."""
    return all(part.best.exists() and not part.last.exists() for part in _parts(job))


def _parts(job: TrialJob) -> list[TrialArtifacts]:
    config, own = job.trial_config(), TrialArtifacts.at(job.folder)
    return [own.fold(fold) for fold in range(config.num_folds)] if config.folds is not None else [own]


def _fold(report: EpochReport) -> dict[str, Any]:
    return {
        "fold": report.fold,
        "best_epoch": report.epoch - report.fold * (report.epochs // report.folds),
        "metrics": report.metrics,
        "num_train": report.num_train,
        "num_val": report.num_val,
    }
