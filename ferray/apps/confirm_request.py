"""A confirmation as it is asked for: which finalists of which search, against what, with which seeds, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ferray.apps.baseline import baseline_elsewhere
from ferray.apps.confirm_plan import (
    Trainings,
    find_trainings,
    known_trainings,
    num_nested_folds,
    num_seeds_asked,
    refuse_trainings,
)
from ferray.apps.options import place_of, seconds, sweep_runtime_from, whole_number
from ferray.apps.sweep import SweepRequest
from ferray.config.entry import Entry
from ferray.config.exclusion import kept_list
from ferray.config.load import SpaceFile, find_space
from ferray.config.place import DataPlace, Place, is_sweep
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.results.blinding import standing_of
from ferray.results.finalist_choice import (
    BASELINE,
    MOST_SEEDS,
    Arm,
    choose_baseline,
    choose_finalists,
    fixed_stages_remark,
)
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.text.counting import counted
from ferray.track.wandb_runs.place import WandbPlace, refuse_untaken

TOP, MOST_FINALISTS, SEEDS = 3, 100, 9


@dataclass(frozen=True)
class ConfirmRequest:
    """A confirmation as it was asked for: the search as it stands, what is trained, and the sweep that trains it."""

    search: Place
    record: SweepRecord
    trainings: Trainings
    sweep: SweepRequest

    @property
    def runtime(self) -> Runtime:
        """Where the trainings run, which is where the search is."""
        return self.sweep.runtime


def request_confirmation(name: str, asked: Mapping[str, Any], listener: Listener) -> ConfirmRequest:
    """What the options ask for, and lines on what they do beside what they say; ConfigError for what cannot be.

    `asked` are options by the names in `ConfirmOptions`.
    """
    asked = {"top": TOP, "seeds": SEEDS, **asked}
    asked["top"] = whole_number(asked, "top", least=1, most=MOST_FINALISTS)
    asked["seeds"] = whole_number(asked, "seeds", least=2)
    search, asked = place_of(name, asked, listener)
    refuse_trainings(search)
    record = load_sweep(search.folder, asked.get("storage"))
    if record.driver is not None and record.driver.is_alive:
        message = f"`{record.name}` is being run by {record.driver.who}: its finalists are not known yet"
        raise ConfigError(message, "wait for its end, or stop it")
    runtime = sweep_runtime_from({**asked, "output": search.folder.parent})
    arms, lists = _arms(record, search, asked, listener)
    trainings = find_trainings(search, record, arms, _num_folds(arms[0], search, runtime))
    if "wandb" in runtime.trackers:
        refuse_untaken(WandbPlace.for_sweep(trainings.folder))
    for line in (*_early(record, search), *_remarks(trainings)):
        listener.warned(f"note: {line}")
    spec = trainings.spec(record, _num_seeds(trainings, asked["seeds"], listener), lists)
    time_s = seconds(asked.get("time_budget"))
    spec = spec.model_copy(update={"budget": spec.budget.model_copy(update={"time_s": time_s})})
    file = SpaceFile(trainings.name, search.folder, find_space(spec).text)
    is_quiet, entry = bool(asked.get("quiet")), Entry.of(join=False, take_over=bool(asked.get("take_over")))
    return ConfirmRequest(
        search, record, trainings, SweepRequest(spec, file, spec, runtime, entry=entry, quiet=is_quiet)
    )


def _arms(
    record: SweepRecord, search: Place, asked: Mapping[str, Any], listener: Listener
) -> tuple[list[Arm], dict[str, str]]:
    """The finalists and the baseline, and the files behind the lists of samples that they leave out, by digest."""
    top, said = asked["top"], asked.get("baseline")
    arms = choose_finalists(record, top)
    if len(arms) < top:
        complete = f"`{record.name}` has {counted(len(arms), 'recipe')} with a complete trial"
        listener.warned(f"note: {complete}, `--top {top}` asks for more")
    digests = {str(arm.config["exclude"]) for arm in arms if arm.config.get("exclude")}
    lists = {digest: str(kept_list(search.folder, digest)) for digest in digests}
    if said is not None:
        arms.append(choose_baseline(record, said, baseline_elsewhere(arms[0], search, lists, listener)))
        digest = arms[-1].config.get("exclude")
        if digest:
            lists.setdefault(str(digest), str(kept_list(search.folder, str(digest))))
    return arms, lists


def _early(record: SweepRecord, search: Place) -> Iterator[str]:
    """What is lost where the search has not ended."""
    if (standing := standing_of(record, search.folder)).is_open:
        yield f"of the search {standing}: once the test split is read, no choice among later trials is blind"


def _remarks(trainings: Trainings) -> Iterator[str]:
    """What should be known before anything is trained."""
    finalists = {arm.recipe: arm.name for arm in trainings.arms if arm.name != BASELINE}
    baseline = next((arm for arm in trainings.arms if arm.name == BASELINE), None)
    if baseline is not None and baseline.recipe in finalists:
        yield f"the baseline is the recipe of {finalists[baseline.recipe]}"
    former = [each for each in known_trainings(trainings.folder.parent) if each.search == trainings.search]
    if former and not is_sweep(trainings.folder):
        names = ", ".join(f"`{each.name}`" for each in former)
        yield f"these are other finalists than those of {names}: they are trained in `{trainings.name}`"
    if remark := fixed_stages_remark(trainings.arms):
        yield remark
    if trainings.num_folds:
        chosen = "the search has chosen the finalists on the same images, which still flatters them"
        yield f"there is no test split: each image is held out once in {trainings.num_folds} nested folds; {chosen}"


def _num_folds(arm: Arm, search: Place, runtime: Runtime) -> int:
    """Over how many nested folds finalists are judged; 0 where they have a test split."""
    from ferray.data.recent import look_again
    from ferray.results.class_counts import count_splits

    config = TrialConfig.model_validate(arm.config)
    look_again()
    place = DataPlace(runtime.data_root, runtime.cache_dir, kept_list(search.folder, config.exclude))
    return num_nested_folds(config, sum(count_splits(config, place).counts.get("test", ())))


def _num_seeds(trainings: Trainings, asked: int, listener: Listener) -> int:
    """As many as are asked for, and no fewer than the trainings have been begun with."""
    if asked > MOST_SEEDS:
        raise ConfigError(f"`--seeds {asked}` is more than `{MOST_SEEDS}`", "ask for fewer")
    known = num_seeds_asked(trainings.folder)
    if known > asked:
        listener.warned(f"note: `{trainings.name}` has {known} seeds already, all of which are compared")
    return max(known, asked)
