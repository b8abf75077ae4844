"""What a sweep takes over from an earlier one: its best sets of parameters, and its trials for the sampler."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ferray.config.mapped_set import is_recipe_of, mapped_set
from ferray.config.parameter_sets import ParameterSet, parameters_of
from ferray.config.place import JOURNAL_NAME, find_sweep
from ferray.config.space import Choice, OneOf
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError, DataError
from ferray.results.leaderboard import rank
from ferray.stats.ranking import best_first
from ferray.study.history import load_sweep
from ferray.study.known_trials import Knowledge, KnownTrial
from ferray.study.pruners import step_of
from ferray.study.records import DataIdentity, SweepRecord, TrialRecord
from ferray.text.counting import counted

MOST_FIRST = 5  # sets that are asked before the sampler is, and at most a quarter of the budget
MOST_KNOWN = 500  # trials, the latest: as many as a sampler looks at


@dataclass(frozen=True)
class EarlierSweep:
    """A sweep that has trials which completed, its absolute folder, and what its identity is."""

    folder: Path
    record: SweepRecord
    identity: str


@dataclass(frozen=True)
class TakenOver:
    """What is taken over, and a line that says so."""

    knowledge: Knowledge
    line: str


def find_earlier(name: str, output: Path, storage: str | None = None) -> EarlierSweep:
    """The sweep called `name` in `output` or at a path; ConfigError where there is none, or none of it completed."""
    try:
        place = find_sweep(name, output)
    except ConfigError as error:
        raise ConfigError(f"`--like` names `{name}`, and {error.message}", error.hint) from error
    has_own_record = place.storage or (place.folder / JOURNAL_NAME).is_file()
    record = load_sweep(place.folder, None if has_own_record else storage)
    if not any(trial.state == "complete" for trial in record.trials):
        message = f"`--like` names `{name}`, and no trial of that sweep has completed"
        raise ConfigError(message, "let it finish a trial, or leave `--like` out")
    return EarlierSweep(place.folder.absolute(), record, place.identity or place.study)


def has_taken_over(name: str, folder: Path, storage: str | None = None) -> bool:
    """Whether the sweep in `folder` has taken over from one called `name` before, or from one of unknown name."""
    record = _record_in(folder, storage)
    return record is not None and (None in record.learnt_from or Path(name).name in record.learnt_from)


def given_before(file: Path, folder: Path, storage: str | None = None) -> list[ParameterSet]:
    """The sets of parameters that the sweep in `folder` was given from a file of that name; none where it was not."""
    record = _record_in(folder, storage)
    return record.given.get(file.name, []) if record is not None else []


def _record_in(folder: Path, storage: str | None) -> SweepRecord | None:
    try:
        return load_sweep(folder, storage)
    except (ConfigError, DataError):  # it has not begun, or its start says what is wrong with it
        return None


def take_over(earlier: EarlierSweep, spec: SweepSpec, data: Sequence[DataIdentity]) -> TakenOver:
    """What the sweep `spec`, judged on `data`, takes over; ConfigError where its space has nothing of the earlier one.

    Trials are knowledge where their values compare: the same objective on the same validation images, of recipes that
    this space has too.
    """
    record = earlier.record
    sets = _first_sets(record, spec)
    why_not = _why_not_known(record, spec, data)
    known = () if why_not else _known(record, spec)[-MOST_KNOWN:]
    if not sets and not known:
        message = f"`--like {record.name}` has nothing for `{spec.name}`: no trial of it has a parameter of this space"
        raise ConfigError(message, "name a sweep whose space has keys and values of this one, or leave `--like` out")
    if not why_not and not known:
        why_not = "none of them is a recipe of this space"
    first = f"{counted(len(sets), 'set', 'sets')} of parameters of `{record.name}` asked first"
    trials = counted(len(record.trials), "trial")
    told = f"its {trials} are not known to the sampler: {why_not}"
    if known:
        told = f"{len(known)} of its {trials} known to the sampler, and counted as none of this sweep"
    return TakenOver(Knowledge(earlier.identity, tuple(sets), tuple(known), record.name), f"{first}; {told}")


def _first_sets(record: SweepRecord, spec: SweepSpec) -> list[ParameterSet]:
    """The best sets that differ: the best of each combination of choices, then what else was best."""
    mapped = [mapped_set(trial.config, spec) for trial in rank(record).complete]
    sets = list({json.dumps(params, sort_keys=True): params for params in mapped if params}.values())
    choices = [name for name, found in parameters_of(spec).items() if isinstance(found.node, Choice | OneOf)]
    best_of: dict[str, ParameterSet] = {}
    for params in sets:
        best_of.setdefault(json.dumps([params.get(name) for name in choices]), params)
    ordered = [*best_of.values(), *(params for params in sets if params not in best_of.values())]
    return ordered[: max(1, min(MOST_FIRST, spec.budget.trials // 4))]


def _why_not_known(record: SweepRecord, spec: SweepSpec, data: Sequence[DataIdentity]) -> str:
    """Why values of the earlier sweep do not compare with those of this one, "" where they do."""
    objective = spec.objective
    if (record.metric, record.mode, record.counts) != (objective.metric, objective.mode, objective.epoch):
        theirs, ours = f"{record.counts} {record.metric}", f"{objective.epoch} {objective.metric}"
        return f"they are judged by the {theirs}, those of this sweep by the {ours}"
    if any(each.key not in record.data or record.data[each.key].val != each.val for each in data):
        return "they are judged on other validation images"
    return "" if spec.sampler.load().learns_from_others else f"`{spec.sampler.name}` learns from its own trials alone"


def _known(record: SweepRecord, spec: SweepSpec) -> list[KnownTrial]:
    """The trials that ended as the sampler counts ends, of recipes that the space has."""
    values = [trial.value for trial in record.trials if trial.state == "complete" and trial.value is not None]
    worst = max([spec.objective.worst, *values], key=lambda value: best_first(value, spec.objective.mode))
    found = (_known_trial(trial, spec, worst) for trial in record.trials)
    return [trial for trial in found if trial is not None]


def _known_trial(trial: TrialRecord, spec: SweepSpec, worst: float) -> KnownTrial | None:
    value = worst if trial.state == "diverged" else trial.value
    if trial.state not in ("complete", "pruned", "diverged") or value is None or trial.epochs_asked < 1:
        return None
    params = mapped_set(trial.config, spec)
    try:
        recipe = trial.trial_config().recipe
    except DataError:
        return None
    if not is_recipe_of(spec, params, recipe):
        return None
    step = step_of(trial.epochs, trial.epochs_asked) if trial.state == "pruned" else None
    return KnownTrial(params, value, step, trial.epochs, trial.epochs_asked, trial.seconds)
