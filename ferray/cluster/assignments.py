"""`--set KEY=VALUE` of a kind of cluster, read and checked, all that is wrong said together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ferray.cluster.kinds import Kind
from ferray.cluster.settings import Settings
from ferray.config.problems import Problem
from ferray.config.set_file import with_files_read
from ferray.config.wording import problem_lines
from ferray.config.yaml import parse_yaml
from ferray.errors import ConfigError
from ferray.text.commands import command


def settings_of(kind: Kind, sets: Sequence[str], **given: str) -> Settings:
    """The settings of a kind, what is not set at its default; of a key that is set twice the later one holds.

    `given` are those that an option sets, and `--set` may overrule. A YAML file among `sets` stands for its keys.
    ConfigError with everything that is wrong.
    """
    values: dict[str, Any] = dict(given)
    problems = []
    for item in with_files_read(sets):
        key, equals, text = (part.strip() for part in item.partition("="))
        if not equals or not key:
            problems.append(f"`{item}` is not KEY=VALUE")
        else:
            values[key] = _value(kind, key, text)
    try:
        settings = kind.settings.model_validate(values)
    except ValidationError as error:
        problems += problem_lines(error, known=kind.settings.model_fields)
    if problems:
        raise _refusal(kind, problems)
    return settings


def folder_named(to: Path) -> str:
    """The folder as the commands in its files name it; ConfigError where they cannot."""
    try:
        return Settings(folder=str(to)).folder
    except ValidationError as error:
        problem = str(error.errors()[0]["ctx"]["error"])
        raise ConfigError(
            f"`--to` {problem}", "its files name it in their commands: give the path from here, or another folder"
        ) from error


def _value(kind: Kind, key: str, text: str) -> Any:
    """A text as it was typed, from which pydantic reads numbers; a list may be written with commas alone."""
    field = kind.settings.model_fields.get(key)
    if field is not None and isinstance(field.default, tuple) and not text.startswith("["):
        return [part.strip() for part in text.split(",")]
    if text.startswith(("[", '"', "'")):
        return parse_yaml(text, source=f"--set {key}")
    return None if text in ("", "null", "~") else text


def _refusal(kind: Kind, problems: list[str]) -> ConfigError:
    hint = f"`{command('cluster list', kind.name)}` lists what may be set, with its values"
    if len(problems) > 1:
        listed = "\n".join(f"  {problem}" for problem in problems)
        return ConfigError(f"{len(problems)} settings of `{kind.name}` are wrong\n{listed}", hint)
    problem = Problem.of(problems[0])
    return ConfigError(f"`--set`: {problem.text}", problem.hint or hint)
