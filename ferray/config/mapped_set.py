"""A trial of one space in the words of another: which parameters there come to what it was trained with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ferray.config.parameter_sets import ParameterSet, fit
from ferray.config.space import ARM, Choice, Node, Numbers, OneOf, Seeds
from ferray.config.stages import STAGES, stage_key
from ferray.config.sweep import SweepSpec
from ferray.config.tree import split_component
from ferray.config.trial import COMPONENT_FIELDS, TrialConfig

# How a training moves its weights: what is right for a head alone says nothing of a whole network.
_OF_STEPS = ("optimizer", "schedule", "clip", "ema", "unfreeze", "early_stopping", "epochs", "batch_size")


def mapped_set(plain: Mapping[str, Any], spec: SweepSpec) -> ParameterSet:
    """The parameters of `spec` that come to the resolved configuration `plain`, under their full names.

    What the space does not have, or has in another range, is left out, and so is the sampler's. Where one trains the
    head alone and the other does not, so are rates, epochs and all else that says how weights move. Seeds and arms are
    the space's own.
    """
    moves_alike = "finetune" in spec.nodes or spec.base.get("finetune", _default("finetune")) == plain.get("finetune")
    found: ParameterSet = {}
    for name, node in spec.nodes.items():
        key = _key_of_trial(name, spec)
        if not key or isinstance(node, Seeds) or (key.split(".")[0] in _OF_STEPS and not moves_alike):
            continue
        for value in _values_at(plain, key):
            found |= _fitting(name, node, value)
    return found


def is_recipe_of(spec: SweepSpec, params: ParameterSet, recipe: str) -> bool:
    """Whether the space, asked with all of these parameters, has that very recipe."""

    def pick(name: str, node: Node) -> Any:
        return node.values[0] if isinstance(node, Seeds) else params[name]

    try:
        return spec.config(pick).recipe == recipe
    except (KeyError, ValueError):
        return False


def _key_of_trial(name: str, spec: SweepSpec) -> str:
    """The key of the trial that a searched key sets, as the last stage is the trial; "" for arms and other stages."""
    if name == ARM:
        return ""
    of_stage, stages = stage_key(name), spec.base.get(STAGES)
    if of_stage is None:
        return name
    is_last = isinstance(stages, Sequence) and of_stage.number == len(stages) - 1
    return of_stage.key if is_last else ""


def _values_at(plain: Mapping[str, Any], key: str) -> Iterator[Any]:
    """What a configuration has at a key: one value, or none."""
    first, *rest = key.split(".")
    branch = plain.get(first)
    if first in COMPONENT_FIELDS and rest:
        name, branch = split_component(branch)
        rest = rest[1:] if len(rest) > 1 and rest[0] == name else rest
    if not rest and first in plain:
        yield branch
    elif len(rest) == 1 and isinstance(branch, Mapping) and rest[0] in branch:
        yield branch[rest[0]]


def _fitting(name: str, node: Node, value: Any) -> ParameterSet:
    """The parameters of a node that come to this value; none where it has no such value."""
    if isinstance(node, OneOf):
        return _fitting_option(name, node, value)
    if isinstance(node, Choice) and {*map(type, node.values)} == {bool}:
        value = bool(value)  # a group of keys that is off, or on
    fitting, wanted = fit(value, node)
    return {} if wanted else {name: fitting}


def _fitting_option(name: str, node: OneOf, value: Any) -> ParameterSet:
    component, params = split_component(value)
    for label, (option, tree) in zip(node.labels, node.trees, strict=True):
        nodes = {key: inner for key, inner in tree.items() if isinstance(inner, Numbers | Choice | OneOf)}
        plain = {key: inner for key, inner in tree.items() if key not in nodes}
        if option != component or any(params.get(key) != inner for key, inner in plain.items()):
            continue
        found: ParameterSet = {name: label}
        for key in nodes.keys() & params.keys():
            found |= _fitting(f"{name}.{label}.{key}", nodes[key], params[key])
        return found
    return {}


def _default(key: str) -> Any:
    return TrialConfig.model_fields[key].default
