"""Options of Ray's programs, in commands and in KubeRay's `rayStartParams`, held against Ray's own parser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, offer
from ferray.cluster.checks.shell_texts import command_lines
from ferray.cluster.checks.source_file import SourceFile
from ferray.errors import did_you_mean, nearest

NAME = "Ray's command line"
HANDS_ON = "symmetric-run"  # behind its options another program's words stand, and what is not its own goes to `start`


class _Command(Protocol):
    """What of click's commands is asked."""

    params: list[Any]


def applies(source: SourceFile) -> bool:
    """Whether the file calls a program of Ray."""
    calls = any(call.behind("ray") for call in command_lines(source))
    return calls or any(True for document in source.documents for _ in _start_params(document))


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """Options of `ray` that there are not, and values that they do not take."""
    from ray.scripts.scripts import cli

    commands: dict[str, _Command] = cli.commands
    for call in command_lines(source):
        for message in _call_problems(call.behind("ray") or (), commands):
            yield source.finding(NAME, message, call.line)
    for document in source.documents:
        for path, start_params in _start_params(document):
            for inner, message in _param_problems(path, start_params, commands["start"]):
                yield source.finding(NAME, message, document.line(inner))


def _call_problems(words: tuple[str, ...], commands: dict[str, _Command]) -> Iterator[str]:
    name = words[0] if words else ""
    if name not in commands:
        if name.replace("-", "_").isidentifier():
            yield f"`ray {name}` is no command: {did_you_mean(name, commands)}"
        return
    if name == "job":
        return
    known = _options(commands[name])
    if name == HANDS_ON:
        known |= _options(commands["start"])
    for index, word in enumerate(words[1:], start=1):
        if word == "--":
            return
        option, equals, value = word.partition("=")
        if not option.startswith("--"):
            if name == HANDS_ON and _is_program(words, index, known):
                return
            continue
        if option not in known:
            yield f"`ray {name}` has no option `{option}`{offer(option, known)}"
        elif equals:
            yield from _value_problems(option, value, known[option])


def _is_program(words: tuple[str, ...], index: int, known: dict[str, Any]) -> bool:
    """Whether a word is no value of the option before it."""
    before = known.get(words[index - 1])
    return before is None or before.is_flag


def _options(command: _Command) -> dict[str, Any]:
    return {name: param for param in command.params for name in (*param.opts, *param.secondary_opts) if "-" in name}


def _value_problems(option: str, value: str, param: Any) -> Iterator[str]:
    """A value that a number or a choice does not take; what a shell fills in is not known here."""
    if "$" in value or "`" in value or getattr(param, "is_flag", False) or param.type.name not in ("integer", "choice"):
        return
    try:
        param.type.convert(value, param, None)
    except Exception as error:  # click's BadParameter, whichever click Ray brings
        yield f"`{option}={value}`: {error}"


def _start_params(document: Document) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    for path, mapping in document.mappings():
        if isinstance(mapping.get("rayStartParams"), dict):
            yield (*path, "rayStartParams"), mapping["rayStartParams"]


def _param_problems(path: tuple[str | int, ...], given: dict[str, Any], start: _Command) -> Iterator[Problem]:
    known = _options(start)
    for name, value in given.items():
        option = f"--{name}"
        if option not in known:
            near = nearest(option, known)
            meant = f": did you mean `{near.removeprefix('--')}`?" if near else ""
            yield (*path, name), f"`ray start` has no option `{option}`{meant}"
        else:
            yield from (((*path, name), message) for message in _value_problems(option, str(value), known[option]))
