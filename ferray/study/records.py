"""What the store says of a sweep, as plain records: the leaderboard and every report read these alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pydantic import ValidationError

from ferray.config.option_names import OptionNames, told_params
from ferray.config.trial import TrialConfig
from ferray.errors import DataError
from ferray.text.commands import command

TrialState = Literal["complete", "pruned", "failed", "running", "diverged", "interrupted", "waiting"]


@dataclass(frozen=True)
class FoldRecord:
    """One fold of a trial by the epoch that counts; `epoch` counts through all folds, `value` is the objective."""

    fold: int
    value: float
    epoch: int
    num_train: int
    num_val: int
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FoldRecord:
        """The inverse of `dataclasses.asdict`, also after a round trip through JSON."""
        return cls(**{**data, "confusion": tuple(tuple(row) for row in data["confusion"])})


@dataclass(frozen=True)
class TrialRecord:
    """One trial. `metrics` and `confusion` are those of its best epoch, empty when it finished none.

    `value` is the objective: the best epoch's for a complete or pruned trial, the best so far for one that runs or was
    left running, None for all others. `outcome` is the finer word (`completed`, `pruned`, `diverged`, `failed`,
    `interrupted`, `orphaned`, `running`, `waiting`); a trial whose driver has died is `interrupted`, not `running`, and
    one that was asked and that no worker has begun is `waiting`, whoever drives.
    `checkpoint` is relative to the sweep's folder, "" where it left none; see `freed`. `superseded_by` names the trial
    that asks the same parameters again after an interruption.
    """

    number: int
    state: TrialState
    outcome: str
    value: float | None
    epochs: int
    epochs_asked: int
    best_epoch: int
    recipe: str
    params: dict[str, Any]
    config: dict[str, Any]
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    num_val: int
    folder: str
    checkpoint: str
    message: str = ""
    error_file: str = ""
    reason: str = ""
    accumulated: int = 1
    seconds: float = 0.0
    superseded_by: int | None = None
    folds: tuple[FoldRecord, ...] = ()  # of a cross-validated trial; `value` and `metrics` are their means
    parent: dict[str, Any] = field(default_factory=dict)  # whose weights it began with: sweep, trial, recipe, path
    freed: str = ""  # the `--keep` by which its checkpoint was deleted, such as `best=3`
    host: str = ""  # that trained it, "" where that is not known; of a cluster, `node` is its id in Ray
    node: str = ""
    names: OptionNames = field(default_factory=dict, repr=False)  # of the components that its sweep chooses among
    ended: float | None = None  # when its end was told, in seconds since the epoch; None until then

    @property
    def ending(self) -> str:
        """`outcome` as people are told it: of an attempt that was cut short, by whatever, `interrupted`."""
        return self.state if self.state == "interrupted" else self.outcome

    @cached_property
    def told(self) -> dict[str, Any]:
        """`params` as people are told them."""
        return told_params(self.params, self.names)

    def trial_config(self) -> TrialConfig:
        """What was trained; DataError where the record holds no configuration of this ferray."""
        try:
            return TrialConfig.model_validate(self.config)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "config"
            message = (
                f"the record of trial {self.number} holds no configuration of this ferray: `{place}`: {first['msg']}"
            )
            raise DataError(
                message, "restore the store from a copy, or read it with the ferray that wrote it"
            ) from error


@dataclass(frozen=True)
class DriverRecord:
    """Who drives a sweep by its lease; `renewed` is when it last said so, in seconds since the epoch."""

    host: str
    pid: int
    renewed: float
    is_alive: bool

    @property
    def who(self) -> str:
        """The driver in words."""
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True)
class DataIdentity:
    """The images of one data set as a sweep splits it: hashes of the ids in training and validation, and their counts.

    `key` tells it from other data sets and splits of the same sweep.
    """

    key: str
    dataset: str
    train: str
    num_train: int
    val: str
    num_val: int


@dataclass(frozen=True)
class Reading:
    """One reading of the test split: by which command, of the models of which trials of which sweep.

    `when` is in seconds since the epoch, and `num_ended` of `num_asked` trials of the search had ended then; each is
    None where that was not written down. `key` tells it from others: what goes on after a kill has the former's.
    """

    key: str
    by: Literal["evaluate", "confirm", "ensemble"]
    sweep: str
    trials: tuple[int, ...]
    when: float | None = None
    num_ended: int | None = None
    num_asked: int | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reading:
        """The inverse of `dataclasses.asdict`, also after a round trip through JSON."""
        return cls(**{**data, "trials": tuple(map(int, data["trials"]))})


@dataclass(frozen=True)
class SweepRecord:
    """A sweep as its store tells it, trials in order of number; `driver` is None where nobody holds its lease.

    A trial counts by its `best` or its `last` epoch. `words` are those by which commands find the sweep. `data` is what
    its trials are judged on, by key; see `data_identity`. `readings` are those of the test split, oldest first.
    `learnt_from` are the names of earlier sweeps that it has taken over from, None for one whose name was not kept.
    `given` are the sets of parameters that were to be asked first, by the name of their file.
    """

    name: str
    metric: str
    mode: Literal["max", "min"]
    trials: tuple[TrialRecord, ...]
    driver: DriverRecord | None = None
    counts: Literal["best", "last"] = "best"
    words: tuple[str, ...] = field(default=(), compare=False)
    data: dict[str, DataIdentity] = field(default_factory=dict, compare=False)
    readings: tuple[Reading, ...] = field(default=(), compare=False)
    learnt_from: tuple[str | None, ...] = field(default=(), compare=False)
    given: dict[str, list[dict[str, Any]]] = field(default_factory=dict, compare=False)

    def command(self, verb: str) -> str:
        """The `ferray VERB NAME` of this sweep, as it can be pasted; `verb` may have options behind it."""
        verb, *options = verb.split()
        return command(verb, *(self.words or (self.name,)), *options)


SCHEMA = 2
LEASE_ATTR = "lease"  # on the study: who drives it; with a token behind it, who has joined
DRIVER_ATTR = "driver"  # on a trial of a study that several may drive: {token, host, pid} of the driver that asked it
DATA_ATTR = "data"  # on the study: {key of a data set and its split: DataIdentity}
SPEC_ATTR = "ferray"  # on the study: {schema, identity, spec, objective}
LEARNT_ATTR = "learnt-"  # on the study, and the identity of an earlier sweep: how many parts were taken over from it
CALLED_ATTR = "called-"  # the same: what it was called then
GIVEN_ATTR = "given-"  # on the study, and a file's name: the sets that it was given from it; `1/FILE`: more of them
READING_ATTR = "reading-"  # on the study, and a reading's key: somebody has read the test split
TRIAL_ATTR = "trial"  # on a trial, written when asked: {config, recipe, epochs, folder}
WAITS_ATTR = "waits"  # on a trial: whether it was asked before there was a worker for it, and has not begun
PARENT_ATTR = "parent"  # on a trial that begins with the weights of another
FREED_ATTR = "freed-"  # on the study, and a trial's number: its best.pt was deleted, so many were kept
RESULT_ATTR = "result"  # on a trial, written just before its end is told
MOST_BYTES_OF_ATTR = 60_000  # a value in MySQL holds 64 KiB


def in_parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    """The items, in order, in lists that an attribute of a study can hold in every database."""
    part, num_bytes = list[Any](), 0
    for item in items:
        size = len(json.dumps(item)) + 2
        if part and num_bytes + size > MOST_BYTES_OF_ATTR:
            yield part
            part, num_bytes = [], 0
        part.append(item)
        num_bytes += size
    if part:
        yield part
