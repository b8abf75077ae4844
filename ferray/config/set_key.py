"""One key of a raw space given a value, wherever the space gives it one.

A parameter may have its value from `base`, from arms, from the options of a `one_of`, or from a node of its own. An
override that met only one of them would be passed over in some trials, and the record would name numbers that were not
used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ferray.config.address import Address, forget
from ferray.config.holders import AT_THE_TOP, CHOICES, Holder, arms_of, holders_of, mapping, merge_twins, place_of
from ferray.config.set_stage import reach_stages, set_of_stage
from ferray.config.space import ARM, is_node
from ferray.config.stages import stage_key
from ferray.errors import ConfigError, did_you_mean, nearest
from ferray.registry import ROOMS, Room

_GROUPS_AT_THE_TOP = ("objective", "budget")
_ALONE_AT_THE_TOP = ("name", "seeds")


def set_key(raw: dict[str, Any], key: str, value: Any, said: str) -> list[str]:
    """Put a known key into a raw space; a note for each thing that this does beside it.

    `said` are the words that asked for it. ConfigError where nothing in the space has such a parameter.
    """
    if wanted := stage_key(key):
        return set_of_stage(raw, wanted, value, said)
    if key == ARM:
        return _keep_one_arm(raw, value)
    address = Address.of(key)
    if key in _ALONE_AT_THE_TOP:
        raw[key] = value
        return _end_searches(raw, Address("seed"), value, said) if key == "seeds" else []
    if address.field in _GROUPS_AT_THE_TOP:
        _set_at_the_top(raw, address, value)
        return []
    return [*_set_of_trial(raw, address, value, said), *reach_stages(raw, address, value, said)]


def _set_of_trial(raw: dict[str, Any], address: Address, value: Any, said: str) -> list[str]:
    if address.parameter is None:
        return _set_whole(raw, address.field, value, said)
    if address.field in CHOICES:
        return _set_of_component(raw, address, value, said)
    return _set_in_group(raw, address, value, said)


def _set_at_the_top(raw: dict[str, Any], address: Address, value: Any) -> None:
    if address.parameter is None:
        raw[address.field] = value
        return
    group = {**mapping(raw, address.field), address.parameter: value}
    if address == Address("objective", None, "metric"):
        group.pop("mode", None)  # it follows from the metric
    raw[address.field] = group


def keep_arms(raw: dict[str, Any], kept: Sequence[str]) -> list[str]:
    """Leave out the other arms, of which published rows then speak no more; their names."""
    dropped = [name for name in raw["arms"] if name not in kept]
    raw["arms"] = {name: raw["arms"][name] for name in kept if name in raw["arms"]}
    raw["published"] = [
        {**row, "arm": None if row.get("arm") in dropped else row.get("arm")} for row in raw.get("published") or ()
    ]
    return dropped


def _keep_one_arm(raw: dict[str, Any], name: Any) -> list[str]:
    arms = arms_of(raw)
    if not isinstance(name, str) or name not in arms:
        raise ConfigError(f"there is no arm `{name}`", did_you_mean(str(name), arms))
    keep_arms(raw, [name])
    return [f"only the arm `{name}` is run"]


def _set_whole(raw: dict[str, Any], field: str, value: Any, said: str) -> list[str]:
    """A whole field: what gave it or a part of it a value does so no more."""
    place = place_of(raw, field)
    if field in AT_THE_TOP and isinstance(value, str) and Holder("", field, place, field).component[0] == value:
        return []  # `--sampler tpe` over `tpe` leaves its parameters as they are
    notes = _end_searches(raw, Address(field), value, said)
    overruled = [f"the arm `{name}`" for name, arm in arms_of(raw).items() if forget(arm, Address(field))]
    notes += _reach(said, overruled, [], field)
    forget(mapping(raw, "base"), Address(field))
    if is_node(value):
        mapping(raw, "space")[field] = value
    else:
        place[field] = value
    return notes


def _set_in_group(raw: dict[str, Any], address: Address, value: Any, said: str) -> list[str]:
    """A key such as `optimizer.lr`, in `base` and in every arm that has an `optimizer` of its own."""
    field, key = address.field, str(address.parameter)
    arms, base = arms_of(raw), mapping(raw, "base")
    notes = _end_searches(raw, address, value, said)
    for keys in (base, *arms.values()):
        forget(keys, address)
    holding = {name: arm for name, arm in arms.items() if isinstance(arm.get(field), dict)}
    without = [f"the arm `{name}`" for name, arm in arms.items() if field in arm and name not in holding]
    if is_node(value):
        if without:
            raise ConfigError(f"{', '.join(without)} has no `{field}` to search", f"`--set {field}=...` gives it one")
        for keys in (base, *holding.values()):
            if isinstance(keys.get(field), dict):
                keys[field] = {name: kept for name, kept in keys[field].items() if name != key}
        mapping(raw, "space")[f"{field}.{key}"] = value
        return notes
    for keys in (base, *holding.values()):
        keys[field] = {**(keys[field] if isinstance(keys.get(field), dict) else {}), key: value}
    return notes + _reach(said, [f"the arm `{name}`" for name in holding], without, field)


def _set_of_component(raw: dict[str, Any], address: Address, value: Any, said: str) -> list[str]:
    """A parameter of a component, in every place that chooses one which has it."""
    field, parameter = address.field, str(address.parameter)
    holders = holders_of(raw, field)
    asked = [holder for holder in holders if address.component in (None, holder.component[0])]
    if not asked and [holder.where for holder in holders] == [""]:
        holders[0].place[field] = address.component
        return [f"`{field}` is `{address.component}`", *set_key(raw, str(address), value, said)]
    having = [holder for holder in asked if parameter in holder.known]
    if not having:
        raise _nobody_has_it(address, asked, holders)
    notes = _hand_down(raw, address, (value, said), [holder for holder in holders if holder not in asked])
    lacking = [holder for holder in asked if holder not in having]
    if is_node(value):
        _search(raw, address, value, having, lacking)
    elif address.component is None and [holder.where for holder in holders] == [""] and place_of(raw, field) is not raw:
        mapping(raw, "base")[str(address)] = value  # a parameter of whichever component the trial gets
    else:
        for holder in having:
            holder.put(parameter, value)
    if having[0].is_option and merge_twins(having[0].place):
        notes.append(f"options of `{field}` that are the same now are tried as one")
    return notes + _reach(said, _names(having), _names(lacking), parameter)


def _search(raw: dict[str, Any], address: Address, node: Any, having: list[Holder], lacking: list[Holder]) -> None:
    """Search a parameter: inside the options that have it, else under a key of its own."""
    parameter = str(address.parameter)
    if having[0].is_option:
        for holder in having:
            holder.put(parameter, node)
        return
    if lacking:
        message = (
            f"`{lacking[0].component[0]}` has no `{parameter}` to search, and it is `{address.field}` of some trials"
        )
        raise ConfigError(message, f"search it in a `one_of` over `{address.field}`")
    for holder in having:
        holder.drop(parameter)
    mapping(raw, "space")[str(address)] = node


def _hand_down(raw: dict[str, Any], address: Address, change: tuple[Any, str], others: list[Holder]) -> list[str]:
    """Take the parameter from the keys that give it to whichever component a trial has, but leave it to `others`."""
    (value, said), space, notes = change, mapping(raw, "space"), []
    for keys in (mapping(raw, "base"), space, *arms_of(raw).values()):
        for key in [key for key in keys if Address.of(key).meets(address)]:
            kept = [holder for holder in others if holder.is_option and address.parameter in holder.known]
            for holder in kept:
                holder.put(str(address.parameter), keys[key])
            if keys is space and not kept and not is_node(value):
                notes.append(_ended(key, said))
            del keys[key]
    return notes


def _end_searches(raw: dict[str, Any], address: Address, value: Any, said: str) -> list[str]:
    """Take out of the space what gives the field, or the parameter, a value; a note for each key that is then fixed."""
    ended = forget(mapping(raw, "space"), address)
    return [] if is_node(value) else [_ended(key, said) for key in ended]


def _ended(key: str, said: str) -> str:
    return f"`{key}` is fixed by `{said}` and no longer searched"


def _nobody_has_it(address: Address, asked: list[Holder], holders: list[Holder]) -> ConfigError:
    field, parameter = address.field, str(address.parameter)
    if not asked:
        names = [holder.component[0] for holder in holders]
        how = "searched over" if holders[0].is_option else "one of"
        return ConfigError(f"`{field}` is {how} other components", did_you_mean(str(address.component), names))
    names = list(dict.fromkeys(f"`{holder.component[0]}`" for holder in asked))
    known = {name for holder in asked for name in holder.known}
    who = f"{names[0]} has no" if len(names) == 1 else f"none of {', '.join(names)} has a"
    return ConfigError(f"{who} parameter `{parameter}`", _who_has_it(field, parameter, known))


def _who_has_it(field: str, parameter: str, known: set[str]) -> str:
    """The parameter that is meant, else a component that has it, else what there is."""
    room = ROOMS[CHOICES[field].ROOM]
    owners = (
        [] if nearest(parameter, known) else [name for name in room.names() if parameter in _parameters(room, name)]
    )
    if owners:
        return f"`{owners[0]}` has it: `--set {field}.{owners[0]}.{parameter}=...`"
    return did_you_mean(parameter, known) or f"`{field}` has no parameters"


def _parameters(room: Room, name: str) -> set[str]:
    return set(room.params(name).model_fields)


def _names(holders: Iterable[Holder]) -> list[str]:
    return list(dict.fromkeys(holder.where for holder in holders if holder.where))


def _reach(said: str, having: list[str], lacking: list[str], what: str) -> list[str]:
    """Where an override holds and where there is nothing for it, where a space says it in several places."""
    if not having and not lacking:
        return []
    reached = f"`{said}` holds in {', '.join(having)}" if having else f"`{said}` holds"
    return [
        f"{reached}; {', '.join(lacking)} {'has' if len(lacking) == 1 else 'have'} no `{what}`" if lacking else reached
    ]
