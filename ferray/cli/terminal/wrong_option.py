"""What typer says of an option's value, in ferray's words."""

from __future__ import annotations

from pydantic import ValidationError
from typer import BadParameter
from typer.exceptions import TyperException


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
