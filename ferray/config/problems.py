"""Problems of what was asked, worded for the person who asked: all of them together, each with its own hint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ferray.config.called import name_like
from ferray.config.holders import CHOICES
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.registry import ROOMS
from ferray.text.commands import command

_NAME = re.compile(r"(?:name: is `|`--name )([^`]*)`")
_HINTS = ("; did you mean", "; known names")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, `key: what is wrong`, and what to do about it, "" where nothing nearer is known."""

    text: str
    hint: str = ""

    @classmethod
    def of(cls, line: str) -> Problem:
        """From a line that carries its hint at its end, behind a semicolon."""
        cuts = [index for hint in _HINTS if (index := line.find(hint)) >= 0]
        return cls(line[: min(cuts)], line[min(cuts) + 2 :]) if cuts else cls(line)


def problems_error(source: str, problems: Sequence[str | Problem]) -> ConfigError:
    """One ConfigError for all problems of `source`, a file or the command line ("")."""
    found = [problem if isinstance(problem, Problem) else Problem.of(problem) for problem in problems]
    if len(found) == 1:
        (problem,) = found
        return ConfigError(
            f"{source}: {problem.text}" if source else problem.text, problem.hint or _where(problem.text)
        )
    listed = "\n".join(f"  {problem.text}{f'; {problem.hint}' if problem.hint else ''}" for problem in found)
    told = f"{source} has {len(found)} problems" if source else f"{len(found)} options are wrong"
    hinted = any(problem.hint for problem in found)
    return ConfigError(f"{told}\n{listed}", "" if hinted else _where(found[0].text))


def _where(text: str) -> str:
    """The command that shows what is allowed where a problem was found."""
    name = _NAME.match(text)
    if name:
        return f"for example `--name {name_like(name[1])}`"
    typed = text.removeprefix("`--set ").split("=", 1)[0] if text.startswith("`--set ") else text.split(":", 1)[0]
    field, *rest = typed.removeprefix("space.").removeprefix("base.").split(".")
    if field in CHOICES and rest and rest[0] in ROOMS[CHOICES[field].ROOM].names():
        return f"`{command('show component', field, rest[0])}` lists its parameters and their bounds"
    known = [field] if field in {*SweepSpec.model_fields, *TrialConfig.model_fields} else []
    return f"`{command('show keys', *known)}` lists every key with its values and its default"
