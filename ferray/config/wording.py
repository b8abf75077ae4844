"""pydantic's findings in ferray's words, one line each, by the path of the key that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from ferray.errors import did_you_mean


class NestedProblems(ValueError):
    """The findings of a component's own parameter class, on their way through the class around it."""

    def __init__(self, name: str, error: ValidationError, known: tuple[str, ...]) -> None:
        super().__init__("; ".join(problem_lines(error, prefix=(name,), known=known)))
        self.name = name
        self.error = error
        self.known = known


def problem_lines(error: ValidationError, *, prefix: tuple[str, ...] = (), known: Iterable[str] = ()) -> list[str]:
    """pydantic's findings, one `key.path: what is wrong` each, the value in backticks; `known` are the right keys."""
    lines: list[str] = []
    for item in _merged(error.errors()):
        path = (*prefix, *(str(part) for part in item["loc"]))
        nested = item.get("ctx", {}).get("error")
        if isinstance(nested, NestedProblems):
            lines += problem_lines(nested.error, prefix=(*path, nested.name), known=nested.known)
        elif item["type"] == "extra_forbidden" and len(item["loc"]) == 1 and known:
            lines.append(f"{_join(path, 'is not a known key')}; {did_you_mean(path[-1], known)}")
        else:
            lines += [_join(path, text) for text in _wording(item).split("\n")]
    return lines


_KIND = re.compile(r"literal\[.*\]|constrained-\w+|int|float|str|bool")  # of a union, in the path of a finding
_BOUNDS = {"le": "at most", "lt": "less than", "ge": "at least", "gt": "more than"}
_EXPECTED = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "`true` or `false`"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "keys with their values"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    "string_type": "text",
}


def _merged(items: Iterable[Any]) -> list[Any]:
    """The findings, those of one value that may be of several kinds as one: the bound it breaks, or all kinds."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for item in items:
        loc = item["loc"]
        is_kind = len(loc) > 1 and _KIND.fullmatch(str(loc[-1])) is not None
        place = loc[:-1] if is_kind else loc
        found.setdefault(place if is_kind else (*loc, item["type"]), []).append({**item, "loc": place})
    return [_one_of_kinds(same) for same in found.values()]


def _one_of_kinds(items: list[Any]) -> Any:
    bounded = [item for item in items if _BOUNDS.keys() & item.get("ctx", {}).keys()]
    if bounded or len(items) == 1:
        return [*bounded, *items][0]
    kinds = [_EXPECTED.get(item["type"], "") or _backticked(item["ctx"]["expected"]) for item in items]
    return {**items[0], "type": "literal_error", "ctx": {"expected": " or ".join(kinds)}}


def _backticked(text: str) -> str:
    return text.replace("'", "`")


def _wording(item: Any) -> str:
    """One finding in ferray's words; several lines where a validator of ours listed several problems."""
    given, limits = item["input"], item.get("ctx", {})
    for key, words in _BOUNDS.items():
        if key in limits:
            return f"is `{given}`, allowed is {words} `{limits[key]:g}`"
    if item["type"] == "extra_forbidden":
        return "is not a known key"
    if item["type"] in _EXPECTED:
        return f"is `{given}`, expected is {_EXPECTED[item['type']]}"
    if item["type"] == "literal_error":
        return f"is `{given}`, allowed is {_backticked(limits['expected'])}"
    if item["type"] == "string_pattern_mismatch":
        signs = limits["pattern"].rpartition("0-9")[2].partition("]")[0]
        return f"is `{given}`, allowed are letters, digits and `{signs}`, a letter or digit first"
    message: str = item["msg"]
    if item["type"] == "value_error":
        return message.removeprefix("Value error, ")
    if item["type"] == "missing":
        return "is missing"
    return f"is `{given}`: {message[:1].lower()}{message[1:]}"


def _join(path: tuple[str, ...], text: str) -> str:
    """`space` + `lr: wrong` is `space.lr: wrong`; a problem without a key of its own stands behind the path."""
    head, colon, _ = text.partition(": ")
    if colon and head and " " not in head and "`" not in head:
        return ".".join((*path, text))
    return f"{'.'.join(path)}: {text}" if path else text
