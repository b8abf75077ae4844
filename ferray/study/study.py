"""`Study`: the one who decides. It asks Optuna for trials, hears their epochs, and tells how they ended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

from ferray.artifacts.sweep import trial_folder
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.config.wording import problem_lines
from ferray.errors import ClusterError, ConfigError
from ferray.events import Decision, EpochReport, FailureReason, Host, Outcome, OutcomeKind
from ferray.stats.ranking import best_first
from ferray.study.attempts import Verdicts, earlier_verdicts, is_root, place_of, root_of
from ferray.study.enqueued import enqueue
from ferray.study.history import ended_record
from ferray.study.lease import Lease
from ferray.study.live import LiveTrial, empty_result, result_of
from ferray.study.pruning import report_epoch
from ferray.study.records import (
    FREED_ATTR,
    PARENT_ATTR,
    RESULT_ATTR,
    TRIAL_ATTR,
    TrialRecord,
)
from ferray.study.repeats import Repeats, seed_of, with_seed
from ferray.study.search import called_with_origin, direction_of, refuse_other_search, remember_search
from ferray.study.suggest import grid_combinations, suggest
from ferray.text.sanitize import inside

_STATE_OF = {
    OutcomeKind.COMPLETED: TrialState.COMPLETE,
    OutcomeKind.PRUNED: TrialState.PRUNED,
    OutcomeKind.DIVERGED: TrialState.COMPLETE,
    OutcomeKind.FAILED: TrialState.FAIL,
    OutcomeKind.INTERRUPTED: TrialState.FAIL,
}
MOST_BARREN = 10  # crashes of the driver in a row that one parameter set survives without a finished epoch
_COUNTED = {OutcomeKind.COMPLETED, OutcomeKind.PRUNED, OutcomeKind.DIVERGED, OutcomeKind.FAILED}


@dataclass(frozen=True)
class Trial:
    """A proposed trial. `root` is the first that asked these parameters, `number` itself where none was interrupted.

    `resume_folders` are the folders of the interrupted ones, latest first.
    """

    number: int
    config: TrialConfig
    params: dict[str, Any]
    folder: str
    root: int
    resume_folders: tuple[str, ...] = ()


class Study:
    """ask, report, finish. One instance owns a store at a time; every call comes from the driver's thread.

    Outcomes and what the sampler learns: completed is complete with the best epoch's value; pruned is pruned; diverged
    is complete with the objective's worst value, so that the region is learned; failed is a failure, which samplers
    ignore; interrupted is a failure whose parameters are asked again.
    """

    def __init__(self, spec: SweepSpec, store: BaseStorage, *, take_over: bool = False, name: str = "") -> None:
        """Open or continue the study called `name` in the store, which is `spec.name` unless the sweep was renamed.

        ResumeMismatch where the store holds another search, ConfigError where another driver owns it and `take_over`
        is not given.
        """
        self.spec = spec
        self.name = name or spec.name
        self._optuna = optuna.create_study(
            storage=store,
            study_name=self.name,
            direction=direction_of(spec.objective.mode),
            load_if_exists=True,
            pruner=spec.pruner.load()(spec.pruner.build_params()).create(),
        )
        self._live: dict[int, LiveTrial] = {}
        self._grid = grid_combinations(spec.nodes)
        refuse_other_search(self._optuna, spec)
        self._lease = Lease(self._optuna)
        self._lease.take(force=take_over)
        self._counted = 0
        with ExitStack() as on_failure:
            on_failure.callback(self._lease.release)
            remember_search(self._optuna, spec)
            self._recover_interrupted()
            known = self._optuna.get_trials(deepcopy=False)
            self._num_sets = sum(map(is_root, known))
            self._repeats = Repeats(known, seeds_are_searched="seed" in spec.nodes)
            self._optuna.sampler = self._new_sampler()
            on_failure.pop_all()

    def close(self) -> None:
        """Give the store up to whoever wants it next."""
        self._lease.release()

    @property
    def called(self) -> str:
        """The sweep's name in backticks, and the one that it had before."""
        return called_with_origin(self.spec.name, self.name)

    @property
    def num_finished(self) -> int:
        """Trials that count against the budget: completed, pruned, diverged or failed, but not those asked again."""
        return self._counted

    @property
    def num_running(self) -> int:
        """Trials between ask and finish."""
        return len(self._live)

    def enqueue(self, sets: Sequence[dict[str, Any]]) -> int:
        """Have these parameters asked before the sampler is; how many of them were not known before.

        The sampler is seeded anew with them: that of a sweep which found them would propose them once more.
        """
        with self._as_owner():
            num_added = enqueue(self._optuna, sets)
        if num_added:
            self._optuna.sampler = self._new_sampler()
        return num_added

    def ask(self) -> Trial:
        """The next trial: first parameters that wait, interrupted or enqueued, then whatever the sampler proposes."""
        (trial,) = self.ask_many(1)
        return trial

    def ask_many(self, count: int) -> list[Trial]:
        """So many trials at once, as `ask` gives them: the sampler hears of none of them before all have been asked."""
        self._lease.check()
        with self._as_owner():
            return [self._ask() for _ in range(count)]

    def _ask(self) -> Trial:
        if len(self._grid) > 1 and not self._waiting():
            self._optuna.enqueue_trial(self._next_in_grid())
        trial = self._optuna.ask()
        config = self._seeded(trial)
        folder, attrs = trial_folder(trial.number, config.recipe), trial.user_attrs
        facts = {"config": config.to_json(), "recipe": config.recipe, "epochs": config.epochs_in_all, "folder": folder}
        trial.set_user_attr(TRIAL_ATTR, {**facts, "place": attrs.get("place", self._num_sets)})
        self._num_sets += "retry_of" not in attrs
        self._live[trial.number] = LiveTrial(
            trial, config, folder, attrs.get("retries", 0), self.spec.objective, self._earlier_verdicts(attrs)
        )
        folders = tuple(inside(name, f"an attempt at trial {trial.number}") for name in attrs.get("resume_folders", ()))
        return Trial(trial.number, config, dict(trial.params), folder, attrs.get("root", trial.number), folders)

    def _earlier_verdicts(self, attrs: dict[str, Any]) -> Verdicts:
        if "retry_of" not in attrs:
            return Verdicts()
        return earlier_verdicts(self._optuna.get_trials(deepcopy=False), attrs["retry_of"])

    def _seeded(self, trial: optuna.Trial) -> TrialConfig:
        """What was interrupted keeps its seed; a recipe that is proposed once more gets one that it has not had."""
        config, attrs = self._config(trial), trial.user_attrs
        if "retry_of" in attrs:
            return with_seed(config, attrs.get("seed", config.seed))
        return self._repeats.with_free_seed(config)

    def _config(self, trial: optuna.Trial) -> TrialConfig:
        """The proposed configuration. One that is not valid slipped through the corner check, and ends the sweep."""
        try:
            return self.spec.config(lambda name, node: suggest(trial, name, node))
        except ValueError as error:
            self._optuna.tell(trial, state=TrialState.FAIL)
            lines = problem_lines(error) if isinstance(error, ValidationError) else [str(error)]
            raise ConfigError(f"the space proposes what no trial can be: {lines[0]}", "narrow that range") from error

    def report(self, number: int, report: EpochReport) -> Decision:
        """Record an epoch, and before it those a resumed trial brings along, and decide.

        Whatever was decided about an epoch stays so when a later attempt tells of it again. The epoch with which a
        trial has nothing left to do never stops it.
        """
        live = self._live[number]
        if report.earlier is not None:
            live.start_over()
        with self._as_owner():
            for epoch in (*(report.earlier or ()), report):
                report_epoch(self._optuna, live, epoch, pruner=self.spec.pruner.name)
        return Decision.STOP if live.is_stopped else Decision.CONTINUE

    def finish(self, number: int, outcome: Outcome) -> Outcome:
        """Tell how a trial ended; returns the outcome as recorded (a completed trial without any value has diverged).

        The result is written before the state, so that a driver killed in between tells the same when it continues.
        """
        live = self._live[number]
        if outcome.kind is OutcomeKind.COMPLETED and live.best is None:
            outcome = Outcome(OutcomeKind.DIVERGED, outcome.message or "no epoch had a finite objective")
        self._lease.check()
        with self._as_owner():
            result = self._result(live, outcome)
            live.trial.set_user_attr(RESULT_ATTR, result)
            self._tell(number, result)
            if outcome.kind is OutcomeKind.INTERRUPTED:
                self._ask_again(self._optuna.get_trials(deepcopy=False)[number])
        del self._live[number]
        self._counted += outcome.kind in _COUNTED
        return outcome

    def ended_record(self, number: int) -> TrialRecord:
        """The record of a trial that `finish` has told the end of."""
        return ended_record(self._optuna.get_trials(deepcopy=False)[number])

    def remember_host(self, number: int, host: Host) -> None:
        """Have the record of a running trial say who trains it; it is written with its end."""
        self._live[number].host = host

    def num_retries(self, number: int) -> int:
        """How often a running trial's parameters were asked before."""
        return self._live[number].retries

    def best_and_last(self, number: int) -> tuple[EpochReport | None, EpochReport | None]:
        """The best and the latest epoch of a running trial."""
        live = self._live[number]
        return live.best, live.last

    def _tell(self, number: int, result: dict[str, Any]) -> None:
        state = _STATE_OF[OutcomeKind(result["outcome"])]
        self._optuna.tell(number, result["told"] if state is TrialState.COMPLETE else None, state)

    def _worst(self) -> float:
        """What a diverged trial is told as: no better than any so far, and not so far off as to drown them."""
        complete = self._optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        values = [trial.value for trial in complete if trial.value is not None]
        objective = self.spec.objective
        return max([objective.worst, *values], key=lambda value: best_first(value, objective.mode))

    def _result(self, live: LiveTrial, outcome: Outcome) -> dict[str, Any]:
        told = self._worst() if outcome.kind is OutcomeKind.DIVERGED else None
        return result_of(live, outcome, worst=told)

    def remember_parent(self, number: int, parent: dict[str, Any]) -> None:
        """Keep in the record whose weights a running trial begins with."""
        with self._as_owner():
            self._live[number].trial.set_user_attr(PARENT_ATTR, parent)

    def remember_freed(self, number: int, most: int) -> None:
        """Keep in the record that a complete trial lost its best.pt, as `most` were to be kept.

        With the study, since a trial that has ended takes no more attributes.
        """
        with self._as_owner():
            self._optuna.set_user_attr(f"{FREED_ATTR}{number}", most)

    def check_owner(self) -> None:
        """ClusterError where another driver has taken this study over, as far as is known here."""
        if self._lease.is_lost:
            message = f"another driver has taken over the sweep `{self.spec.name}`"
            raise ClusterError(message, "leave it to that one, or run this command again with `--take-over`")

    @contextmanager
    def _as_owner(self) -> Iterator[None]:
        """Around what is written: a new owner has ended the trials that run here, and what has ended cannot be told."""
        self.check_owner()
        try:
            yield
        except (UpdateFinishedTrialError, ValueError):
            self._lease.check()
            self.check_owner()
            raise

    def _recover_interrupted(self) -> None:
        """End every trial that a dead driver left running, count those that had ended, ask the interrupted again.

        Each step may be cut short by the next crash: what is missing is found from the trials themselves every time.
        """
        for trial in self._optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            result = trial.user_attrs.get(RESULT_ATTR)
            if result is None:
                self._optuna.tell(trial.number, state=TrialState.FAIL)
            else:
                self._tell(trial.number, result)
        trials = self._optuna.get_trials(deepcopy=False)
        asked_again = {trial.user_attrs.get("retry_of") for trial in trials}
        for trial in trials:
            if _counts(trial):
                self._counted += 1
            elif trial.state is TrialState.FAIL and trial.number not in asked_again:
                self._ask_again(trial)

    def _ask_again(self, trial: FrozenTrial) -> None:
        """Put an interrupted trial's parameters at the head of the queue; one that nobody was given is forgotten."""
        attrs = trial.user_attrs
        if TRIAL_ATTR not in attrs and "retry_of" not in attrs:
            return
        barren = 0 if trial.intermediate_values else attrs.get("barren", 0) + (RESULT_ATTR not in attrs)
        if barren > MOST_BARREN:
            self._give_up(trial, f"its driver died {barren} times before its first epoch ended")
            return
        result = attrs.get(RESULT_ATTR, {})
        is_retry = bool(result.get("reason")) and not result.get("is_blameless")
        folder = attrs.get(TRIAL_ATTR, {}).get("folder")
        seed = seed_of(trial)
        again = {
            **({} if seed is None else {"seed": seed}),
            "retry_of": trial.number,
            "root": root_of(trial),
            "place": place_of(trial),
            "resume_folders": [*([folder] if folder else []), *attrs.get("resume_folders", ())],
            "retries": attrs.get("retries", 0) + is_retry,
            "barren": barren,
        }
        self._optuna.enqueue_trial({**trial.system_attrs.get("fixed_params", {}), **trial.params}, user_attrs=again)

    def _give_up(self, trial: FrozenTrial, message: str) -> None:
        """Count a trial that takes its driver down with it as failed, or it would be asked first for ever.

        Its record lies beside it, since a trial that has ended takes no more attributes.
        """
        facts = {"config": {}, "recipe": "", "epochs": 0, "folder": "", **trial.user_attrs.get(TRIAL_ATTR, {})}
        outcome = Outcome(OutcomeKind.FAILED, message, reason=FailureReason.WORKER_LOST)
        result = {**empty_result(outcome), "told": None}
        attrs = {**trial.user_attrs, "retry_of": trial.number, TRIAL_ATTR: facts, RESULT_ATTR: result}
        record = optuna.trial.create_trial(
            state=TrialState.FAIL, params=trial.params, distributions=trial.distributions, user_attrs=attrs
        )
        self._optuna.add_trial(record)
        self._counted += 1

    def _waiting(self) -> bool:
        return bool(self._optuna.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def _next_in_grid(self) -> dict[str, Any]:
        """The combination that the fewest trials have, the first of them in written order; failed ones have had it."""
        trials = self._optuna.get_trials(deepcopy=False)
        asked = [trial.params for trial in trials if trial.state is TrialState.RUNNING or _counts(trial)]
        return min(self._grid, key=lambda combination: sum(combination.items() <= params.items() for params in asked))

    def _new_sampler(self) -> BaseSampler:
        sampler: BaseSampler = self.spec.sampler.load()(self.spec.sampler.build_params()).create(self._sampler_seed())
        return sampler

    def _sampler_seed(self) -> int:
        """Apart for every continuation: a sampler restarted on its first seed would repeat its first proposals."""
        seed = self.spec.base.get("seed", 0)
        text = f"{seed}/{len(self._optuna.get_trials(deepcopy=False))}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _counts(trial: FrozenTrial) -> bool:
    """Whether a trial has ended for good and counts against the budget."""
    result = trial.user_attrs.get(RESULT_ATTR)
    return result is not None and OutcomeKind(result["outcome"]) in _COUNTED
