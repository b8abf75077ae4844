"""`SweepSpec`: what a sweep asks for, as a YAML file or as Python says it."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from ferray.config.space import Node, parse_space, resolve, unknown_key
from ferray.config.trial import Component, TrialConfig, split_component
from ferray.registry import Params

Metric = Literal["val/accuracy", "val/uar", "val/macro_f1", "val/loss"]


class Objective(Params):
    """The number that ranks trials and chooses each trial's best epoch; always one of the validation split."""

    metric: Metric = "val/uar"
    mode: Literal["max", "min"] = "max"

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
    time_s: Annotated[float, Field(gt=0)] | None = None


class SamplerChoice(Component):
    ROOM = "sampler"


class PrunerChoice(Component):
    ROOM = "pruner"


class SweepSpec(Params):
    """One search: a base configuration, the keys that vary, and who proposes and who prunes.

    `base` holds the keys of `TrialConfig` that are fixed, `space` a node for each that varies: see `config.space`.
    """

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    dataset: JsonValue
    objective: Objective = Objective()
    budget: Budget = Budget()
    sampler: SamplerChoice = Field(default="tpe", validate_default=True)
    pruner: PrunerChoice = Field(default="hyperband", validate_default=True)
    base: dict[str, JsonValue] = Field(default_factory=dict)
    space: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _free_name(cls, name: str) -> str:
        if name == "train":
            raise ValueError("`train` is where `ferray train` keeps its trainings")
        return name

    @field_validator("dataset")
    @classmethod
    def _one_dataset(cls, dataset: JsonValue) -> JsonValue:
        split_component(dataset)
        return dataset

    @model_validator(mode="after")
    def _fixed_or_searched(self) -> SweepSpec:
        both = [key for key in self.base if key in self.space]
        if both:
            raise ValueError("\n".join(f"{key}: stands in `base` and in `space`" for key in both))
        return self

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
        """The space as nodes, components before their parameters."""
        return parse_space(self.space)

    def config_tree(self, pick: Any) -> dict[str, Any]:
        """The plain configuration for one choice of every node; `TrialConfig.model_validate` reads it."""
        return resolve(self.nodes, {"dataset": self.dataset, **self.base}, pick)

    def config(self, pick: Any) -> TrialConfig:
        """The checked configuration for one choice of every node."""
        return TrialConfig.model_validate(self.config_tree(pick))

    @property
    def identity(self) -> str:
        """A hash of all that must not change when a sweep is continued; the budget may."""
        plain = self.model_dump(mode="json", exclude={"budget", "name"})
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
