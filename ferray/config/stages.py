"""The stages of a trial: trainings one after another, each of which begins with the best weights of the one before.

The keys of a stage are laid over those of the trial. The last stage is the trial itself: it is what is judged, ranked
and pruned, so its keys become the trial's, and what is left of it is the empty set of keys that ends the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from ferray.config.tree import lay_over, split_component
from ferray.config.wording import NestedProblems

STAGES = "stages"
LEAST_STAGES, MOST_STAGES = 2, 10  # each is a training
OF_THE_WHOLE = {  # keys that no stage has for itself, and why
    STAGES: "stages are written in one list",
    "folds": "folds are those of the whole trial",
    "init_from": "the first stage begins with the trial's `init_from`, each other one with the stage before",
    "backbone": "one network goes through all stages",
    "descriptor": "one network goes through all stages",
    "estimator": "a stage trains a network",
    "exclude": "the list is of the samples that the trial is judged by",
    "precision": "it is the same in all stages",
}
_IMAGES = ("path", "seed")  # parameters of a data set that make other pictures of it
_SPLITTING = ("split", "folds", "fold", "folds_of", "split_seed", "val_fraction", "test_fraction", "max_per_class")
_KEY = re.compile(rf"{STAGES}\.(?P<number>[0-9]+)\.(?P<key>.+)")


class StageKey(NamedTuple):
    """`stages.0.optimizer.lr` taken apart: the stage, counted from 0, and the key of a trial in it."""

    number: int
    key: str


class Configuration(Protocol):
    """What `TrialConfig` is here."""

    def to_json(self) -> dict[str, Any]: ...


class Model(Protocol):
    """The class of a trial's configuration."""

    def model_validate(self, obj: Any) -> Configuration: ...


def stage_key(key: str) -> StageKey | None:
    """The parts of a key of one stage; None for a key of the trial."""
    found = _KEY.fullmatch(key)
    return StageKey(int(found["number"]), found["key"]) if found else None


def key_in_stage(key: str) -> str:
    """The key of a trial that `key` sets, of the trial as a whole or of one of its stages."""
    found = stage_key(key)
    return found.key if found else key


def put_in_stage(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set `stages.0.epochs` in a plain configuration; ValueError where it has no such stage."""
    number, inner = stage_key(key) or StageKey(0, "")
    stages = tree.get(STAGES) or []
    if number >= len(stages):
        has = f"the trial has {len(stages)} stages, counted from 0" if stages else "the trial has no `stages`"
        raise ValueError(f"{key}: speaks of stage {number}, and {has}")
    tree[STAGES] = [{**stage, inner: value} if place == number else stage for place, stage in enumerate(stages)]


def with_stages(given: Any, model: Model, components: Mapping[str, Any]) -> Any:
    """A trial as it is written with its stages resolved: the last one laid over it, earlier ones checked.

    An earlier stage keeps what it was given, and what the trial has otherwise by now. `components` are the fields that
    choose a component, with their defaults. ValueError names the stage in which something is wrong; what is wrong with
    the trial itself is left to its own check.
    """
    stages = given.get(STAGES) if isinstance(given, Mapping) else None
    if not isinstance(stages, list | tuple) or not all(isinstance(stage, Mapping) for stage in stages):
        return given
    if not LEAST_STAGES <= len(stages) <= MOST_STAGES:
        raise ValueError(f"{STAGES}: has `{len(stages)}` entries, allowed are {LEAST_STAGES} to {MOST_STAGES}")
    problems = [line for number, stage in enumerate(stages) for line in _refused(number, stage, len(stages))]
    base = {key: value for key, value in given.items() if key != STAGES}
    last = _keys_of_last(base, stages, problems)
    if problems:
        raise ValueError("\n".join(problems))
    trial = lay_over(base, last, components)
    try:
        whole = model.model_validate(trial).to_json()
    except ValidationError:
        return trial
    earlier = [_checked(number, stage, base, whole, model, components) for number, stage in enumerate(stages[:-1])]
    return {**trial, STAGES: [*earlier, {}]}


def one_stage_back(plain: Mapping[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    """The training before the last stage of a resolved configuration, itself a trial with the stages before it."""
    *before, stage, _ = plain[STAGES]
    inherited = {key: plain[key] for key in stage if key in plain}
    earlier = [{**inherited, **one} for one in before]
    tree = lay_over({**plain, "folds": None}, stage, components)
    if not _of_same_pictures(tree["dataset"], plain["dataset"]):
        tree["exclude"] = None
    return {**tree, STAGES: [*earlier, {}] if earlier else None}


def in_fold(stages: Sequence[Mapping[str, Any]] | None, dataset: Any) -> list[dict[str, Any]] | None:
    """The stages of a trial in one of its folds: what is trained on the trial's own `dataset` is so on the fold's."""
    if stages is None:
        return None
    return [{key: value for key, value in stage.items() if key != "dataset" or value != dataset} for stage in stages]


def _refused(number: int, stage: Mapping[str, Any], num_stages: int) -> Iterator[str]:
    for key in stage:
        field = str(key).partition(".")[0]
        if field in OF_THE_WHOLE:
            yield f"{STAGES}.{number}.{key}: {OF_THE_WHOLE[field]}; write it beside `stages`"
    if number == num_stages - 1 and "seed" in stage:
        yield f"{STAGES}.{number}.seed: the last stage has the trial's `seed`; write it beside `stages`"


def _keys_of_last(base: dict[str, Any], stages: Sequence[Mapping[str, Any]], problems: list[str]) -> dict[str, Any]:
    """The keys of the last stage, less a `dataset` beside the trial's: it says the same, or it is a problem."""
    last = dict(stages[-1])
    if "dataset" not in last or base.get("dataset") is None:
        return last
    try:
        (name, params), (judged, known) = split_component(last["dataset"]), split_component(base["dataset"])
    except ValueError:
        return last
    if name != judged or (params and params != known):
        place = f"{STAGES}.{len(stages) - 1}.dataset"
        problems.append(f"{place}: is not the `dataset` of the trial, `{judged}`, by which its last stage is judged")
    del last["dataset"]
    return last


def _checked(
    number: int,
    stage: Mapping[str, Any],
    base: Mapping[str, Any],
    whole: Mapping[str, Any],
    model: Model,
    components: Mapping[str, Any],
) -> dict[str, Any]:
    """An earlier stage as the configuration keeps it; ValueError for what no training can be."""
    try:
        found = model.model_validate(lay_over({**base, "folds": None}, stage, components)).to_json()
    except ValidationError as error:
        raise NestedProblems(f"{STAGES}.{number}", error, tuple(whole)) from error
    except ValueError as error:
        raise ValueError(f"{STAGES}.{number}: {error}") from error
    if _of_same_pictures(found["dataset"], whole["dataset"]) and _split(found) != _split(whole):
        raise ValueError(
            f"{STAGES}.{number}.dataset: is split otherwise than the trial's, so that it may be trained on images by "
            "which the trial is judged; split both alike"
        )
    given = {str(key).partition(".")[0] for key in stage}
    differs = {key for key, value in found.items() if value != whole[key] and key not in (*OF_THE_WHOLE, "seed")}
    return {key: found[key] for key in found if key in given or key in differs}


def _of_same_pictures(first: Any, second: Any) -> bool:
    (name, params), (other, others) = split_component(first), split_component(second)
    return name == other and all(params.get(key) == others.get(key) for key in _IMAGES)


def _split(plain: Mapping[str, Any]) -> list[Any]:
    _, params = split_component(plain["dataset"])
    return [params.get(key) for key in _SPLITTING]
