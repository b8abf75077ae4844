"""The study's promises, on synthetic learning curves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from ferray.config.trial import TrialConfig
from ferray.errors import ResumeMismatch
from ferray.events import Decision, FailureReason, Outcome, OutcomeKind
from ferray.results.leaderboard import rank
from ferray.study.attempts import place_of
from ferray.study.history import load_sweep, read_sweep
from ferray.study.records import SPEC_ATTR
from ferray.study.recovery import MOST_BARREN
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.testing.curves import OBJECTIVE, as_told, curve_report, open_driver, run_curves, saturating, small_spec


def stored(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name="curves", storage=open_store(folder))


def stored_in(folder: Path, name: str) -> optuna.Study:
    return optuna.load_study(study_name=name, storage=open_store(folder))


def states(folder: Path) -> list[TrialState]:
    return [trial.state for trial in stored(folder).trials]


def diverge_above_one_percent(config: TrialConfig, fraction: float) -> float:
    return math.nan if config.optimizer.lr > 1e-2 else saturating(config, fraction)


def test_every_trial_of_the_budget_completes_without_a_pruner(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec()))
    assert states(tmp_path / "curves") == [TrialState.COMPLETE] * 10


def test_pruned_trial_is_told_as_pruned(tmp_path: Path) -> None:
    pruner = {"median": {"startup_trials": 2}}
    run_curves(open_driver(tmp_path / "curves", small_spec(pruner=pruner, budget={"trials": 20})))
    kinds = {trial.outcome for trial in load_sweep(tmp_path / "curves").trials}
    assert kinds == {"completed", "pruned"}
    assert states(tmp_path / "curves").count(TrialState.PRUNED) >= 3


def test_diverged_trial_is_told_as_worst_not_left_running(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec()), diverge_above_one_percent)
    trials = load_sweep(tmp_path / "curves").trials
    diverged = [trial.number for trial in trials if trial.state == "diverged"]
    assert diverged
    assert {stored(tmp_path / "curves").trials[number].value for number in diverged} == {0.0}


def test_best_trial_of_optuna_is_the_leaderboards_first_line(tmp_path: Path) -> None:
    run_curves(
        open_driver(tmp_path / "curves", small_spec(pruner={"median": {"startup_trials": 2}})),
        diverge_above_one_percent,
    )
    best = rank(load_sweep(tmp_path / "curves")).best
    assert best is not None
    assert best.number == stored(tmp_path / "curves").best_trial.number


def test_value_is_the_best_epochs_not_the_last(tmp_path: Path) -> None:
    def falls(_: TrialConfig, fraction: float) -> float:
        return 0.8 - 0.4 * fraction

    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1})), falls)
    (trial,) = load_sweep(tmp_path / "curves").trials
    assert trial.value == pytest.approx(0.7)  # 0.8 - 0.4 / 4 after the first of four epochs
    assert trial.best_epoch == 1


def test_orphan_is_failed_and_its_parameters_asked_again(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()), slots=2, most_epochs=6)
    run_curves(open_driver(folder, small_spec()), slots=2)
    trials = load_sweep(folder).trials
    orphans = [trial for trial in trials if trial.outcome == "orphaned"]
    assert len(orphans) == 2
    assert [trials[orphan.superseded_by or 0].params for orphan in orphans] == [orphan.params for orphan in orphans]


def test_two_crashes_lose_no_trial_and_double_none(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()), slots=2, most_epochs=10)
    run_curves(open_driver(folder, small_spec()), slots=2, most_epochs=9)
    run_curves(open_driver(folder, small_spec()), slots=2)
    trials = load_sweep(folder).trials
    finished = [str(trial.params) for trial in trials if trial.state == "complete"]
    assert len(finished) == len(set(finished)) == 10
    assert TrialState.RUNNING not in states(folder)


def test_result_written_before_a_crash_is_told_when_continuing(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    folder.mkdir()
    study = Study(small_spec(), open_store(folder))
    trial = study.ask()
    study.report(trial.number, curve_report(trial.config, 4, saturating))
    study._tell = lambda *_: None  # type: ignore[method-assign]  # the crash
    study.finish(trial.number, Outcome(OutcomeKind.COMPLETED))
    assert Study(small_spec(), open_store(folder)).num_finished == 1
    assert states(folder) == [TrialState.COMPLETE]


def test_interrupted_trial_is_asked_again_first(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    first = study.ask()
    study.finish(first.number, Outcome(OutcomeKind.INTERRUPTED))
    again = study.ask()
    assert again.params == first.params
    assert (again.resume_folders, again.root) == ((first.folder,), first.number)


def test_interrupted_trial_does_not_count(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    study.finish(study.ask().number, Outcome(OutcomeKind.INTERRUPTED))
    assert study.num_finished == 0


def test_failed_trial_counts_and_is_told_as_failed(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    study.finish(study.ask().number, Outcome(OutcomeKind.FAILED, "a bug"))
    assert study.num_finished == 1
    assert states(tmp_path) == [TrialState.FAIL]


def test_other_space_under_the_same_name_is_refused(tmp_path: Path) -> None:
    Study(small_spec(), open_store(tmp_path))
    with pytest.raises(ResumeMismatch, match=r"base\.epochs"):
        Study(small_spec(base={"epochs": 5}), open_store(tmp_path))


def written_before(folder: Path, *parts: str) -> None:
    """Make the store as a ferray wrote it that did not know some parameters of the sampler and the pruner."""
    study = stored(folder)
    kept = study.user_attrs[SPEC_ATTR]
    emptied = {part: {name: {} for name in kept["spec"][part]} for part in parts}
    study.set_user_attr(SPEC_ATTR, {**kept, "identity": "0" * 16, "spec": {**kept["spec"], **emptied}})


def test_a_sweep_from_before_a_parameter_existed_goes_on(tmp_path: Path) -> None:
    spec = small_spec(sampler="tpe", pruner="hyperband")
    Study(spec, open_store(tmp_path)).close()
    written_before(tmp_path, "sampler", "pruner")
    assert Study(spec, open_store(tmp_path)).num_finished == 0


def test_what_is_named_as_changed_leaves_out_what_came_later(tmp_path: Path) -> None:
    Study(small_spec(sampler="tpe"), open_store(tmp_path)).close()
    written_before(tmp_path, "sampler")
    with pytest.raises(ResumeMismatch, match=r"other settings of `base\.epochs`\n"):
        Study(small_spec(sampler="tpe", base={"epochs": 5}), open_store(tmp_path))


def test_another_arm_under_the_same_name_is_named(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec(space={}, arms={"plain": {}})))
    with pytest.raises(ResumeMismatch, match=r"`arms\.focal`"):
        open_driver(tmp_path / "curves", small_spec(space={}, arms={"plain": {}, "focal": {"imbalance": "focal"}}))


def test_larger_budget_extends_the_sweep(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()))
    run_curves(open_driver(folder, small_spec(budget={"trials": 13})))
    assert states(folder) == [TrialState.COMPLETE] * 13


def test_more_seeds_extend_the_sweep(tmp_path: Path) -> None:
    arms = {"plain": {}, "focal": {"imbalance": "focal"}}
    for seeds in (1, 3):
        spec = small_spec(space={}, arms=arms, seeds=seeds, budget={"trials": 2 * seeds})
        run_curves(open_driver(tmp_path / "curves", spec))
    asked = [(trial.params["seed"], trial.params["arm"]) for trial in load_sweep(tmp_path / "curves").trials]
    assert asked == [(seed, arm) for seed in range(3) for arm in arms]


def test_last_epoch_is_never_pruned(tmp_path: Path) -> None:
    study = Study(small_spec(pruner={"median": {"startup_trials": 1}}), open_store(tmp_path))
    good = study.ask()
    study.report(good.number, curve_report(good.config, 4, lambda *_: 0.9))
    study.finish(good.number, Outcome(OutcomeKind.COMPLETED))
    bad = study.ask()
    assert study.report(bad.number, curve_report(bad.config, 4, lambda *_: 0.1)) is Decision.CONTINUE


def test_a_trial_that_ended_early_is_what_longer_ones_are_compared_with(tmp_path: Path) -> None:
    study = Study(small_spec(pruner={"median": {"startup_trials": 1}}), open_store(tmp_path))
    good = study.ask()
    study.report(good.number, replace(curve_report(good.config, 1, lambda *_: 0.9), halted=True))
    study.finish(good.number, Outcome(OutcomeKind.COMPLETED))
    bad = study.ask()
    study.report(bad.number, curve_report(bad.config, 2, lambda *_: 0.1))
    assert study.report(bad.number, curve_report(bad.config, 3, lambda *_: 0.1)) is Decision.STOP


def test_a_trial_that_ended_early_is_told_as_complete(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    trial = study.ask()
    study.report(trial.number, replace(curve_report(trial.config, 1, lambda *_: 0.9), halted=True))
    study.finish(trial.number, Outcome(OutcomeKind.COMPLETED))
    (record,) = load_sweep(tmp_path).trials
    assert (record.state, record.epochs) == ("complete", 1)


def test_pruning_compares_equal_fractions_of_different_epochs(tmp_path: Path) -> None:
    spec = small_spec(pruner={"median": {"startup_trials": 1}}, base={}, space={"epochs": {"grid": [4, 8]}})
    study = Study(spec, open_store(tmp_path))
    short = study.ask()
    for epoch in range(1, 5):
        study.report(short.number, curve_report(short.config, epoch, lambda _, fraction: 0.5 * fraction))
    study.finish(short.number, Outcome(OutcomeKind.COMPLETED))
    long = study.ask()
    same_pace = [
        study.report(long.number, curve_report(long.config, epoch, lambda _, fraction: 0.6 * fraction))
        for epoch in range(1, 8)
    ]
    assert (short.config.epochs, long.config.epochs) == (4, 8)
    assert set(same_pace) == {Decision.CONTINUE}


def test_grid_asks_every_combination_once(tmp_path: Path) -> None:
    space = {"batch_size": {"grid": [16, 32]}, "imbalance": {"one_of": ["none"]}, "epochs": {"grid": [2, 3, 4]}}
    run_curves(open_driver(tmp_path / "curves", small_spec(space=space, base={}, budget={"trials": 6})))
    asked = {(t.params["batch_size"], t.params["epochs"]) for t in load_sweep(tmp_path / "curves").trials}
    assert asked == {(16, 2), (16, 3), (16, 4), (32, 2), (32, 3), (32, 4)}


def test_same_seed_proposes_the_same_trials(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "a" / "curves", small_spec(sampler="tpe", budget={"trials": 14})))
    run_curves(open_driver(tmp_path / "b" / "curves", small_spec(sampler="tpe", budget={"trials": 14})))
    first, second = (load_sweep(tmp_path / side / "curves").trials for side in "ab")
    assert [trial.params for trial in first] == [trial.params for trial in second]


def test_continued_sweep_does_not_repeat_its_first_proposals(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec(budget={"trials": 5})))
    run_curves(open_driver(folder, small_spec(budget={"trials": 10})))
    rates = [trial.params["optimizer.lr"] for trial in load_sweep(folder).trials]
    assert len(set(rates)) == 10


def test_torn_last_line_is_cut_and_the_sweep_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "curves"
    run_curves(open_driver(folder, small_spec()), most_epochs=9)
    with (folder / "study.journal").open("ab") as journal:
        journal.write(b'{"op_code": 4, "worker')
    run_curves(open_driver(folder, small_spec()))
    assert states(folder).count(TrialState.COMPLETE) == 10


def test_best_epoch_in_the_middle_is_found(tmp_path: Path) -> None:
    def peaks(_: TrialConfig, fraction: float) -> float:
        return 0.8 - abs(fraction - 0.5)

    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1})), peaks)
    (trial,) = load_sweep(tmp_path / "curves").trials
    assert (trial.value, trial.best_epoch) == (pytest.approx(0.8), 2)


def test_resumed_trial_keeps_the_best_epoch_from_before(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    first = study.ask()
    study.finish(first.number, Outcome(OutcomeKind.INTERRUPTED))
    again = study.ask()
    values = {1: 0.9, 2: 0.4, 4: 0.5}
    *past, last = as_told(curve_report(again.config, epoch, lambda *_, v=v: v) for epoch, v in values.items())
    study.report(again.number, replace(last, earlier=tuple(past)))
    study.finish(again.number, Outcome(OutcomeKind.COMPLETED))
    assert stored_in(tmp_path, "curves").best_value == 0.9


def test_failing_combination_of_a_grid_is_not_asked_for_ever(tmp_path: Path) -> None:
    spec = small_spec(space={"batch_size": {"grid": [16, 32, 64]}}, budget={"trials": 3})
    study = Study(spec, open_store(tmp_path))
    asked = []
    for _ in range(3):
        trial = study.ask()
        asked.append(trial.params["batch_size"])
        study.finish(trial.number, Outcome(OutcomeKind.FAILED, "a bug"))
    assert asked == [16, 32, 64]


def test_parameters_that_kill_their_driver_are_given_up_in_the_end(tmp_path: Path) -> None:
    spec = small_spec(budget={"trials": 1})
    for _ in range(MOST_BARREN + 1):
        Study(spec, open_store(tmp_path)).ask()
    study = Study(spec, open_store(tmp_path))
    assert study.num_finished == 1
    assert [trial.reason for trial in read_sweep(open_store(tmp_path), "curves").trials][-1] == "worker lost"


@pytest.mark.parametrize(("is_blameless", "retries"), [(False, 1), (True, 0)])
def test_worker_that_was_lost_is_a_retry_unless_its_trial_is_blameless(
    tmp_path: Path, is_blameless: bool, retries: int
) -> None:
    study = open_driver(tmp_path / "curves", small_spec()).study
    lost = Outcome(OutcomeKind.INTERRUPTED, "its worker was lost", reason=FailureReason.WORKER_LOST)
    study.finish(study.ask().number, replace(lost, is_blameless=is_blameless))
    assert study.num_retries(study.ask().number) == retries


def test_interruptions_do_not_use_up_the_retries_of_lost_workers(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    for _ in range(4):
        study.finish(study.ask().number, Outcome(OutcomeKind.INTERRUPTED, "the sweep was interrupted"))
    assert study.num_retries(study.ask().number) == 0


def test_crash_while_asking_again_forgets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Study(small_spec(), open_store(tmp_path)).ask()

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("ferray.study.recovery.ask_again", crash)
        with pytest.raises(RuntimeError, match="killed"):
            Study(small_spec(), open_store(tmp_path))
    assert Study(small_spec(), open_store(tmp_path)).ask().params == first.params


def test_diverged_trial_is_no_better_than_the_worst_loss(tmp_path: Path) -> None:
    spec = small_spec(objective={"metric": "val/loss"}, budget={"trials": 2})
    study = Study(spec, open_store(tmp_path))
    bad = study.ask()
    study.report(bad.number, replace(curve_report(bad.config, 4, lambda *_: 0.1), metrics={"val/loss": 55.0}))
    study.finish(bad.number, Outcome(OutcomeKind.COMPLETED))
    study.finish(study.ask().number, Outcome(OutcomeKind.DIVERGED))
    assert [trial.value for trial in stored_in(tmp_path, "curves").trials] == [55.0, 55.0]


def told(study: Study, number: int, value: float, epoch: int, *past: float) -> Decision:
    """Report an epoch of this value, with those before it where a worker has just started."""
    live = study._live[number]
    known = [] if past or live.best is None else [live.best]
    values = {**dict(enumerate(past, start=1)), epoch: value}
    reports = [curve_report(live.config, place, lambda *_, v=v: v) for place, v in values.items()]
    *earlier, report = as_told([*known, *reports], replace(OBJECTIVE, counts=study.spec.objective.epoch))
    return study.report(number, replace(report, earlier=tuple(earlier)) if past else report)


def test_resumed_trial_has_each_value_at_its_own_step(tmp_path: Path) -> None:
    study = Study(small_spec(base={"epochs": 12}), open_store(tmp_path))
    study.finish(study.ask().number, Outcome(OutcomeKind.INTERRUPTED))
    again = study.ask()
    told(study, again.number, 0.75, 3, 0.083, 0.4)
    assert stored_in(tmp_path, "curves").trials[again.number].intermediate_values == {1: 0.083, 2: 0.4, 3: 0.75}


def test_resumed_trial_is_compared_at_a_rung_by_what_it_had_there(tmp_path: Path) -> None:
    spec = small_spec(base={"epochs": 12}, pruner={"asha": {"reduction_factor": 2, "first_rung_fraction": 0.25}})
    study = Study(spec, open_store(tmp_path))
    assert told(study, study.ask().number, 0.5, 3, 0.5, 0.5) is Decision.CONTINUE
    study.finish(study.ask().number, Outcome(OutcomeKind.INTERRUPTED))
    resumed = study.ask()
    # Its rung is the third epoch, where it had 0.083; 0.75 is what it has in the fourth.
    assert told(study, resumed.number, 0.75, 4, 0.083, 0.083, 0.083) is Decision.STOP


def test_interrupted_attempt_does_not_compete_with_its_retry(tmp_path: Path) -> None:
    spec = small_spec(base={"epochs": 12}, pruner={"asha": {"reduction_factor": 2}})
    study = Study(spec, open_store(tmp_path))
    interrupted = study.ask().number
    told(study, interrupted, 0.9, 1)
    study.finish(interrupted, Outcome(OutcomeKind.INTERRUPTED))
    told(study, study.ask().number, 0.9, 1)
    told(study, study.ask().number, 0.95, 1)
    # One of three goes on, 0.95; of four, with 0.9 counted twice, two would.
    assert told(study, study.ask().number, 0.92, 1) is Decision.STOP


def test_epoch_that_was_let_past_is_let_past_again(tmp_path: Path) -> None:
    spec = small_spec(base={"epochs": 12}, pruner={"median": {"startup_trials": 1}})
    study = Study(spec, open_store(tmp_path))
    weak, strong = study.ask().number, study.ask().number
    assert told(study, weak, 0.1, 1) is Decision.CONTINUE
    told(study, strong, 0.9, 12, *[0.9] * 11)
    study.finish(strong, Outcome(OutcomeKind.COMPLETED))
    study.finish(weak, Outcome(OutcomeKind.INTERRUPTED))
    retry = study.ask().number
    assert told(study, retry, 0.1, 1) is Decision.CONTINUE
    assert told(study, retry, 0.1, 2) is Decision.STOP


def test_stop_that_nobody_acted_on_holds_for_the_retry(tmp_path: Path) -> None:
    spec = small_spec(base={"epochs": 12}, pruner={"median": {"startup_trials": 1}})
    study = Study(spec, open_store(tmp_path))
    strong, weak = study.ask().number, study.ask().number
    told(study, strong, 0.9, 12, *[0.9] * 11)
    study.finish(strong, Outcome(OutcomeKind.COMPLETED))
    assert told(study, weak, 0.1, 1) is Decision.STOP
    continued = Study(spec, open_store(tmp_path))
    assert told(continued, continued.ask().number, 0.95, 2, 0.1) is Decision.STOP


def test_bracket_is_that_of_the_first_attempt(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    study.finish(study.ask().number, Outcome(OutcomeKind.INTERRUPTED))
    numbers = [study.ask().number, study.ask().number]
    trials = stored_in(tmp_path, "curves").trials
    assert [(number, place_of(trials[number])) for number in numbers] == [(1, 0), (2, 1)]


def test_noisy_epoch_does_not_stop_a_trial_whose_best_was_good(tmp_path: Path) -> None:
    study = Study(small_spec(base={"epochs": 12}, pruner={"asha": {"reduction_factor": 2}}), open_store(tmp_path))
    steady, noisy = study.ask().number, study.ask().number
    for epoch in (1, 2):
        told(study, steady, 0.309, epoch)
    assert told(study, noisy, 0.315, 1) is Decision.CONTINUE
    assert told(study, noisy, 0.2, 2) is Decision.CONTINUE
    assert stored_in(tmp_path, "curves").trials[noisy].intermediate_values == {1: 0.315, 2: 0.315}


def test_last_epoch_is_compared_as_it_is_where_the_last_one_counts(tmp_path: Path) -> None:
    objective = {"metric": "val/uar", "epoch": "last"}
    spec = small_spec(base={"epochs": 12}, objective=objective, pruner={"asha": {"reduction_factor": 2}})
    study = Study(spec, open_store(tmp_path))
    steady, noisy = study.ask().number, study.ask().number
    for epoch in (1, 2):
        told(study, steady, 0.309, epoch)
    assert told(study, noisy, 0.315, 1) is Decision.CONTINUE
    assert told(study, noisy, 0.2, 2) is Decision.STOP


def test_best_loss_so_far_is_the_lowest(tmp_path: Path) -> None:
    study = Study(small_spec(objective={"metric": "val/loss"}, base={"epochs": 12}), open_store(tmp_path))
    number = study.ask().number
    told(study, number, 0.9, 1)  # a loss of 1 - 0.9
    told(study, number, 0.2, 2)
    values = stored_in(tmp_path, "curves").trials[number].intermediate_values
    assert values == {1: pytest.approx(0.1), 2: pytest.approx(0.1)}


def test_many_trials_are_asked_at_once(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    trials = study.ask_many(3)
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert len({trial.params["optimizer.lr"] for trial in trials}) == 3
    assert study.num_running == 3


def test_what_was_interrupted_comes_first_among_many(tmp_path: Path) -> None:
    study = Study(small_spec(), open_store(tmp_path))
    former = study.ask()
    study.finish(former.number, Outcome(OutcomeKind.INTERRUPTED))
    again, fresh = study.ask_many(2)
    assert (again.params, again.root) == (former.params, former.number)
    assert fresh.root == fresh.number
