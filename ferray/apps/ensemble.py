"""An ensemble of a sweep's trials, judged by the test split once and compared with the best single trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ferray.apps.ensemble_choice import SelectionOptions, choose_ensemble
from ferray.apps.judge import Jury, judge_jury, judge_trials
from ferray.apps.reading import remembering
from ferray.apps.trial_job import trial_job
from ferray.artifacts.ensemble import Ensemble
from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.runtime import Runtime
from ferray.errors import DataError
from ferray.results.answers import read_answers
from ferray.results.gain import Gain, gains_of
from ferray.study.records import SweepRecord, TrialRecord
from ferray.training.inputs import open_job_inputs
from ferray.training.seeding import derive_generator

Tell = Callable[[str], None]


@dataclass(frozen=True)
class JudgedEnsemble:
    """An ensemble, and its gain over the best single trial on the test split; none where that was not read."""

    ensemble: Ensemble
    gains: tuple[Gain, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray ensemble --json`."""
        return {**self.ensemble.to_json(), "test": [gain.to_json() for gain in self.gains]}


def build_ensemble(
    record: SweepRecord, folder: Path, runtime: Runtime, options: SelectionOptions, tell: Tell, *, test: bool
) -> JudgedEnsemble:
    """`choose_ensemble`, then judged by the test split if `test` and where there is one; errors of both.

    The store of the sweep remembers the reading. What is known of this ensemble is not asked again.
    """
    ensemble = choose_ensemble(record, folder, runtime, options, tell)
    if not test:
        return JudgedEnsemble(ensemble)
    trials = {trial.number: trial for trial in record.trials}
    best = trials[ensemble.best_trial]
    if not has_test_images(best, folder, runtime):
        tell("note: the data set has no labelled test images with this split: the gain is not measured")
        return JudgedEnsemble(ensemble)
    jury = Jury(
        "the ensemble",
        SweepArtifacts.of(folder).ensemble,
        ensemble.digest,
        tuple(trials[member.trial] for member in ensemble.members),
        tuple(member.weight for member in ensemble.members),
    )
    return JudgedEnsemble(ensemble, measure_gain(record, jury, best, folder, runtime, tell))


def measure_gain(
    record: SweepRecord, jury: Jury, best: TrialRecord, folder: Path, runtime: Runtime, tell: Tell
) -> tuple[Gain, ...]:
    """What the models of a jury score together on the test split beyond the `best` single trial, score by score.

    Both are judged in one reading, unless they are known.
    """
    remember = _once_for(
        (best, *jury.trials), remembering("ensemble", record, folder, runtime, tell, begun=jury.digest)
    )
    judge_trials(record, [best], folder, runtime, tell, remember)
    ours = judge_jury(record, jury, folder, runtime, tell, remember)
    own = SweepArtifacts.of(folder).trial(best.folder)
    theirs = read_answers(own)
    if theirs is None:
        raise DataError(f"`{own.answers}` is gone", f"delete `{own.held_out}` too, and ask again")
    try:
        found = gains_of(ours, theirs, len(best.classes), partial(derive_generator, 0))
    except ValueError as error:
        message = f"trial {best.number} was judged on other test images than {jury.called} is"
        raise DataError(message, f"delete `{own.held_out}` and `{jury.artifacts.answers}`, and ask again") from error
    return tuple(found)


def has_test_images(trial: TrialRecord, folder: Path, runtime: Runtime) -> bool:
    """Whether the split of this trial's data set leaves any."""
    return len(open_job_inputs(trial_job(trial, folder, runtime)).test) > 0


def _once_for(trials: tuple[TrialRecord, ...], remember: Callable[..., None]) -> Callable[..., None]:
    """What writes one reading of all these trials, whichever of them is judged first."""
    numbers = {trial.number: trial for trial in trials}
    pending = [list(numbers.values())]

    def once(_: object) -> None:
        if pending:
            remember(pending.pop())

    return once
