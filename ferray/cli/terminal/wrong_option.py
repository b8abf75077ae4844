"""What typer says of an option or its value, in ferray's words."""

from __future__ import annotations

from pydantic import ValidationError
from typer import BadParameter
from typer.exceptions import TyperException

from ferray.text.commands import command

_TAKE_KEYS = ("sweep", "train")  # the commands with `--set`, where others have an option for each key


def words_of(error: TyperException) -> str:
    """The sentence of an error: of a value of the wrong kind as everywhere else, `--trials x` and what it takes."""
    told: str = error.format_message().rstrip(".")
    if not isinstance(error, BadParameter) or not isinstance(error.__cause__, ValidationError) or error.param is None:
        return told
    from ferray.config.wording import problem_lines

    value = error.__cause__.errors()[0]["input"]
    option = max((*error.param.opts, ""), key=len)
    text = problem_lines(error.__cause__)[0].rpartition(f"is `{value}`, ")[2]
    return f"`{option} {value}`: {text}" if option.startswith("-") else told


def hint_of(error: TyperException, verb: str) -> str:
    """What helps against an error of the command `verb`: for an option that is called as a key of a trial, `--set`."""
    word = str(getattr(error, "option_name", "") or "").lstrip("-").replace("-", "_")  # of one that there is not
    if word and verb in _TAKE_KEYS:
        from ferray.config.meant_keys import meant_keys

        meant = meant_keys(word)
        is_near_another = bool(getattr(error, "possibilities", None))
        keys = [key for key in meant if key.rpartition(".")[2] == word] or ([] if is_near_another else meant)
        if keys:
            return f"a key of a trial is changed by {' or '.join(f'`--set {key}=...`' for key in keys)}"
    return f"see `{command(verb, '--help')}`"
