"""Keys that are set in the stages of a raw space: those of one stage, and those of the trial that a stage has too.

A stage that had its own would pass the trial's over, so what is set for a trial reaches its stages as it reaches arms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ferray.config.address import Address, forget
from ferray.config.holders import CHOICES, arms_of, mapping
from ferray.config.space import is_node
from ferray.config.stages import STAGES, StageKey, stage_key
from ferray.config.tree import split_component
from ferray.errors import ConfigError
from ferray.registry import ROOMS

_OF_EACH_SET = "bad_samples"  # the one parameter of a data set that an option sets for all of them
_KEPT = ("seed", "dataset")  # what an earlier stage was given stays its own


def set_of_stage(raw: dict[str, Any], wanted: StageKey, value: Any, said: str) -> list[str]:
    """Put a key of one stage into every list of stages; a note where it was searched. ConfigError where none has it."""
    address, key = Address.of(wanted.key), f"{STAGES}.{wanted.number}.{wanted.key}"
    stages = [stage for _, number, stage in _listed(raw) if number == wanted.number]
    if not stages:
        raise ConfigError(f"no trial of this space has a stage {wanted.number}", "stages are counted from 0")
    ended = _forget_dotted(mapping(raw, "space"), address, wanted.number)
    for keys in (mapping(raw, "base"), *arms_of(raw).values()):
        _forget_dotted(keys, address, wanted.number)
    for stage in stages:
        _forget_in(stage, address)
        if not is_node(value):
            stage[wanted.key] = value
    if is_node(value):
        mapping(raw, "space")[key] = value
        return []
    return [f"`{other}` is fixed by `{said}` and no longer searched" for other in ended]


def reach_stages(raw: dict[str, Any], address: Address, value: Any, said: str) -> list[str]:
    """Have the stages that have a key of the trial themselves get it too; a note that names them."""
    if address.field == STAGES:
        for keys in (mapping(raw, "base"), mapping(raw, "space"), *arms_of(raw).values()):
            for key in [key for key in keys if stage_key(key)]:
                del keys[key]
        return []
    reached = {number for last, number, stage in _listed(raw) if _reach(stage, address, value, is_last=last)}
    if address.field not in _KEPT:
        for keys in (mapping(raw, "base"), mapping(raw, "space"), *arms_of(raw).values()):
            reached |= {found.number for key in _forget_dotted(keys, address) if (found := stage_key(key))}
    named = ", ".join(f"stage {number}" for number in sorted(reached))
    return [f"`{said}` holds in {named} too, counted from 0"] if reached else []


def _listed(raw: dict[str, Any]) -> Iterator[tuple[bool, int, dict[str, Any]]]:
    """Every stage that is written in a list: whether it is the last one, its number and its keys."""
    for keys in (mapping(raw, "base"), *arms_of(raw).values()):
        stages = keys.get(STAGES)
        if isinstance(stages, list):
            for number, stage in enumerate(stages):
                if isinstance(stage, dict):
                    yield number == len(stages) - 1, number, stage


def _reach(stage: dict[str, Any], address: Address, value: Any, *, is_last: bool) -> bool:
    """Whether the stage had a value of its own, which is the trial's from now on."""
    field, parameter = address.field, address.parameter
    if field == "dataset" and parameter == _OF_EACH_SET and field in stage:
        return _put_in_component(stage, address, value)
    if field in _KEPT and not (is_last and parameter is None):
        return False
    if field in CHOICES and parameter is not None and field in stage and not is_node(value):
        forget(stage, address)
        return _put_in_component(stage, address, value)
    return _forget_in(stage, address)


def _put_in_component(stage: dict[str, Any], address: Address, value: Any) -> bool:
    name, params = split_component(stage[address.field])
    parameter = str(address.parameter)
    known = ROOMS[CHOICES[address.field].ROOM].params(name).model_fields
    if address.component not in (None, name) or parameter not in known:
        return False
    stage[address.field] = {name: {**params, parameter: value}}
    return True


def _forget_in(stage: dict[str, Any], address: Address) -> bool:
    """Delete what the stage says of the address, in a group too; whether it said anything."""
    group = stage.get(address.field)
    if isinstance(group, dict) and address.field not in CHOICES and address.parameter in group:
        stage[address.field] = {key: value for key, value in group.items() if key != address.parameter}
        return True
    return bool(forget(stage, address))


def _forget_dotted(keys: dict[str, Any], address: Address, number: int | None = None) -> list[str]:
    """Delete the keys of a stage, of any where no number is given, that speak of the address; which they were."""
    inner = {key: found for key in keys if (found := stage_key(key)) and number in (None, found.number)}
    met = [key for key, found in inner.items() if forget({found.key: None}, address)]
    for key in met:
        del keys[key]
    return met
