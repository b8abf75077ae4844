"""Keys as they are typed behind `--set`: whole, or short as the leaderboard shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ferray.config.address import Address
from ferray.config.holders import AT_THE_TOP, CHOICES, holders_of, mapping
from ferray.config.meant_keys import component_fields, inner_key, key_hint
from ferray.config.space import ARM, Node, OneOf, parse_space, unknown_key
from ferray.config.sweep import Budget, Objective
from ferray.config.trial import TrialConfig, group_keys
from ferray.errors import ConfigError, did_you_mean, nearest

_GROUPS_AT_THE_TOP = {"objective": tuple(Objective.model_fields), "budget": tuple(Budget.model_fields)}
_ALONE_AT_THE_TOP = ("name", "seeds", ARM)
_NOT_BY_SET = ("arms", "published", "quick", "after")

Named = Iterable[tuple[str, Address]]  # a name by its whole length, and what it speaks of


def full_key(raw: dict[str, Any], typed: str) -> str:
    """The whole key that is meant by `typed` in this space; ConfigError where none or several could be.

    What is searched comes first, by the names that the leaderboard shows, then whatever a trial of this space has.
    """
    key = typed.removeprefix("base.").removeprefix("space.")
    field = key.split(".")[0]
    if key in _ALONE_AT_THE_TOP or field in {*TrialConfig.model_fields, *AT_THE_TOP, *_GROUPS_AT_THE_TOP}:
        _refuse_unknown(key)
        return key
    if field in _NOT_BY_SET:
        raise ConfigError(f"`{field}` cannot be changed by an option", "write it into a space of your own")
    is_slip = bool(nearest(key, TrialConfig.model_fields))  # `epoch` means `epochs`, and not `objective.epoch`
    for named in (_searched(raw), [] if is_slip else _there_is(raw)):
        meant = [str(address) for address in _ending_in(key, named)]
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise ConfigError(f"`{typed}` may be {' or '.join(f'`{one}`' for one in meant)}", "write one of them whole")
    fields = component_fields(key)
    hint = f"did you mean `--set {fields[0]}={key}`?" if len(fields) == 1 else key_hint(key)
    raise ConfigError(f"`{typed}` is not a key of a trial", hint)


def _refuse_unknown(key: str) -> None:
    field, *rest = key.split(".")
    if field in TrialConfig.model_fields:
        text, _, hint = unknown_key(key).partition("; ")
    elif field in _GROUPS_AT_THE_TOP and rest and rest[0] not in _GROUPS_AT_THE_TOP[field]:
        meant = inner_key(field, rest[0], _GROUPS_AT_THE_TOP[field])
        text = f"`{rest[0]}` is not a key of {field}"
        hint = f"did you mean `{meant}`?" if meant else did_you_mean(rest[0], _GROUPS_AT_THE_TOP[field])
    else:
        text = f"`{key}` goes too deep" if len(rest) > (2 if field in AT_THE_TOP else 1) else ""
        hint = "for example `--set pruner.median.startup_trials=3`"
    if text:
        raise ConfigError(text, hint)


def _searched(raw: dict[str, Any]) -> Iterator[tuple[str, Address]]:
    """Every parameter that the study records, by the name in its record."""
    for name, node in parse_space(mapping(raw, "space")).items():
        yield name, Address.of(name)
        yield from _inside(Address.of(name), node)


def _inside(address: Address, node: Node) -> Iterator[tuple[str, Address]]:
    for label, (component, params) in zip(node.labels, node.trees, strict=True) if isinstance(node, OneOf) else ():
        for parameter, value in params.items():
            if isinstance(value, Node):
                yield f"{address}.{label}.{parameter}", Address(address.field, component, parameter)


def _there_is(raw: dict[str, Any]) -> Iterator[tuple[str, Address]]:
    """Every key inside a group, and every parameter of the components that this space chooses."""
    groups = {**_GROUPS_AT_THE_TOP, **{field: group_keys(field) for field in TrialConfig.model_fields}}
    addresses = [Address(field, None, key) for field, keys in groups.items() for key in keys]
    addresses += [
        Address(field, None, parameter)
        for field in CHOICES
        for holder in holders_of(raw, field)
        for parameter in sorted(holder.known)
    ]
    yield from ((str(address), address) for address in dict.fromkeys(addresses))


def _ending_in(key: str, named: Named) -> list[Address]:
    """What the names that end in `key` speak of: of one component only where `key` says which."""
    found = [address for name, address in named if f".{name}".endswith(f".{key}")]
    said = key.split(".")
    meant = (address if address.component in said else replace(address, component=None) for address in found)
    return list(dict.fromkeys(meant))
