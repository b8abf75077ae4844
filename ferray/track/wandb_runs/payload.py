"""What a W&B run of a trial contains, as plain Python: no wandb here, so that it can be tested without it.

Keys are chosen so that W&B can filter, sort and pin them: none is called `state`, `name`, `sweep`, `group`, `tags` or
`host`, which wandb-workspaces takes for its own, and none has a dot, which W&B takes for a level.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ferray.config.option_names import own_name, told_params
from ferray.config.place import words_for
from ferray.config.readable import readable_value
from ferray.config.space import ARM
from ferray.config.trial import COMPONENT_FIELDS
from ferray.events import EpochReport, OutcomeKind, OutlierReport, SweepStarted, TrialStarted
from ferray.text.commands import command

DEFAULT_PROJECT = "ferray"
TRIAL_JOB, SWEEP_JOB = "trial", "sweep"  # job types

# Keys of a run's config, beside those of the configuration itself, of which `seed` is one.
OBJECTIVE, SAMPLER, PRUNER, RECIPE, TRIAL = "objective", "sampler", "pruner", "recipe", "trial"

_PARAM = "p/"  # before the config's keys of what was searched
_FORMER_SEARCHED = "searched"

# Keys of a run's summary.
OUTCOME, MESSAGE = "outcome", "message"
SCORE = "score"  # of complete trials alone, so that nothing else is ranked with them
SCORE_SO_FAR = "score_so_far"  # of all others that have one: pruned, running, interrupted
SCORE_LOW, SCORE_HIGH, N_VAL = "score_low", "score_high", "n_val"
EPOCHS, SECONDS, RANK = "epochs", "seconds", "rank"
SUMMARY_KEYS = (OUTCOME, SCORE, SCORE_SO_FAR, SCORE_LOW, SCORE_HIGH, N_VAL, EPOCHS, SECONDS, RANK, MESSAGE)
FORMER_SUMMARY_KEYS = ("state", "best/value")  # of earlier versions, taken out of runs that go on

BEST_TAG, CONFIRMED_TAG = "best", "confirmed"
RUNNING = "running"
OUTCOMES = (RUNNING, *map(str, OutcomeKind))
_FORMER_TAGS = ("finished",)  # of earlier versions, for a completed trial
_LONGEST_TAG = 64  # W&B refuses longer ones

CONFUSION_TABLE, REMOVED_TABLE = "best/confusion_table", "outliers/removed"  # in the summary
CONFUSION_COLUMNS = ["Actual", "Predicted", "nPredictions"]  # those of `wandb/confusion_matrix/v1`
EPOCH = "epoch"  # of history, and what charts are drawn against
REMOVED_COLUMNS = ["epoch", "sample_id", "name", "label", "predicted", "loss", "truly_mislabelled"]


@dataclass(frozen=True)
class Standing:
    """Where a trial stands among the others: what changes about its run when it has long ended.

    `rank` counts complete trials from 1, None for all others; `is_best` is that of rank 1.
    """

    rank: int | None = None
    is_confirmed: bool = False

    @property
    def is_best(self) -> bool:
        """Whether it is the first of the leaderboard."""
        return self.rank == 1


def run_id(identity: str, root: int) -> str:
    """The id of a trial's run: the same whenever the same sweep goes on, and no other sweep's.

    `root` is the first trial that asked the same parameters; those that go on from it write into its run.
    """
    return _digest(f"{identity}\n{root}")


def sweep_run_id(identity: str) -> str:
    """The id of the one run that stands for the whole sweep."""
    return _digest(f"{identity}\nsweep")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def best_key(metric: str) -> str:
    """The summary's key of a metric at the epoch that counts, such as `best/val/uar`."""
    return f"best/{metric}"


def param_key(name: str) -> str:
    """The config's key of a searched parameter: `p/optimizer/lr` of `optimizer.lr`."""
    return f"{_PARAM}{name.replace('.', '/')}"


def is_of_search(key: str) -> bool:
    """Whether a key of the config says what was searched, in this version's way or an earlier one's."""
    return key == _FORMER_SEARCHED or key.startswith(_PARAM)


def config_of(sweep: SweepStarted, trial: TrialStarted) -> dict[str, Any]:
    """The trial's configuration nested as the space is, components as `{component: name, ...}`, beside what made it.

    Columns come out as `backbone.component`, `optimizer.lr`: one per question, whichever component answers it. What was
    searched is there once more, flat, as `p/optimizer/lr`, and as people are told it.
    """
    config = {key: _component(value) if key in COMPONENT_FIELDS else value for key, value in trial.config.items()}
    objective = {"metric": sweep.metric, "mode": sweep.mode, "epoch": sweep.counts}
    chosen = {SAMPLER: sweep.sampler, PRUNER: sweep.pruner}
    chosen = {key: _component(value) for key, value in chosen.items() if value}
    searched = {param_key(name): value for name, value in told_params(trial.params, sweep.names).items()}
    return {**config, OBJECTIVE: objective, **chosen, TRIAL: trial.number, RECIPE: trial.recipe, **searched}


def _component(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((name, params),) = value.items()
        return {"component": name, **(params or {})}
    return {"component": value}


def run_name(sweep: SweepStarted, trial: TrialStarted) -> str:
    """What people call the run: `sfew-0017 resnet50 focal bdr lr=3.4e-4`, the arm where there are some."""
    told = told_params(trial.params, sweep.names)
    named = [
        str(told[key]) if key in told and key in sweep.names else _name(trial.config.get(key))
        for key in ("backbone", "imbalance", "outliers")
    ]
    arm = [str(trial.params[ARM])] if ARM in trial.params else []
    words = [*arm, *(name for name in named if name not in ("", "none"))]
    rate = (trial.config.get("optimizer") or {}).get("lr")
    words += [f"lr={readable_value(rate)}"] if isinstance(rate, float) else []
    return " ".join([f"{sweep.name}-{trial.number:04d}", *words])


def _name(component: Any) -> str:
    return own_name(component) if component else ""


@dataclass(frozen=True)
class RunFacts:
    """What a trial's run is given when it is opened, but for those tags that change."""

    id: str
    name: str
    group: str
    tags: tuple[str, ...]
    notes: str
    config: dict[str, Any]
    metric: str
    mode: Literal["max", "min"]


def facts_of(sweep: SweepStarted, trial: TrialStarted, *, tags: Iterable[str] = (), notes: str = "") -> RunFacts:
    """The facts of the run that a trial writes into, with the user's own `tags` and `notes`."""
    return RunFacts(
        id=run_id(sweep.identity, trial.root),
        name=run_name(sweep, trial),
        group=sweep.name,
        tags=(*(tag[:_LONGEST_TAG] for tag in tags), *fixed_tags(trial)),
        notes=notes_of(sweep, trial, notes),
        config=config_of(sweep, trial),
        metric=sweep.metric,
        mode=sweep.mode,
    )


def fixed_tags(trial: TrialStarted) -> list[str]:
    """The tags that say what a trial is, however it ends."""
    named = {key: _name(trial.config.get(key)) for key in ("backbone", "dataset")}
    named |= {"arm": str(trial.params[ARM])} if ARM in trial.params else {}
    return [f"{key}:{name}"[:_LONGEST_TAG] for key, name in named.items() if name]


def tags_with(tags: Iterable[str], *, outcome: str, standing: Standing) -> list[str]:
    """A run's tags with those that change in their place; whatever others have put there stays."""
    kept = [tag for tag in dict.fromkeys(tags) if tag not in changing_tags()]
    marks = {BEST_TAG: standing.is_best, CONFIRMED_TAG: standing.is_confirmed}
    return [*kept, outcome, *(tag for tag, holds in marks.items() if holds)]


def changing_tags() -> frozenset[str]:
    """Tags that say how a trial is doing, of which those that no longer hold are taken off."""
    return frozenset({*OUTCOMES, *_FORMER_TAGS, BEST_TAG, CONFIRMED_TAG})


def notes_of(sweep: SweepStarted, trial: TrialStarted, own: str = "") -> str:
    """Where the trial comes from and where to read on, below what the user has to say."""
    words = words_for(Path(sweep.folder))
    lines = [own] if own else []
    lines.append(f"recipe `{trial.recipe}`, files in `{trial.folder}`")
    lines += [f"goes on from `{folder}`" for folder in trial.earlier]
    return "\n\n".join([*lines, f"report: `{command('report', *words)}`"])


def summary_of(entry: Mapping[str, Any], standing: Standing) -> dict[str, Any]:
    """Flat values to sort runs by, of a trial as `leaderboard --json` has it; what it lacks is left out.

    What is not a finite number is left out too: W&B sorts by it as if it were one.
    """
    score = SCORE if entry["outcome"] == OutcomeKind.COMPLETED else SCORE_SO_FAR
    low, high = entry.get("value_interval") or (None, None)
    has_epoch = bool(entry.get("best_epoch"))
    summary = {
        OUTCOME: entry["outcome"],
        score: entry.get("value"),
        SCORE_LOW: low,
        SCORE_HIGH: high,
        N_VAL: entry.get("num_val") if has_epoch else None,
        EPOCHS: entry.get("epochs"),
        SECONDS: entry.get("seconds"),
        RANK: standing.rank,
        MESSAGE: entry.get("message") or None,
        best_key("epoch"): entry.get("best_epoch") if has_epoch else None,
        **{best_key(name): value for name, value in entry.get("metrics", {}).items()},
    }
    return {key: value for key, value in summary.items() if _is_told(value)}


def _is_told(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def epoch_row(report: EpochReport) -> dict[str, float]:
    """One row of history without its media: the metrics, `epoch`, and what an outlier rule saw."""
    row = {**report.metrics, "epoch": report.epoch}
    if report.outliers is not None:
        row["outliers/variance"] = report.outliers.variance
        row["outliers/num_kept"] = report.outliers.num_kept
        row["outliers/num_removed"] = len(report.outliers.removed)
        known = {"outliers/precision": report.outliers.precision, "outliers/recall": report.outliers.recall}
        row.update({name: value for name, value in known.items() if value is not None and report.outliers.removed})
    return row


def histograms(outliers: OutlierReport | None) -> dict[str, tuple[tuple[int, ...], tuple[float, ...]]]:
    """Counts and bin edges of the losses before a removal and, where there was one, after it."""
    if outliers is None:
        return {}
    named = {"outliers/loss_before": outliers.histogram, "outliers/loss_after": outliers.histogram_after}
    return {name: (counts, outliers.bin_edges) for name, counts in named.items() if counts}


def removed_rows(report: EpochReport) -> list[list[Any]]:
    """The samples a rule dropped in this epoch, parallel to REMOVED_COLUMNS, labels by name."""
    if report.outliers is None:
        return []
    return [
        [
            report.epoch,
            sample.sample_id,
            sample.name,
            report.classes[sample.label],
            report.classes[sample.predicted],
            sample.loss,
            sample.truly_mislabelled,
        ]
        for sample in report.outliers.removed
    ]


def confusion_rows(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[list[Any]]:
    """Truth, prediction and count of every cell of a confusion matrix, parallel to CONFUSION_COLUMNS."""
    named = zip(classes, confusion, strict=True)
    return [[truth, guess, count] for truth, row in named for guess, count in zip(classes, row, strict=True)]
