"""The messages that pass between a trial, the study and those who watch: small, frozen, picklable, free of torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal


class Decision(StrEnum):
    """What a trial does after a report: go on, end, or save and end, since its parameters will be asked again.

    KEEP is a STOP of a trial that leads, whose best weights so far are kept.
    """

    CONTINUE = "continue"
    STOP = "stop"
    KEEP = "keep"
    PAUSE = "pause"


class Save(StrEnum):
    """What a worker writes of a trial that it ends: nothing, its best weights so far, or all that it takes to go on."""

    NOTHING = "nothing"
    BEST = "best"
    LAST = "last"


class OutcomeKind(StrEnum):
    """How a trial ended."""

    COMPLETED = "completed"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class FailureReason(StrEnum):
    """Why a trial failed or lost its worker, in the words that the leaderboard counts by."""

    OUT_OF_MEMORY = "out of memory"
    DATA = "data"
    BAD_SAMPLE = "bad sample"
    CHECKPOINT = "checkpoint"
    STORAGE = "storage"
    HANG = "hang"
    WORKER_LOST = "worker lost"
    NODE_LOST = "node lost"
    DISK_FULL = "disk full"
    SETTINGS = "settings"
    BUG = "bug"


@dataclass(frozen=True)
class Host:
    """The machine that trains a trial: its name, and on a cluster the node's id in Ray."""

    name: str
    node: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended, and for a failure its reason, one sentence and the file that holds the traceback.

    `is_blameless`: nothing that the trial did, so that it is no retry when its parameters are asked again.
    """

    kind: OutcomeKind
    message: str = ""
    error_file: str = ""
    reason: FailureReason | None = None
    is_blameless: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain containers, for the way through Ray."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        """The inverse of `to_json`."""
        reason = FailureReason(data["reason"]) if data["reason"] else None
        return cls(**{**data, "kind": OutcomeKind(data["kind"]), "reason": reason})


@dataclass(frozen=True)
class RemovedSample:
    """One training sample an outlier rule dropped: its label, what the model said instead, its loss.

    `relabelled`: it stays instead, and is trained on as what the model said from then on.
    """

    sample_id: int
    name: str
    label: int
    predicted: int
    loss: float
    truly_mislabelled: bool | None = None  # known only where the data set records it (demo)
    relabelled: bool = False


@dataclass(frozen=True)
class OutlierReport:
    """What an outlier rule saw in one epoch, and which samples lost their label by it: removed, or relabelled.

    `variance` is that of the error measure over the samples in training, `histogram` the counts of that measure in
    `bin_edges` (one edge more than counts) before the removal, `histogram_after` afterwards (empty when nothing went).
    `num_kept` is how many samples go on being trained on.
    """

    epoch: int
    variance: float
    num_kept: int
    bin_edges: tuple[float, ...] = ()
    histogram: tuple[int, ...] = ()
    histogram_after: tuple[int, ...] = ()
    removed: tuple[RemovedSample, ...] = ()
    note: str = ""  # why a rule held back: a guard, a start rule
    num_mislabelled: int | None = None  # wrong labels among the samples reviewed, where the data set records them

    @property
    def num_before(self) -> int:
        """How many samples were trained on before."""
        return self.num_kept + sum(not sample.relabelled for sample in self.removed)

    @property
    def act(self) -> str:
        """What became of them, in a word: `removed` or `relabelled`."""
        return act_of(self.removed)

    @property
    def precision(self) -> float | None:
        """The share of removed samples whose label was wrong; None where nothing went or nobody knows."""
        if self.num_mislabelled is None or not self.removed:
            return None
        return self._num_caught / len(self.removed)

    @property
    def recall(self) -> float | None:
        """The share of wrong labels that this review removed; None where there were none or nobody knows."""
        return self._num_caught / self.num_mislabelled if self.num_mislabelled else None

    @property
    def _num_caught(self) -> int:
        return sum(bool(sample.truly_mislabelled) for sample in self.removed)


def act_of(samples: Iterable[RemovedSample]) -> str:
    """`relabelled` where that is what became of these samples, else `removed`."""
    return "relabelled" if any(sample.relabelled for sample in samples) else "removed"


@dataclass(frozen=True)
class EpochReport:
    """One finished epoch of one trial.

    `epoch` counts from 1 to `epochs`. `metrics` holds `train/loss`, `train/accuracy`, `val/loss`, `val/accuracy`,
    `val/uar`, `val/macro_f1`, `val/recall/<Class>`, `lr`, `seconds` and `images_per_s`. `confusion` is val, rows =
    truth, columns = prediction. `is_best` says that its trial, or its fold, counts by this epoch from now on, whose
    weights are kept: `training/best_epoch.py` decides that, and nobody who hears of it does so again. `halted`: an
    outlier rule found nothing left to learn, or `early_stopping` nothing better, and ended the trial before its last
    epoch. An epoch of an earlier `stage`
    is no news of the trial's own: it tells that its worker is at work, and neither the study nor a history keeps it.
    """

    epoch: int
    epochs: int
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    num_train: int
    is_best: bool = False
    diverged: bool = False
    halted: bool = False
    outliers: OutlierReport | None = None
    accumulated: int = 1  # pieces that each batch was cut into to fit the memory
    earlier: tuple[EpochReport, ...] | None = None  # with a worker's first epoch: the ones before it, if resumed
    fold: int = 0  # of `folds`, from 0; `epoch` and `epochs` count through all of them
    folds: int = 1
    stage: int = 0  # an earlier one of the trial's stages, counted from 1, whose `epoch` this is; 0 for its own
    stages: int = 1
    note: str = ""  # for the user, such as which weights the trial began with

    @property
    def num_val(self) -> int:
        """How many validation images the metrics rest on."""
        return sum(map(sum, self.confusion))

    @property
    def ends_fold(self) -> bool:
        """Whether this is the last epoch of its fold, as asked for."""
        return self.epoch % (self.epochs // self.folds) == 0

    @property
    def is_last(self) -> bool:
        """Whether the trial has nothing left to do."""
        return not self.stage and self._is_over

    @property
    def ends_stage(self) -> bool:
        """Whether this is the last epoch of an earlier stage."""
        return bool(self.stage) and self._is_over

    @property
    def _is_over(self) -> bool:
        return self.diverged or self.halted or self.epoch >= self.epochs

    def to_json(self) -> dict[str, Any]:
        """Plain containers, for JSON lines and for the way through Ray; lines of before are the same bytes again."""
        plain = {**vars(self), "metrics": dict(self.metrics)}
        if self.outliers is not None:
            plain["outliers"] = asdict(self.outliers, dict_factory=_without_later_defaults)
        if self.earlier is not None:
            plain["earlier"] = tuple(report.to_json() for report in self.earlier)
        return _without_later_defaults(plain.items())

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> EpochReport:
        """The inverse of `to_json`, also after a round trip through JSON (lists for tuples)."""
        fields = dict(data)
        fields["confusion"] = tuple(map(tuple, data["confusion"]))
        fields["classes"] = tuple(data["classes"])
        if None in data["metrics"].values():
            fields["metrics"] = {name: math.nan if value is None else value for name, value in data["metrics"].items()}
        if data.get("earlier") is not None:
            fields["earlier"] = tuple(cls.from_json(report) for report in data["earlier"])
        if data.get("outliers") is not None:
            fields["outliers"] = _outlier_report(data["outliers"])
        return cls(**fields)


def _without_later_defaults(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Fields that came after lines had been written are left out where they say nothing."""
    later = {"stage": 0, "stages": 1, "relabelled": False}
    return {name: value for name, value in fields if name not in later or value != later[name]}


def best_epochs(reports: Iterable[EpochReport]) -> list[EpochReport]:
    """The epoch by which each fold counts, as whoever trained it has said; a plain trial is one fold."""
    return list({report.fold: report for report in reports if report.is_best}.values())


def pooled(folds: Sequence[EpochReport]) -> EpochReport:
    """One report for the folds of a trial, given each fold's own: the mean of every metric, all validation images.

    A recall that some folds lack, for want of a sample, is the mean over the others. `epoch` is the latest.
    """
    names = dict.fromkeys(name for report in folds for name in report.metrics)
    values = {name: [report.metrics[name] for report in folds if name in report.metrics] for name in names}
    rows = zip(*(report.confusion for report in folds), strict=True)
    return replace(
        max(folds, key=lambda report: report.epoch),
        metrics={name: math.fsum(known) / len(known) for name, known in values.items()},
        confusion=tuple(tuple(map(sum, zip(*same, strict=True))) for same in rows),
        num_train=sum(report.num_train for report in folds),
        outliers=None,
        earlier=None,
    )


def _outlier_report(data: dict[str, Any]) -> OutlierReport:
    fields = {**data, "variance": math.nan if data["variance"] is None else data["variance"]}
    for name in ("bin_edges", "histogram", "histogram_after"):
        fields[name] = tuple(data[name])
    fields["removed"] = tuple(RemovedSample(**sample) for sample in data["removed"])
    return OutlierReport(**fields)


@dataclass(frozen=True)
class TrialStarted:
    """A trial the study has just proposed: `params` are the searched ones, `config` the whole configuration as JSON."""

    number: int
    recipe: str
    epochs: int
    params: dict[str, Any]
    config: dict[str, Any]
    folder: str
    root: int  # the first trial that asked these parameters; `number` itself unless that one was interrupted
    earlier: tuple[str, ...] = ()  # the folders of interrupted ones, latest first, below the sweep's


@dataclass(frozen=True)
class TrialEnded:
    """The last word on a trial; `best` is its best epoch by the objective, None when it never finished one.

    `entry` is the trial as `ferray leaderboard --json` has it from now on, but for its rank.
    """

    number: int
    outcome: Outcome
    best: EpochReport | None
    last: EpochReport | None
    value: float | None
    params: dict[str, Any] = field(default_factory=dict)
    entry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What earlier commands left of a sweep: ended trials by outcome, trials to ask again, the best complete one.

    `best` is a trial's number and its value, `waiting` how many trials were asked and not begun.
    """

    ended: Mapping[OutcomeKind, int] = field(default_factory=dict)
    again: int = 0
    best: tuple[int, float] | None = None
    waiting: int = 0

    @property
    def finished(self) -> int:
        """Trials that count against the budget."""
        return sum(self.ended.values())

    def __str__(self) -> str:
        """`13 finished (11 completed, 2 pruned), 2 asked again, best 0.735 (trial 4)`; "" where there is nothing."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.ended.items())
        parts = [f"{self.finished} finished" + (f" ({kinds})" if kinds else "")] if self.finished or self.again else []
        parts += [f"{self.again} asked again"] if self.again else []
        parts += [f"{self.waiting} waiting"] if self.waiting else []
        parts += [f"best {self.best[1]:.3f} (trial {self.best[0]})"] if self.best else []
        return ", ".join(parts)


@dataclass(frozen=True)
class SweepStarted:
    """The sweep as those who watch it need it. `trials` is the budget, `finished` what an earlier command left.

    `time_s` is the time that this command has, None where it has as long as it takes. `study` is the name that its
    store knows, `identity` a text that no other sweep has, whatever it is called. A trial counts by its `best` or its
    `last` epoch; `sampler` and `pruner` are `{name: {parameters}}`; `names` are what people are told of the components
    that it chooses among, by the searched key and the choice.
    """

    name: str
    folder: str
    metric: str
    mode: Literal["max", "min"]
    trials: int
    finished: int
    slots: int
    found: Found = field(default_factory=Found)
    time_s: float | None = None
    study: str = ""
    identity: str = ""
    counts: Literal["best", "last"] = "best"
    sampler: dict[str, Any] = field(default_factory=dict)
    pruner: dict[str, Any] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Listener:
    """One who watches a sweep; every act does nothing by default.

    Called on the driver's thread, so none may block: slow work goes to a thread of its own and is awaited in `close`.
    One that raises is warned about once and switched off; only the store may stop a sweep.
    """

    def sweep_started(self, sweep: SweepStarted) -> None: ...

    def trial_started(self, trial: TrialStarted) -> None: ...

    def noted(self, line: str) -> None:
        """What is done that is no trial's news, for people: a check begins, Ray starts, trials are asked to save."""

    def warned(self, line: str) -> None:
        """What also those should hear who want to hear nothing else; as any note where nobody minds."""
        self.noted(line)

    def progressed(self, what: str, done: int, total: int) -> None:
        """How far a step of the check has come that is made before the first trial.

        `total` is 0 where a step counts nothing; `what` is "" when the last step is over.
        """

    def batch_ended(self, number: int, epoch: int, done: int, total: int) -> None:
        """So many batches of an epoch are done; told of a lone training in this process, never in a sweep."""

    def epoch_ended(self, number: int, report: EpochReport) -> None: ...

    def epoch_recalled(self, number: int, report: EpochReport) -> None:
        """An epoch from before an interruption, told when its trial goes on; heard as any other where nobody minds."""
        self.epoch_ended(number, report)

    def trial_ended(self, trial: TrialEnded) -> None: ...

    def ended_elsewhere(self, number: int, kind: OutcomeKind, value: float | None, epochs: int) -> None:
        """A trial of another driver of the same sweep has ended for good, after so many epochs."""

    def close(self) -> None:
        """The sweep is over, by its end or by Ctrl-C: write what is left, within seconds."""
