"""Sets of parameters that a sweep asks first: read from a file, and held against its space before anything starts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.config.option_names import names_of_options
from ferray.config.problems import Problem, problems_error
from ferray.config.readable import short_names
from ferray.config.space import Choice, Node, Numbers, OneOf, Seeds
from ferray.config.sweep import SweepSpec
from ferray.config.yaml import parse_yaml, read_yaml
from ferray.errors import ConfigError, did_you_mean
from ferray.files.read import read_json, read_text
from ferray.text.counting import counted
from ferray.text.sanitize import read_cell

ParameterSet = dict[str, Any]
_HINT = (
    "a list of sets such as `- {optimizer.lr: 1e-3, batch_size: 32}`, or what `leaderboard --json` or `--csv` prints"
)
MOST_BYTES = 64 * 2**20  # a leaderboard of 10,000 trials has a tenth
_PREFIX = "params."  # of a leaderboard's csv
_COMPLETE = ("complete", "completed")


@dataclass(frozen=True)
class Parameter:
    """A searched parameter by its full name, and the choices that it takes for granted, by theirs."""

    name: str
    node: Node
    needs: Mapping[str, str]


def parameters_of(spec: SweepSpec) -> dict[str, Parameter]:
    """Every parameter that a trial of this space may be asked, those inside options of a `one_of` too."""
    return {found.name: found for name, node in spec.nodes.items() for found in _parameters(name, node, {})}


def _parameters(name: str, node: Node, needs: Mapping[str, str]) -> Iterator[Parameter]:
    yield Parameter(name, node, needs)
    for label, (_, params) in zip(node.labels, node.trees, strict=True) if isinstance(node, OneOf) else ():
        for key, inner in params.items():
            if isinstance(inner, Numbers | Choice | OneOf):
                yield from _parameters(f"{name}.{label}.{key}", inner, {**needs, name: label})


def load_sets(path: Path, spec: SweepSpec) -> list[ParameterSet]:
    """The sets of a YAML, JSON or csv file in its order, each within the space of `spec`.

    Of a leaderboard the complete trials, the best one first. Parameters that a set leaves out are the sampler's.
    ConfigError lists every key and value that the space does not have, and says where the budget is too small.
    """
    written, known = _read(path), parameters_of(spec)
    problems: list[Problem] = []
    sets = [_checked(params, known, f"set {number}", problems) for number, params in enumerate(written, start=1)]
    if problems:
        raise problems_error(f"`{path}`", problems)
    if not sets:
        raise ConfigError(f"`{path}` holds no set of parameters", _HINT)
    if len(sets) > spec.budget.trials:
        message = (
            f"`{path}` holds {len(sets)} sets of parameters, and the budget is {counted(spec.budget.trials, 'trial')}"
        )
        raise ConfigError(message, f"pass `--trials {len(sets)}` or more, or cut the list")
    return sets


def _read(path: Path) -> list[ParameterSet]:
    if path.suffix == ".csv":
        return list(_csv_sets(path))
    if path.suffix == ".json":
        return _tree_sets(read_json(path, ConfigError, _HINT, most_bytes=MOST_BYTES), path)
    return _tree_sets(read_yaml(path, most_bytes=MOST_BYTES), path)


def _tree_sets(tree: Any, path: Path) -> list[ParameterSet]:
    """From a list of sets or of trials, a leaderboard, or one set alone."""
    entries = tree["trials"] if isinstance(tree, dict) and isinstance(tree.get("trials"), list) else tree
    entries = [entries] if isinstance(entries, dict) else entries
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"`{path}` holds no sets of parameters", _HINT)
    complete = [entry for entry in entries if entry.get("state", "complete") in _COMPLETE]
    return [entry["params"] if isinstance(entry.get("params"), dict) else entry for entry in complete]


def _csv_sets(path: Path) -> Iterator[ParameterSet]:
    text = read_text(path, ConfigError, _HINT, most_bytes=MOST_BYTES, encoding="utf-8-sig")
    for row in list(csv.DictReader(io.StringIO(text, newline=""))):
        if row.get("state", "complete") not in _COMPLETE:
            continue
        of_board = {key: cell for key, cell in row.items() if key and key.startswith(_PREFIX)}
        cells = {key.removeprefix(_PREFIX): read_cell(cell) for key, cell in (of_board or row).items() if key and cell}
        yield {key: parse_yaml(cell, source=f"{path}, {key}") for key, cell in cells.items()}


def _checked(params: ParameterSet, known: dict[str, Parameter], where: str, problems: list[Problem]) -> ParameterSet:
    """The set under full names, with the choices that it takes for granted; its mistakes go to `problems`."""
    shorts = {short: name for name, short in short_names(known).items()}
    found: ParameterSet = {}
    for key, value in params.items():
        parameter = known.get(key) or known.get(shorts.get(key, ""))
        if parameter is None:
            problems.append(Problem(f"{where}: `{key}` is not searched in this space", did_you_mean(key, known)))
            continue
        fitting, wanted = fit(value, parameter.node)
        if wanted:
            problems.append(Problem(f"{where}: `{parameter.name}` is `{value}`, the space has {wanted}"))
        found[parameter.name] = fitting
    for name in list(found):
        for choice, label in known[name].needs.items():
            if found.setdefault(choice, label) != label:
                problems.append(Problem(f"{where}: `{name}` speaks of `{label}`, and `{choice}` is `{found[choice]}`"))
    return found


def fit(value: Any, node: Node) -> tuple[Any, str]:
    """The value as the node has it, and what the node has where that is not among it."""
    if isinstance(node, Numbers):
        return _number(value, node)
    if isinstance(node, OneOf):
        return _option(value, node)
    values = node.values
    alike = [known for known in values if known == value and isinstance(known, bool) == isinstance(value, bool)]
    if isinstance(node, Seeds):
        return value, "" if alike else f"`{values[0]}` to `{values[-1]}`"
    return alike[0] if alike else value, "" if alike else ", ".join(f"`{known}`" for known in values)


def _option(value: Any, node: OneOf) -> tuple[Any, str]:
    """By its label in the record, or by the name that tables have for it."""
    labels = {**dict(zip(names_of_options(node), node.labels, strict=True)), **{label: label for label in node.labels}}
    known = isinstance(value, str) and value in labels
    return (labels[value], "") if known else (value, ", ".join(f"`{name}`" for name in names_of_options(node)))


def _number(value: Any, node: Numbers) -> tuple[Any, str]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_whole = is_number and float(value).is_integer()
    if not is_number or not node.low <= value <= node.high or (node.kind == "int_uniform" and not is_whole):
        kind = "whole numbers from " if node.kind == "int_uniform" else ""
        return value, f"{kind}`{node.low:g}` to `{node.high:g}`"
    return (int(value) if node.kind == "int_uniform" else float(value)), ""
