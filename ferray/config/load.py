"""From a name or a file, and what the command line adds to it, to a checked `SweepSpec`."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ferray.config.group_values import with_offer
from ferray.config.overrides import Overrides, apply_overrides, blame
from ferray.config.place import QUICK
from ferray.config.problems import problems_error
from ferray.config.set_key import keep_arms, set_key
from ferray.config.sweep import SweepSpec
from ferray.config.synonyms import meant_key
from ferray.config.trial import TrialConfig
from ferray.config.wording import problem_lines
from ferray.config.yaml import MOST_BYTES, exact, parse_yaml
from ferray.errors import ConfigError, did_you_mean, nearest
from ferray.files.read import read_text
from ferray.registry import ROOMS
from ferray.text.commands import command

Space = str | os.PathLike[str] | Mapping[str, Any] | SweepSpec  # by name, by path, or what a file of it would hold


@dataclass(frozen=True)
class SpaceFile:
    """A space as it lies on disk: its name, its path and its text, kept verbatim beside the results.

    `path` is None where the space was given in Python; `text` is then what a file of it would hold.
    """

    name: str
    path: Path | None
    text: str

    @property
    def where(self) -> str:
        """The path in words."""
        return "<mapping>" if self.path is None else str(self.path)


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


def find_space(space: Space) -> SpaceFile:
    """Look a name up as a path, then in `./search_spaces/`, then among the shipped spaces; ConfigError otherwise."""
    if isinstance(space, Mapping | SweepSpec):
        raw = _given(space)
        return SpaceFile(str(raw.get("name") or ""), None, "".join(f"{key}: {exact(raw[key])}\n" for key in raw))
    try:
        name = os.fspath(space)
    except TypeError as error:
        hint = "give a name, the path of a YAML file, a mapping or a SweepSpec"
        raise ConfigError(f"a space cannot be `{space}`, of type `{type(space).__name__}`", hint) from error
    candidates = [Path(name)] if name.endswith((".yaml", ".yml")) else []
    candidates += [folder / f"{name}.yaml" for folder in (Path("search_spaces"), shipped_folder("search_spaces"))]
    for path in candidates:
        if path.is_file():
            return SpaceFile(path.stem, path, read_text(path, ConfigError, most_bytes=MOST_BYTES))
    if name in ROOMS["dataset"].names():
        parameters = f"{{{name}: {{path: FOLDER}}}}" if name == "image_folder" else name
        hint = f"it is a data set: `{command('sweep demo --set', f'dataset={parameters}')}` searches on it"
        raise ConfigError(f"there is no search space `{name}`", hint)
    raise ConfigError(f"there is no search space `{name}`", _nearest_space(name, space_names()))


def _nearest_space(name: str, known: Iterable[str]) -> str:
    """The hint for a name of none: a space of that name in a folder, else what is near it, else all there are.

    Files here are near where their name is, as `mine.yaml` is for `mine` and `mien.yaml`.
    """
    names, files = sorted(known), {path.stem: path.name for path in sorted(Path().glob("*.y*ml"))}
    inside = next((other for other in names if other.rpartition("/")[2] == name), "") or nearest(name, names)
    here = "" if inside else nearest(name.removesuffix(".yaml").removesuffix(".yml"), files)
    meant = inside or files.get(here, "")
    return f"did you mean `{meant}`?" if meant else did_you_mean(name, names)


def load_space(space: Space, overrides: Overrides | None = None) -> tuple[SweepSpec, list[str]]:
    """The checked sweep of a space, and a line for each searched parameter that an override fixed.

    ConfigError lists every problem of the space together. What only a combination reaches is `check`'s business.
    """
    if isinstance(space, Mapping | SweepSpec):
        return _loaded(_given(space), name="", source="the space", overrides=overrides or Overrides())
    file = find_space(space)
    raw = parse_yaml(file.text, source=file.where)
    if not isinstance(raw, dict):
        raise ConfigError(f"{file.where} holds no keys", f"see `{command('show space demo')}` for a space that works")
    return _loaded(raw, name=file.name, source=file.where, overrides=overrides or Overrides())


def _given(space: Mapping[str, Any] | SweepSpec) -> dict[str, Any]:
    """A space given in Python as containers of its own."""
    if isinstance(space, SweepSpec):
        return {**space.model_dump(mode="json"), "lists": dict(space.lists)}
    return copy.deepcopy(dict(space))


def _loaded(raw: dict[str, Any], *, name: str, source: str, overrides: Overrides) -> tuple[SweepSpec, list[str]]:
    """The space with all that changes it; `name` is what it is called where it does not say."""
    raw = {key: value for key, value in raw.items() if value is not None}
    # So that overrides meet a space of the right shape; its own name may give way to `--name`.
    validate_spec({"name": "unnamed", **copy.deepcopy(raw)}, source=source)
    raw.setdefault("name", name or overrides.name)
    if not raw["name"]:
        raise ConfigError(f"{source} has no name", "give it a key `name`, or pass `name`")
    notes = _cut_down(raw) if overrides.quick else []
    return _changed(raw, overrides, notes, source=source)


def load_dataset(name: str, overrides: Overrides | None = None) -> tuple[SweepSpec, list[str]]:
    """One configuration that trains on the data set called `name`, every key its default but for the overrides."""
    raw: dict[str, Any] = {"name": name, "dataset": name}
    return _changed(raw, overrides or Overrides(), [], source=f"data set `{name}`")


def load_trial(
    name: str, config: Mapping[str, Any], objective: Mapping[str, Any], overrides: Overrides
) -> tuple[SweepSpec, list[str]]:
    """A trial's configuration, as its record has it, under another name and with what the command line changes."""
    base = {key: value for key, value in config.items() if key != "dataset" and value is not None}
    raw = {"name": name, "dataset": config["dataset"], "objective": dict(objective), "base": base}
    return _changed(raw, overrides, [], source=f"trial `{name}`")


def load_space_or_dataset(name: str, overrides: Overrides | None = None) -> tuple[SweepSpec, list[str]]:
    """The space called `name`, else the data set of that name with every default."""
    datasets, spaces = ROOMS["dataset"].names(), space_names()
    if name in datasets and name not in spaces:
        return load_dataset(name, overrides)
    if name not in spaces and not name.endswith((".yaml", ".yml")):
        hint = _nearest_space(name, {*spaces, *datasets})
        raise ConfigError(f"there is no search space and no data set `{name}`", hint)
    return load_space(name, overrides)


def _changed(
    raw: dict[str, Any], overrides: Overrides, notes: list[str], *, source: str
) -> tuple[SweepSpec, list[str]]:
    """The space with what the command line changes in it, whose mistakes are not those of `source`."""
    lines: list[str] = []
    try:
        applied = apply_overrides(raw, overrides)
        spec = SweepSpec.model_validate(raw)
    except ValidationError as error:
        lines = problem_lines(error, known=SweepSpec.model_fields)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}", f"see `{command('show space demo')}` for a space that works") from error
    if not lines and not applied.problems:
        return spec, [*notes, *applied.notes]
    blamed = {line: blame(line, applied.changes) for line in lines}
    of_options = [*applied.problems, *(problem for problem in blamed.values() if problem)]
    of_source = [line for line, problem in blamed.items() if not problem]
    raise problems_error(source if of_source else "", list(dict.fromkeys([*of_options, *of_source])))


def validate_spec(raw: dict[str, Any], *, source: str) -> SweepSpec:
    """`SweepSpec.model_validate` with every problem worded for the user."""
    try:
        return SweepSpec.model_validate(raw)
    except ValidationError as error:
        lines = [_placed(line) for line in problem_lines(error, known=SweepSpec.model_fields)]
        raise problems_error(source, lines) from error


def _placed(line: str) -> str:
    """A key of a trial at the top of a file, where it is none, is told where it belongs."""
    key, _, text = line.partition(": ")
    if text == "is not a known key" and (near := _inner_key(*key.partition(".")[::2])):
        return f"{line}; did you mean `{near}`?"
    is_key_of_trial = text.startswith("is not a known key") and (key in TrialConfig.model_fields or meant_key(key))
    return (
        f"{key}: belongs under `base`, or under `space` to be searched" if is_key_of_trial else with_offer(line, ": ")
    )


def _inner_key(group: str, key: str) -> str:
    """The key of `budget` or another group of a space that `key` is a slip of, "" where there is none."""
    field = SweepSpec.model_fields.get(group)
    keys = getattr(field.annotation, "model_fields", {}) if field else {}
    return nearest(key, keys)


def _cut_down(raw: dict[str, Any]) -> list[str]:
    """`--quick`: the cut that the space itself describes; a note for each change."""
    quick = raw.get("quick")
    if quick is None:
        raise ConfigError(f"the space `{raw['name']}` has no `quick` cut", "pass `--trials` or `--epochs` instead")
    raw["name"] = f"{raw['name']}{QUICK}"
    notes = _begin_with_the_quick_parent(raw)
    for key, value in (quick.get("set") or {}).items():
        notes.append(f"quick: `{key}` is `{value}`")
        notes += set_key(raw, key, value, f"quick.set.{key}")
    if quick.get("arms"):
        dropped = keep_arms(raw, quick["arms"])
        notes.append(f"quick: the arms {', '.join(f'`{name}`' for name in dropped)} are left out")
    if quick.get("seeds"):
        notes.append(f"quick: `{quick['seeds']}` seeds for `{raw.get('seeds', 1)}`")
        raw["seeds"] = quick["seeds"]
    if quick.get("trials"):
        raw["budget"] = {**(raw.get("budget") or {}), "trials": quick["trials"]}
    return notes


def _begin_with_the_quick_parent(raw: dict[str, Any]) -> list[str]:
    """The space that comes first is cut down too, and is then called otherwise: `init_from` follows it."""
    if not raw.get("after"):
        return []
    parent = raw["after"].rpartition("/")[2]
    for keys in (raw.get("base") or {}, *(raw.get("arms") or {}).values()):
        sweep, _, trial = str(keys.get("init_from")).partition(":")
        if sweep == parent and trial:
            keys["init_from"] = f"{parent}{QUICK}:{trial}"
    return [f"quick: trials begin with those of `{parent}{QUICK}`"]
