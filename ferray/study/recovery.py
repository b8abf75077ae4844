"""What dead drivers have left: trials that run nowhere are ended, and interrupted ones are asked again.

Each step may be cut short by the next crash: what is missing is found from the trials themselves every time.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.study.attempts import place_of, root_of
from ferray.study.drivers import owner_of
from ferray.study.live import empty_result
from ferray.study.records import DRIVER_ATTR, RESULT_ATTR, TRIAL_ATTR, WAITS_ATTR
from ferray.study.repeats import seed_of
from ferray.study.waiting import keeps_its_place, put_back

_STATE_OF = {
    OutcomeKind.COMPLETED: TrialState.COMPLETE,
    OutcomeKind.PRUNED: TrialState.PRUNED,
    OutcomeKind.DIVERGED: TrialState.COMPLETE,
    OutcomeKind.FAILED: TrialState.FAIL,
    OutcomeKind.INTERRUPTED: TrialState.FAIL,
}
MOST_BARREN = 10  # crashes of the driver in a row that one parameter set survives without a finished epoch
COUNTED = {OutcomeKind.COMPLETED, OutcomeKind.PRUNED, OutcomeKind.DIVERGED, OutcomeKind.FAILED}


def tell_result(study: optuna.Study, number: int, result: dict[str, Any]) -> None:
    """Give a trial the state of its result."""
    state = _STATE_OF[OutcomeKind(result["outcome"])]
    study.tell(number, result["told"] if state is TrialState.COMPLETE else None, state)


def counts(trial: FrozenTrial) -> bool:
    """Whether a trial has ended for good and counts against the budget."""
    result = trial.user_attrs.get(RESULT_ATTR)
    return result is not None and OutcomeKind(result["outcome"]) in COUNTED


def orphans(study: optuna.Study, living: Container[str]) -> list[FrozenTrial]:
    """The trials that were left running: those of drivers whose tokens are not among the `living`."""
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [trial for trial in running if owner_of(trial) not in living]


def recover(study: optuna.Study, living: Container[str]) -> None:
    """End every trial that was left running, and ask the interrupted ones of no living driver again.

    Those that no worker had begun are put back.
    """
    for trial in orphans(study, living):
        result = trial.user_attrs.get(RESULT_ATTR)
        if keeps_its_place(study, trial):
            put_back(study, trial)
        elif result is None:
            study.tell(trial.number, state=TrialState.FAIL)
        else:
            tell_result(study, trial.number, result)
    trials = study.get_trials(deepcopy=False)
    asked_again = {trial.user_attrs.get("retry_of") for trial in trials}
    for trial in trials:
        is_interrupted = trial.state is TrialState.FAIL and not counts(trial)
        if is_interrupted and trial.number not in asked_again and owner_of(trial) not in living:
            ask_again(study, trial)


def ask_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Put an interrupted trial's parameters at the head of the queue; one that nobody was given is forgotten.

    One that no worker has begun is put back as it is.
    """
    if keeps_its_place(study, trial):
        put_back(study, trial)
        return
    attrs = trial.user_attrs
    if TRIAL_ATTR not in attrs and "retry_of" not in attrs:
        return
    had_begun = not attrs.get(WAITS_ATTR)
    barren = 0 if trial.intermediate_values else attrs.get("barren", 0) + (RESULT_ATTR not in attrs and had_begun)
    if barren > MOST_BARREN:
        _give_up(study, trial, f"its driver died {barren} times before its first epoch ended")
        return
    result = attrs.get(RESULT_ATTR, {})
    is_retry = bool(result.get("reason")) and not result.get("is_blameless")
    folder = attrs.get(TRIAL_ATTR, {}).get("folder")
    seed = seed_of(attrs)
    again = {
        **({} if seed is None else {"seed": seed}),
        "retry_of": trial.number,
        "root": root_of(trial),
        "place": place_of(trial),
        "resume_folders": [*([folder] if folder else []), *attrs.get("resume_folders", ())],
        "retries": attrs.get("retries", 0) + is_retry,
        "barren": barren,
    }
    study.enqueue_trial({**trial.system_attrs.get("fixed_params", {}), **trial.params}, user_attrs=again)


def _give_up(study: optuna.Study, trial: FrozenTrial, message: str) -> None:
    """Count a trial that takes its driver down with it as failed, or it would be asked first for ever.

    Its record lies beside it, since a trial that has ended takes no more attributes.
    """
    facts = {"config": {}, "recipe": "", "epochs": 0, "folder": "", **trial.user_attrs.get(TRIAL_ATTR, {})}
    outcome = Outcome(OutcomeKind.FAILED, message, reason=FailureReason.WORKER_LOST)
    result = {**empty_result(outcome), "told": None}
    kept = {name: value for name, value in trial.user_attrs.items() if name != DRIVER_ATTR}
    attrs = {**kept, "retry_of": trial.number, TRIAL_ATTR: facts, RESULT_ATTR: result}
    record = optuna.trial.create_trial(
        state=TrialState.FAIL, params=trial.params, distributions=trial.distributions, user_attrs=attrs
    )
    study.add_trial(record)
