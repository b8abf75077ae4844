"""`SweepSpec`: what a sweep asks for, as a YAML file or as Python says it."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from ferray.config.address import contradictions, overlaid
from ferray.config.exclusion import with_digests
from ferray.config.option_names import OptionNames, option_names
from ferray.config.published import PublishedRow, Quick
from ferray.config.space import (
    ARM,
    MOST_OPTIONS,
    Choice,
    Node,
    Seeds,
    num_combinations,
    parse_space,
    resolve,
    unknown_key,
)
from ferray.config.tree import split_component
from ferray.config.trial import Component, TrialConfig
from ferray.registry import Params

Metric = Literal["val/accuracy", "val/uar", "val/macro_f1", "val/loss"]
_CHANGEABLE = {"budget", "name", "seeds", "published", "quick", "after"}  # what may differ when a sweep is continued


class Objective(Params):
    """The number that ranks trials; always one of the validation split."""

    metric: Metric = "val/uar"
    """What is compared, of the validation split."""
    mode: Literal["max", "min"] = "max"
    """Whether more or less of it is better; follows from the metric."""
    epoch: Literal["best", "last"] = "best"
    """A trial counts by its `best` epoch, or by its `last` one, which makes no choice on the validation split."""

    @property
    def worst(self) -> float:
        """What a diverged trial is told as at least: the lowest score, or the loss of a class given e ** -10."""
        return 0.0 if self.mode == "max" else 10.0

    @model_validator(mode="before")
    @classmethod
    def _mode_of_metric(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("metric") == "val/loss":
            return {"mode": "min", **given}
        return given

    @model_validator(mode="after")
    def _agrees(self) -> Objective:
        right = "min" if self.metric == "val/loss" else "max"
        if self.mode != right:
            raise ValueError(
                f"`{self.metric}` is better the {'lower' if right == 'min' else 'higher'} it is: set mode to `{right}`"
            )
        return self


class Budget(Params):
    """How much may be spent: finished trials, and optionally seconds of wall-clock time."""

    trials: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Finished trials in all; with `arms`, `seeds` or grids and no number given, every combination once."""
    time_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds of wall-clock time from the sweep's start."""


class SamplerChoice(Component):
    ROOM = "sampler"


class PrunerChoice(Component):
    ROOM = "pruner"


class SweepSpec(Params):
    """One search: a base configuration, the keys that vary, and who proposes and who prunes."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """Of the sweep and its folder; the file's name where it is left out."""
    dataset: JsonValue
    """A data set with its parameters, as for a trial."""
    objective: Objective = Objective()
    budget: Budget = Budget()
    sampler: SamplerChoice = Field(default="tpe", validate_default=True)
    """Who proposes trials."""
    pruner: PrunerChoice = Field(default="hyperband", validate_default=True)
    """Who stops weak trials early."""
    base: dict[str, JsonValue] = Field(default_factory=dict)
    """The keys of a trial that are fixed; `head.dropout` speaks of whichever head a trial has."""
    space: dict[str, JsonValue] = Field(default_factory=dict)
    """A node for each key that varies: `uniform`, `log_uniform`, `int_uniform`, `choice`, `grid`, `one_of`."""
    arms: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")], dict[str, JsonValue]] = Field(
        default_factory=dict
    )
    """Named sets of keys, laid over `base`; every arm is run."""
    seeds: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """So many seeds, counted on from `base.seed`, each with every arm."""
    after: str | None = None
    """The space that has to be run first."""
    published: tuple[PublishedRow, ...] = ()
    """What a paper printed, a row each, for `ferray compare`."""
    quick: Quick | None = None
    lists: dict[str, str] = Field(default_factory=dict, exclude=True)
    """Where the lists lie that `exclude` has by digest: filled in where it has a path, no part of what the sweep is."""

    @model_validator(mode="before")
    @classmethod
    def _lists_by_digest(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        lists = dict(given.get("lists") or {})
        places = {key: with_digests(given[key], lists) for key in ("base", "space") if key in given}
        arms = given.get("arms")
        if isinstance(arms, dict):
            places["arms"] = {name: with_digests(arm, lists) for name, arm in arms.items()}
        return {**given, **places, "lists": lists} if lists else given

    @model_validator(mode="before")
    @classmethod
    def _budget_of_all_combinations(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not (given.get("arms") or given.get("seeds")):
            return given
        budget = given.get("budget") or {}
        if not isinstance(budget, dict) or "trials" in budget:
            return given
        return {**given, "budget": {**budget, "trials": num_combinations(given)}}

    @field_validator("name")
    @classmethod
    def _free_name(cls, name: str) -> str:
        if name in ("train", "clean"):
            raise ValueError(f"`{name}` is where `ferray` keeps the trainings of its command `{name}`")
        return name

    @field_validator("dataset")
    @classmethod
    def _one_dataset(cls, dataset: JsonValue) -> JsonValue:
        split_component(dataset)
        return dataset

    @model_validator(mode="after")
    def _fixed_or_searched(self) -> SweepSpec:
        arms = {f"arms.{name}": arm for name, arm in self.arms.items()}
        lines = [
            f"{place}.{key}: {problem}" for place, arm in arms.items() for key in arm if (problem := unknown_key(key))
        ]
        lines += contradictions({"base": self.base, **arms}, self.space, dataset=self.dataset)
        if self.seeds is not None:
            places = [place for place, keys in {"space": self.space, **arms}.items() if "seed" in keys]
            lines += [f"seed: stands in `{place}`, and `seeds` is given" for place in places]
            first = self.base.get("seed", 0)
            if not isinstance(first, int):
                lines.append(f"base.seed: is `{first}`, and `seeds` are counted on from it")
        rows = [(row, row.arm) for row in self.published if row.arm is not None and row.arm not in self.arms]
        lines += [f"published: `{row.row}` speaks of the arm `{arm}`, which is not there" for row, arm in rows]
        if lines:
            raise ValueError("\n".join(lines))
        return self

    @model_validator(mode="after")
    def _wilcoxon_needs_folds(self) -> SweepSpec:
        if self.pruner.name == "wilcoxon" and not self.base.get("folds"):
            raise ValueError("pruner: `wilcoxon` compares folds, and `base.folds` asks for none")
        return self

    @field_validator("arms", mode="before")
    @classmethod
    def _few_arms(cls, arms: Any) -> Any:
        if isinstance(arms, dict) and len(arms) > MOST_OPTIONS:
            raise ValueError(f"has `{len(arms):,}` arms, at most `{MOST_OPTIONS:,}` are read")
        return arms

    @field_validator("base")
    @classmethod
    def _known_base(cls, base: dict[str, JsonValue]) -> dict[str, JsonValue]:
        lines = [f"{key}: {problem}" for key in base if (problem := unknown_key(key))]
        lines += [f"{key}: belongs at the top of the file" for key in base if key == "dataset"]
        if lines:
            raise ValueError("\n".join(lines))
        return base

    @field_validator("space")
    @classmethod
    def _known_space(cls, space: dict[str, JsonValue]) -> dict[str, JsonValue]:
        parse_space(space)
        return space

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The space as nodes: seeds, then what is searched, components before their parameters, and arms last.

        Every combination of seeds, grids and arms is tried in this order, so that each seed sees all arms in turn.
        """
        first = self.base.get("seed", 0)
        start = first if isinstance(first, int) else 0
        seeds: dict[str, Node] = {"seed": Seeds(start, self.seeds)} if self.seeds else {}
        arms: dict[str, Node] = {ARM: Choice(tuple(self.arms), exhaustive=True)} if self.arms else {}
        return {**seeds, **parse_space(self.space), **arms}

    @cached_property
    def option_names(self) -> OptionNames:
        """What people are told of the components that it chooses among."""
        return option_names(self.nodes)

    def config_tree(self, pick: Any) -> dict[str, Any]:
        """The plain configuration for one choice of every node; `TrialConfig.model_validate` reads it."""
        nodes = dict(self.nodes)
        arm_node = nodes.pop(ARM, None)
        arm = self.arms[pick(ARM, arm_node)] if arm_node is not None else {}
        return resolve(nodes, {"dataset": self.dataset, **overlaid(self.base, arm)}, pick)

    def config(self, pick: Any) -> TrialConfig:
        """The checked configuration for one choice of every node."""
        return TrialConfig.model_validate(self.config_tree(pick))

    @property
    def identity(self) -> str:
        """A hash of all that must not change when a sweep is continued; the budget may."""
        lasting = {key: value for key, value in self.canonical().items() if key not in _CHANGEABLE}
        return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()[:16]
