"""`Study`: the one who decides. It asks Optuna for trials, hears their epochs, and tells how they ended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

from ferray.artifacts.sweep import trial_folder
from ferray.config.entry import Entry
from ferray.config.fusing import room_ahead
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.config.wording import problem_lines
from ferray.errors import ClusterError, ConfigError
from ferray.events import Decision, EpochReport, Host, Outcome, OutcomeKind
from ferray.study.attempts import earlier_verdicts
from ferray.study.drivers import Drivers, Tell
from ferray.study.enqueued import enqueue
from ferray.study.history import ended_record
from ferray.study.known_trials import Knowledge, take_over
from ferray.study.live import LiveTrial, result_of, worst_of
from ferray.study.pruners import STEPS
from ferray.study.pruning import report_epoch
from ferray.study.records import (
    DRIVER_ATTR,
    FREED_ATTR,
    PARENT_ATTR,
    RESULT_ATTR,
    TRIAL_ATTR,
    WAITS_ATTR,
    DriverRecord,
    TrialRecord,
)
from ferray.study.recovery import COUNTED, ask_again, orphans, recover, tell_result
from ferray.study.repeats import Repeats, seed_of, with_seed
from ferray.study.sampling import new_sampler
from ferray.study.search import called_with_origin, direction_of, refuse_other_search, remember_search
from ferray.study.store import written_together
from ferray.study.suggest import grid_combinations, next_in_grid, suggest
from ferray.study.tally import Tally, running_configs
from ferray.study.turns import Announced, Turns
from ferray.study.waiting import ask_next, keeps_its_place, mark_waiting
from ferray.text.sanitize import inside

LOOK_EVERY_S = 1.0  # at what other drivers of the study do


@dataclass(frozen=True)
class Trial:
    """A proposed trial. `root` is the first that asked these parameters, `number` itself where none was interrupted.

    `resume_folders` are the folders of the interrupted ones, latest first, `done_fraction` how far they came.
    """

    number: int
    config: TrialConfig
    params: dict[str, Any]
    folder: str
    root: int
    resume_folders: tuple[str, ...] = ()
    recipe: str = ""
    done_fraction: float = 0.0


class Study:
    """ask, report, finish. Every call comes from the driver's thread.

    One instance owns a journal at a time. A study that a database shares has as many as join: each trial is one
    driver's, the budget, the pruner and the grid are those of all, and what a dead driver has left is asked again.

    Outcomes and what the sampler learns: completed is complete with the best epoch's value; pruned is pruned; diverged
    is complete with the objective's worst value, so that the region is learned; failed is a failure, which samplers
    ignore; interrupted is a failure whose parameters are asked again.
    """

    def __init__(
        self,
        spec: SweepSpec,
        store: BaseStorage,
        *,
        entry: Entry = Entry.ALONE,
        name: str = "",
        tell: Tell | None = None,
    ) -> None:
        """Open or continue the study called `name` in the store, which is `spec.name` unless the sweep was renamed.

        ResumeMismatch where the store holds another search, ConfigError where others drive it and `entry` does not
        allow for that; `tell` hears why it takes up to a minute to know.
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
        self._tally = Tally()
        self._repeats = Repeats(seeds_are_searched="seed" in spec.nodes)
        self._looked = 0.0
        self.left_to: DriverRecord | None = None
        refuse_other_search(self._optuna, spec)
        self._drivers = Drivers(self._optuna)
        self._drivers.enter(entry, tell)
        with ExitStack() as on_failure:
            on_failure.callback(self._drivers.release)
            self._turns = Turns(self._optuna)
            with self.turn():
                remember_search(self._optuna, spec)
                if self._drivers.is_steward:
                    recover(self._optuna, self._drivers.living())
            self._learn()
            self._tally.take_news()
            self._optuna.sampler = self._new_sampler()
            on_failure.pop_all()

    def close(self) -> None:
        """Give the store up to whoever wants it next; `left_to` says who drives on, if anybody."""
        with self.turn():
            self._drivers.release()
            self.left_to = self._drivers.another()

    def turn(self) -> AbstractContextManager[None]:
        """In here no other driver of this study asks, or begins; of a journal there is no other."""
        return self._turns.taken()

    @property
    def called(self) -> str:
        """The sweep's name in backticks, and the one that it had before."""
        return called_with_origin(self.spec.name, self.name)

    @property
    def num_finished(self) -> int:
        """Trials that count against the budget: completed, pruned, diverged or failed, but not those asked again."""
        return len(self._tally.finished)

    @property
    def num_running(self) -> int:
        """Trials between ask and finish."""
        return len(self._live)

    @property
    def num_elsewhere(self) -> int:
        """Trials that other drivers run."""
        return self._tally.elsewhere

    def running_elsewhere(self, *, below: int) -> dict[int, dict[str, Any] | None]:
        """The configurations of other drivers' running trials with lower numbers, by number; None: not written yet."""
        trials = self._optuna.get_trials(deepcopy=False) if self._drivers.can_be_joined else []
        return running_configs(trials[:below], self._live)

    def take_news(self) -> list[TrialRecord]:
        """The trials of other drivers that have ended for good since the last call."""
        return [ended_record(trial, self.spec.option_names) for trial in self._tally.take_news()]

    def tend(self) -> None:
        """Hear of the others who drive this study, and ask again what a dead one has left; for every turn of a loop."""
        self.check_owner()
        if not self._drivers.can_be_joined or time.monotonic() - self._looked < LOOK_EVERY_S:
            return
        self._looked = time.monotonic()
        with self._as_owner():
            self._learn()
            has_inherited = self._drivers.look_after()
            is_steward = self._drivers.is_steward and self.num_elsewhere > 0
            if has_inherited or (is_steward and orphans(self._optuna, self._drivers.living())):
                with self.turn():  # as each trial that is asked again then says whose it is
                    recover(self._optuna, self._drivers.living())
                self._learn()

    def enqueue(self, sets: Sequence[dict[str, Any]], *, file: str = "") -> int:
        """Have these parameters asked before the sampler is; how many of them were not known before.

        The sampler is seeded anew with them: that of a sweep which found them would propose them once more.
        """
        with self._as_owner(), self.turn():
            num_added = enqueue(self._optuna, sets, file=file)
        if num_added:
            self._optuna.sampler = self._new_sampler()
        return num_added

    def learn_from(self, earlier: Knowledge) -> bool:
        """Ask an earlier sweep's best first and let the sampler know its trials, once; whether that is new."""
        with self._as_owner(), self.turn():
            is_new = take_over(self._optuna, earlier)
        self._optuna.sampler = self._new_sampler() if is_new else self._optuna.sampler
        return is_new

    @property
    def room_ahead(self) -> int:
        """How many trials may be asked before there is a worker for them; none that other drivers may have one for."""
        if self._drivers.can_be_joined:
            return 0
        asked = self.num_running + self.num_finished + getattr(self._optuna.sampler, "num_known", 0)
        return room_ahead(self.spec, asked=asked, in_flight=self.num_running)

    def ask(self) -> Trial:
        """The next trial: what was interrupted, then what waits or was enqueued, then whatever the sampler proposes."""
        (trial,) = self.ask_many(1)
        return trial

    def ask_many(self, count: int) -> list[Trial]:
        """So many trials at once, as `ask` would give them one by one, since the sampler heeds those that run.

        A journal takes them at once. Fewer where other drivers have been quicker and the budget is spent.
        """
        self._drivers.check()
        trials: list[Trial] = []
        with self._as_owner(), written_together(self._optuna):
            while len(trials) < count and (trial := self._ask()) is not None:
                trials.append(trial)
        return trials

    def _ask(self) -> Trial | None:
        with self.turn():
            if self._drivers.can_be_joined and not self._has_room():
                return None
            if len(self._grid) > 1 and not self._waiting():
                self._optuna.enqueue_trial(next_in_grid(self._grid, self._optuna.get_trials(deepcopy=False)))
            trial = ask_next(self._optuna)
        proposed, attrs = self._config(trial), trial.user_attrs
        with self.turn():
            if self._drivers.can_be_joined:
                self._learn(trial.number)
            recipe = proposed.recipe
            config = self._seeded(proposed, recipe, attrs)
            folder = trial_folder(trial.number, recipe)
            facts = {"config": config.to_json(), "recipe": recipe, "epochs": config.epochs_in_all}
            place = attrs.get("place", attrs.get(TRIAL_ATTR, {}).get("place", len(self._tally.roots)))
            trial.set_user_attr(TRIAL_ATTR, {**facts, "folder": folder, "place": place})
        if "retry_of" not in attrs:
            self._tally.roots.add(trial.number)
        trials = self._optuna.get_trials(deepcopy=False) if "retry_of" in attrs else ()
        earlier = earlier_verdicts(trials, attrs.get("retry_of"))
        told = (attrs.get("retries", 0), self.spec.objective, earlier, attrs.get("barren", 0))
        waits = attrs.get(WAITS_ATTR, False)
        self._live[trial.number] = LiveTrial(trial, config, folder, *told, is_told_waiting=waits)
        folders = tuple(inside(name, f"an attempt at trial {trial.number}") for name in attrs.get("resume_folders", ()))
        root = attrs.get("root", trial.number)
        done = self._live[trial.number].earlier.last_step / STEPS
        return Trial(trial.number, config, dict(trial.params), folder, root, folders, recipe, done)

    def _has_room(self) -> bool:
        """Whether the budget has another trial, whoever asks; only in a turn does that stay so."""
        self._learn()
        return self.spec.budget.trials > self.num_finished + self.num_running + self.num_elsewhere

    def _learn(self, *own: int) -> None:
        """Read what has come of all trials; those of `own` are this driver's beside the live ones."""
        trials = self._optuna.get_trials(deepcopy=False)
        self._repeats.learn(self._tally.read(trials, {*self._live, *own}))

    def _seeded(self, config: TrialConfig, recipe: str, attrs: dict[str, Any]) -> TrialConfig:
        """What was asked before keeps its seed; a recipe that is proposed once more gets one that it has not had."""
        if "retry_of" in attrs or TRIAL_ATTR in attrs:
            seed = seed_of(attrs)
            return with_seed(config, config.seed if seed is None else seed)
        return self._repeats.with_free_seed(config, recipe)

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
        with self._as_owner(), written_together(self._optuna):
            for epoch in (*(report.earlier or ()), report):
                report_epoch(self._optuna, live, epoch, pruner=self.spec.pruner.name)
        return Decision.STOP if live.is_stopped else Decision.CONTINUE

    def finish(self, number: int, outcome: Outcome) -> Outcome:
        """Tell how a trial ended; returns the outcome as recorded (a completed trial without any value has diverged).

        A database takes the result before the state: a driver killed in between tells the same when it continues. An
        interrupted trial that has not begun has not ended either: it is put back into the queue.
        """
        live = self._live[number]
        if outcome.kind is OutcomeKind.COMPLETED and live.best is None:
            outcome = Outcome(OutcomeKind.DIVERGED, outcome.message or "no epoch had a finite objective")
        self._drivers.check()
        with self._as_owner(), written_together(self._optuna):
            if outcome.kind is not OutcomeKind.INTERRUPTED or not keeps_its_place(self._optuna, self._stored(number)):
                told = worst_of(self._optuna, self.spec.objective) if outcome.kind is OutcomeKind.DIVERGED else None
                result = result_of(live, outcome, worst=told)
                live.trial.set_user_attr(RESULT_ATTR, result)
                tell_result(self._optuna, number, result)
            if outcome.kind is OutcomeKind.INTERRUPTED:
                self._ask_again(number)
        del self._live[number]
        if outcome.kind in COUNTED:
            self._tally.finished.add(number)
        return outcome

    def _ask_again(self, number: int) -> None:
        """Ask a trial of this driver's again, unless another has taken it for dead and has done so."""
        with self.turn():
            if self._drivers.can_be_joined:
                self._drivers.check()
                self.check_owner()
            ask_again(self._optuna, self._stored(number))

    def _stored(self, number: int) -> FrozenTrial:
        return self._optuna.get_trials(deepcopy=False)[number]

    def ended_record(self, number: int) -> TrialRecord:
        """The record of a trial that `finish` has told the end of."""
        return ended_record(self._stored(number), self.spec.option_names)

    def begin(self, numbers: Sequence[int], *, waiting: Sequence[int] = ()) -> None:
        """Workers are given these trials: what they take is counted from here. All others that have not begun wait.

        Those that are `waiting` have not begun after all: their worker has not got its resources.
        """
        for number in numbers:
            self._live[number].started, self._live[number].has_begun = time.monotonic(), True
        for number in waiting:
            self._live[number].has_begun = False
        with self._as_owner(), written_together(self._optuna):
            mark_waiting(self._live.values())

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
        if self._drivers.is_lost:
            message = f"another driver has taken over the sweep `{self.spec.name}`"
            raise ClusterError(message, "leave it to that one, or run this command again with `--take-over`")

    @contextmanager
    def _as_owner(self) -> Iterator[None]:
        """Around what is written: a new owner has ended the trials that run here, and what has ended cannot be told."""
        self.check_owner()
        try:
            yield
        except (UpdateFinishedTrialError, ValueError):
            self._drivers.check()
            self.check_owner()
            raise

    def _waiting(self) -> bool:
        return bool(self._optuna.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def _new_sampler(self) -> BaseSampler:
        apart = "" if self._drivers.is_steward else self._drivers.token  # two may begin at one moment
        sampler = new_sampler(self._optuna, self.spec, apart)
        return Announced(sampler, self._announce) if self._drivers.can_be_joined else sampler

    def _announce(self, trial: FrozenTrial) -> None:
        """Say of a trial that was just asked whose it is; then the next driver may ask."""
        self._optuna._storage.set_trial_user_attr(trial._trial_id, DRIVER_ATTR, asdict(self._drivers.owner))
        self._turns.end()
