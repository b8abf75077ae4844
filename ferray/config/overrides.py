"""What the command line changes in a space, each change blamed by its own words where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ferray.config.address import Address
from ferray.config.exclusion import KEY as EXCLUDE
from ferray.config.exclusion import digested
from ferray.config.group_values import with_offer
from ferray.config.holders import CHOICES, arms_of, holders_of, mapping
from ferray.config.problems import Problem
from ferray.config.set_file import with_files_read
from ferray.config.set_key import set_key
from ferray.config.short_keys import full_key
from ferray.config.short_values import full_value
from ferray.config.space import NODE_KINDS, OneOf, SpaceError, parse_space
from ferray.config.trial import TrialConfig
from ferray.config.wording import problem_lines
from ferray.config.yaml import flow, parse_yaml
from ferray.errors import ConfigError, nearest


@dataclass(frozen=True)
class Overrides:
    """What the command line changes: `sets` are `KEY=VALUE` strings, the rest are options that were given."""

    sets: Sequence[str] = ()
    trials: int | None = None
    epochs: int | None = None
    time_s: float | None = None
    seed: int | None = None
    limit_per_class: int | None = None
    bad_samples: str | None = None
    name: str | None = None
    sampler: str | None = None
    pruner: str | None = None
    exclude: str | None = None
    seeds: int | None = None
    quick: bool = False


OPTIONS = {  # the key that an option sets, and how the option is called
    "seeds": ("seeds", "--seeds"),
    "epochs": ("epochs", "--epochs"),
    "limit_per_class": ("limit_per_class", "--limit-per-class"),
    "seed": ("seed", "--seed"),
    "bad_samples": ("dataset.bad_samples", "--bad-samples"),
    "exclude": ("exclude", "--exclude"),
    "trials": ("budget.trials", "--trials"),
    "time_s": ("budget.time_s", "--time-budget"),
    "name": ("name", "--name"),
    "sampler": ("sampler", "--sampler"),
    "pruner": ("pruner", "--pruner"),
}


@dataclass(frozen=True)
class Change:
    """A key, its value, and `said`: the words of the command line that ask for it."""

    key: str
    value: Any
    said: str


@dataclass(frozen=True)
class Applied:
    """The changes that stand in a raw space, what they do beside what they say, and what is wrong with them."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def apply_overrides(raw: dict[str, Any], overrides: Overrides) -> Applied:
    """Put all overrides into a raw space."""
    options = list(_options(raw, overrides))
    problems: list[Problem] = []
    notes: list[str] = []
    sets = [change for item in with_files_read(overrides.sets) if (change := _read(raw, item, problems, notes))]
    problems += _contradictions(options, sets)
    # A whole component first: `--set dataset=sfew` would take `--bad-samples skip` away again.
    for change in sorted([*options, *sets], key=lambda change: change.key.count(".")):
        try:
            notes += set_key(raw, change.key, change.value, change.said)
            problems += wrong_values(raw, change)
        except ConfigError as error:
            problems.append(Problem(f"`{change.said}`: {error.message}", error.hint))
    return Applied((*options, *sets), (*notes, *_same_arms(raw)), tuple(problems))


def blame(line: str, changes: Sequence[Change]) -> Problem | None:
    """A problem of the changed space as that of the option whose key it speaks of, None where none of them does."""
    path, colon, _ = line.partition(":")
    key = path.removeprefix("base.").removeprefix("space.")
    if key.startswith("arms."):
        key = key.split(".", 2)[-1]
    for change in changes if colon and " " not in key else ():
        asked, found = Address.of(change.key), Address.of(key)
        if (asked.field == found.field and asked.parameter in (None, found.parameter)) or key == change.key:
            return _problem_of(change, line.removeprefix(path[: -len(key)] if path != key else ""))
    return None


def wrong_values(raw: dict[str, Any], change: Change) -> list[Problem]:
    """What is wrong with the value of a change that stands in the space already, whatever else is wrong there."""
    address = Address.of(change.key)
    if address.field not in TrialConfig.model_fields:
        return []
    try:
        nodes = parse_space({change.key: change.value}) if _is_meant_as_node(change.value) else {}
    except SpaceError as error:
        return [_problem_of(change, line) for line in error.lines]
    if any(isinstance(node, OneOf) for node in nodes.values()):
        return []  # its options are components, and the corners of the space visit them all
    values = nodes[change.key].extremes() if nodes else [change.value]
    lines = [line for value in values for tree in _trees(raw, address, value) for line in _lines(tree, address)]
    return list(dict.fromkeys(_problem_of(change, line) for line in lines))


def _is_meant_as_node(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and bool(nearest(next(iter(value)), NODE_KINDS))


def _options(raw: dict[str, Any], overrides: Overrides) -> Iterator[Change]:
    for name, (key, option) in OPTIONS.items():
        value = getattr(overrides, name)
        if value is not None:
            said = f"{option} {value:g}" if isinstance(value, float) else f"{option} {value}"
            yield Change(key, _of_list(raw, key, value), said)


def _of_list(raw: dict[str, Any], key: str, value: Any) -> Any:
    """The digest of a list for its path, which the space keeps among its `lists`; any other value itself."""
    return digested(value, mapping(raw, "lists")) if key == EXCLUDE else value


def _read(raw: dict[str, Any], item: str, problems: list[Problem], notes: list[str]) -> Change | None:
    """`KEY=VALUE` as a change, with a note where either is short for something; or one more problem."""
    typed, equals, text = (part.strip() for part in item.partition("="))
    if not equals or not typed:
        problems.append(Problem(f"`--set {item}` is not KEY=VALUE", "for example `--set optimizer.lr=1e-4`"))
        return None
    try:
        key = full_key(raw, typed)
    except ConfigError as error:
        problems.append(Problem(f"`--set {item}`: {error.message}", error.hint))
        return None
    try:
        written = parse_yaml(text, source=f"--set {typed}")
    except ConfigError as error:
        problems.append(Problem(error.message, "the value is YAML, such as `1e-4`, `focal` or `{focal: {gamma: 2}}`"))
        return None
    value = _of_list(raw, key, full_value(raw, key, written))
    notes += [f"`{typed}` is `{key}`"] if key != typed else []
    notes += [f"`{key}={text}` is `{key}={flow(value)}`"] if value != written else []
    return Change(key, value, f"--set {item}")


def _contradictions(options: list[Change], sets: list[Change]) -> list[Problem]:
    """An option and a `--set` of one key; of two `--set` the later one holds."""
    pairs = [(option, change) for option in options for change in sets if option.key == change.key]
    return [
        Problem(f"`{option.said}` and `{change.said}` set the same key", "leave one of them out")
        for option, change in pairs
        if option.value != change.value
    ]


def _trees(raw: dict[str, Any], address: Address, value: Any) -> Iterator[dict[str, Any]]:
    """The smallest configurations that have the value in its place."""
    if address.parameter is None:
        yield {address.field: value}
    elif address.field not in CHOICES:
        yield {address.field: {address.parameter: value}}
    else:
        holders = holders_of(raw, address.field)
        names = {holder.component[0] for holder in holders if address.parameter in holder.known}
        yield from ({address.field: {name: {address.parameter: value}}} for name in sorted(names))


def _lines(tree: dict[str, Any], address: Address) -> list[str]:
    """What is wrong with the value, and not with what is missing beside it."""
    try:
        TrialConfig.model_validate({"dataset": "demo", **tree})
    except ValidationError as error:
        lines = problem_lines(error)
    else:
        return []
    return [line for line in lines if _speaks_of(line.partition(":")[0], address)]


def _speaks_of(path: str, address: Address) -> bool:
    parts = path.split(".")
    return parts[0] == address.field and (address.parameter is None or address.parameter in parts[1:3])


def _problem_of(change: Change, line: str) -> Problem:
    """The line behind the words of the command line, without what those say themselves."""
    line = with_offer(line, "=")
    path, colon, text = line.partition(": ")
    whole = (colon and path in (change.key, Address.of(change.key).field)) or path.split(".")[-1:] == change.key.split(
        "."
    )[-1:]
    said = text.removeprefix(f"is `{change.value}`, ").removeprefix(f"is `{change.value}`: ") if whole else line
    return Problem.of(f"`{change.said}`{_meaning(change)}: {said}")


def _meaning(change: Change) -> str:
    """The whole key where a short one was typed, since the note that tells it is not printed beside an error."""
    typed = change.said.removeprefix("--set ").partition("=")[0].strip()
    is_short = change.said.startswith("--set ") and not typed.endswith(change.key)
    return f" is `{change.key}`" if is_short else ""


def _same_arms(raw: dict[str, Any]) -> list[str]:
    arms = list(arms_of(raw).items())
    twins = [(name, other) for index, (name, arm) in enumerate(arms) for other, same in arms[:index] if same == arm]
    return [f"the arms `{other}` and `{name}` are the same now" for name, other in twins]
