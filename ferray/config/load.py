"""From a name or a file, and what the command line adds to it, to a checked `SweepSpec`."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ferray.config.space import ARM, is_node, unknown_key
from ferray.config.sweep import PrunerChoice, SamplerChoice, SweepSpec
from ferray.config.trial import COMPONENT_FIELDS, Component, problem_lines, split_component
from ferray.config.yaml import parse_yaml, read_yaml
from ferray.errors import ConfigError, did_you_mean
from ferray.registry import ROOMS

_TOP_DEFAULTS = {"dataset": "demo", "sampler": "tpe", "pruner": "hyperband"}


@dataclass(frozen=True)
class SpaceFile:
    """A space as it lies on disk: its name, its path and its text, kept verbatim beside the results."""

    name: str
    path: Path
    text: str


@dataclass(frozen=True)
class Overrides:
    """What the command line changes: `sets` are `KEY=VALUE` strings, the rest are flags that were given."""

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
    seeds: int | None = None
    quick: bool = False


def shipped_folder(kind: str) -> Path:
    """The folder `search_spaces` or `cluster`: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_shipped" / kind
    return inside if inside.is_dir() else package.parent / kind


def space_names() -> list[str]:
    """Every space that a bare name finds: those in `./search_spaces/` and the shipped ones."""
    folders = (Path("search_spaces"), shipped_folder("search_spaces"))
    return sorted(
        {path.relative_to(folder).with_suffix("").as_posix() for folder in folders for path in folder.rglob("*.yaml")}
    )


def find_space(name: str) -> SpaceFile:
    """Look `name` up as a path, then in `./search_spaces/`, then among the shipped spaces; ConfigError otherwise."""
    candidates = [Path(name)] if name.endswith((".yaml", ".yml")) else []
    candidates += [folder / f"{name}.yaml" for folder in (Path("search_spaces"), shipped_folder("search_spaces"))]
    for path in candidates:
        if path.is_file():
            try:
                return SpaceFile(path.stem, path, path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"`{path}` cannot be read as text") from error
    raise ConfigError(f"there is no search space `{name}`", did_you_mean(name, space_names()))


def load_space(name: str, overrides: Overrides | None = None) -> tuple[SweepSpec, list[str]]:
    """The checked sweep behind a name, and a line for each searched parameter that an override fixed.

    ConfigError lists every problem of the file together. Values that only a combination reaches are `check`'s business.
    """
    file = find_space(name)
    raw = read_yaml(file.path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{file.path} holds no keys", "see `ferray show space demo` for a space that works")
    raw = {key: value for key, value in raw.items() if value is not None}
    raw.setdefault("name", file.name)
    validate_spec(copy.deepcopy(raw), source=str(file.path))  # so that overrides meet a file of the right shape
    try:
        overrides = overrides or Overrides()
        notes = _cut_down(raw) if overrides.quick else []
        notes += _apply(raw, overrides)
    except ValueError as error:
        raise ConfigError(f"{file.path}: {error}", "see `ferray show space demo` for a space that works") from error
    return validate_spec(raw, source=str(file.path)), notes


def load_dataset(name: str, overrides: Overrides | None = None) -> SweepSpec:
    """One configuration that trains on the data set called `name`, every key its default but for the overrides."""
    raw: dict[str, Any] = {"name": name, "dataset": name}
    try:
        _apply(raw, overrides or Overrides())
    except ValueError as error:
        raise ConfigError(f"data set `{name}`: {error}") from error
    return validate_spec(raw, source=f"data set `{name}`")


def validate_spec(raw: dict[str, Any], *, source: str) -> SweepSpec:
    """`SweepSpec.model_validate` with every problem worded for the user."""
    try:
        return SweepSpec.model_validate(raw)
    except ValidationError as error:
        raise problems_error(source, problem_lines(error, known=SweepSpec.model_fields)) from error


def problems_error(source: str, lines: list[str]) -> ConfigError:
    """One ConfigError for all problems; the first "did you mean" among them becomes the hint."""
    hints = [
        part for line in lines for part in line.split("; ")[1:] if part.startswith(("did you mean", "known names"))
    ]
    bare = [line.split("; did you mean")[0].split("; known names")[0] for line in lines]
    hint = hints[0] if hints else _where_to_look(bare[0])
    if len(bare) == 1:
        return ConfigError(f"{source}: {bare[0]}", hint)
    listed = "\n".join(f"  {line}" for line in bare)
    return ConfigError(f"{source} has {len(bare)} problems\n{listed}", hint)


def _where_to_look(line: str) -> str:
    """The command that shows what is allowed where `line` found a problem."""
    parts = line.split(":", 1)[0].removeprefix("space.").removeprefix("base.").split(".")
    choices: dict[str, type[Component]] = {**COMPONENT_FIELDS, "sampler": SamplerChoice, "pruner": PrunerChoice}
    if parts[0] in choices and len(parts) > 1 and parts[1] in ROOMS[choices[parts[0]].ROOM].names():
        return f"`ferray show component {parts[0]} {parts[1]}` lists its parameters and their bounds"
    return "`ferray show space demo --json` shows every key with its default"


def _cut_down(raw: dict[str, Any]) -> list[str]:
    """`--quick`: what the space itself says is an honest cut; a note for each change."""
    quick = raw.get("quick")
    if quick is None:
        raise ConfigError(f"the space `{raw['name']}` has no `quick` cut", "pass `--trials` or `--epochs` instead")
    raw["name"] = f"{raw['name']}-quick"
    notes = _begin_with_the_quick_parent(raw)
    for key, value in (quick.get("set") or {}).items():
        set_key(raw, key, value)
        notes.append(f"quick: `{key}` is `{value}`")
    if quick.get("arms"):
        dropped = _keep_arms(raw, quick["arms"])
        notes.append(f"quick: the arms {', '.join(f'`{name}`' for name in dropped)} are left out")
    if quick.get("seeds"):
        notes.append(f"quick: `{quick['seeds']}` seeds for `{raw.get('seeds', 1)}`")
        raw["seeds"] = quick["seeds"]
    if quick.get("trials"):
        raw["budget"] = {**(raw.get("budget") or {}), "trials": quick["trials"]}
    return notes


def _keep_arms(raw: dict[str, Any], kept: Sequence[str]) -> list[str]:
    """Leave out the other arms, of which published rows then speak no more; their names."""
    dropped = [name for name in raw["arms"] if name not in kept]
    raw["arms"] = {name: raw["arms"][name] for name in kept if name in raw["arms"]}
    raw["published"] = [
        {**row, "arm": None if row.get("arm") in dropped else row.get("arm")} for row in raw.get("published") or ()
    ]
    return dropped


def _begin_with_the_quick_parent(raw: dict[str, Any]) -> list[str]:
    """The space that comes first is cut down too, and is then called otherwise: `init_from` follows it."""
    if not raw.get("after"):
        return []
    parent = raw["after"].rpartition("/")[2]
    for keys in (raw.get("base") or {}, *(raw.get("arms") or {}).values()):
        sweep, _, trial = str(keys.get("init_from")).partition(":")
        if sweep == parent and trial:
            keys["init_from"] = f"{parent}-quick:{trial}"
    return [f"quick: trials begin with those of `{parent}-quick`"]


def _apply(raw: dict[str, Any], overrides: Overrides) -> list[str]:
    notes: list[str] = []
    if overrides.seeds is not None:
        raw["seeds"] = overrides.seeds
    for item in overrides.sets:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"`--set {item}` is not KEY=VALUE", "for example `--set optimizer.lr=1e-4`")
        notes += set_key(raw, key.strip(), parse_yaml(text, source=f"--set {key.strip()}"))
    flags = {
        "epochs": overrides.epochs,
        "limit_per_class": overrides.limit_per_class,
        "seed": overrides.seed,
        "dataset.bad_samples": overrides.bad_samples,
    }
    for key, value in flags.items():
        if value is not None:
            notes += set_key(raw, key, value)
    budget = {"trials": overrides.trials, "time_s": overrides.time_s}
    given = {key: value for key, value in budget.items() if value is not None}
    if given:
        raw["budget"] = {**(raw.get("budget") or {}), **given}
    for key in ("name", "sampler", "pruner"):
        if getattr(overrides, key) is not None:
            raw[key] = getattr(overrides, key)
    return notes


def set_key(raw: dict[str, Any], key: str, value: Any) -> list[str]:
    """Put one `--set` into a raw space, searched or fixed or in arms; returns a note for each search that it ends."""
    arms = _mapping(raw, "arms") if raw.get("arms") else {}
    if key == ARM:
        if not isinstance(value, str) or value not in arms:
            raise ConfigError(f"there is no arm `{value}`", did_you_mean(str(value), arms))
        _keep_arms(raw, [value])
        return [f"only the arm `{value}` is run"]
    for name, arm in arms.items():
        arms[name] = _overruled(arm, key, value)
    if key.split(".")[0] in ("dataset", "objective", "budget", "sampler", "pruner"):
        _set_top(raw, key, value)
        return []
    problem = unknown_key(key)
    if problem:
        raise problems_error(f"--set {key}", [problem])
    space, base = _mapping(raw, "space"), _mapping(raw, "base")
    if _set_inside_one_of(space, key, value):
        return [f"`{key}` is set to `{value}` inside its `one_of`"]
    searched = [other for other in space if other == key or other.startswith(f"{key}.")]
    for other in searched:
        del space[other]
    if is_node(value):
        base.pop(key, None)
        space[key] = value
        return []
    _set_base(base, key, value)
    return [f"`{other}` is fixed by `--set {key}={value}` and no longer searched" for other in searched]


def _overruled(arm: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """An arm that leaves `key` to the rest of the space; its own data set gets the same change."""
    if "dataset" in arm and key.startswith("dataset."):
        changed = {"dataset": arm["dataset"]}
        _set_top(changed, key, value)
        return {**arm, **changed}
    return {name: kept for name, kept in arm.items() if name != key and not name.startswith(f"{key}.")}


def _mapping(raw: dict[str, Any], key: str) -> dict[str, Any]:
    if raw.get(key) is None:
        raw[key] = {}
    if not isinstance(raw[key], dict):
        raise ConfigError(f"`{key}` must hold keys, not `{raw[key]}`")
    mapping: dict[str, Any] = raw[key]
    return mapping


def _set_top(raw: dict[str, Any], key: str, value: Any) -> None:
    """A key outside `base` and `space`: `dataset`, `objective`, `budget`, `sampler`, `pruner`, and what lies below."""
    first, *rest = key.split(".")
    if not rest:
        raw[first] = value
        return
    current = raw.get(first)
    if len(rest) > (1 if first in ("objective", "budget") else 2):
        raise ConfigError(f"`--set {key}` goes too deep", "for example `--set pruner.median.startup_trials=3`")
    if first in ("objective", "budget"):
        raw[first] = {**_mapping(raw, first), rest[0]: value}
        return
    name, params = split_component(current if current is not None else _TOP_DEFAULTS[first])
    if len(rest) > 1 and rest[0] != name:
        raise ConfigError(
            f"`--set {key}` speaks of `{rest[0]}`, but {first} is `{name}`", f"`--set {first}.{rest[-1]}=...`"
        )
    raw[first] = {name: {**params, rest[-1]: value}}


def _set_inside_one_of(space: dict[str, Any], key: str, value: Any) -> bool:
    """`imbalance.focal.gamma` where `imbalance` is a searched `one_of` with an option `focal`."""
    first, *rest = key.split(".")
    node = space.get(first)
    if len(rest) != 2 or not isinstance(node, dict) or not isinstance(node.get("one_of"), list):
        return False
    options: list[Any] = node["one_of"]
    named = [index for index, option in enumerate(options) if _option_name(option) == rest[0]]
    for index in named:
        options[index] = {rest[0]: {**split_component(options[index])[1], rest[1]: value}}
    if named:
        return True
    raise ConfigError(
        f"`{key}`: `{first}` is searched over other components",
        did_you_mean(rest[0], [_option_name(o) for o in options]),
    )


def _option_name(option: Any) -> str:
    return str(option if isinstance(option, str) else next(iter(option)))


def _set_base(base: dict[str, Any], key: str, value: Any) -> None:
    first, *rest = key.split(".")
    current = base.get(first)
    if not rest:
        base[first] = value
    elif first not in COMPONENT_FIELDS:
        base[first] = {**(current if isinstance(current, dict) else {}), rest[0]: value}
    elif len(rest) == 1:
        base[key] = value  # a parameter of whichever component the trial gets; `resolve` places it
    else:
        name, params = split_component(current) if current is not None else ("", {})
        base[first] = {rest[0]: {**(params if name == rest[0] else {}), rest[1]: value}}
