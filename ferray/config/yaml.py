"""YAML read strictly: what it says is what you get.

PyYAML's safe loader reads `1e-4` as text, `no` as False, `010` as 8, `1:30` as 90, a date as an object, and keeps the
last of two equal keys without a word. Here numbers and booleans follow YAML 1.2's core schema, and a repeated key or
an alias is refused.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml

from ferray.errors import ConfigError
from ferray.files.read import read_text
from ferray.text.commands import command

MOST_BYTES = 128 * 1024  # of a space, in which a second goes by; those that come with ferray have 4 kB


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the core schema's scalars and without aliases and repeated keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as PyYAML declares it)

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out
            raise yaml.constructor.ConstructorError(None, None, "aliases (`*name`) are not read", event.start_mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: Any) -> Any:
        if "\0" in str(node.value):  # no path and no name may hold one
            raise yaml.constructor.ConstructorError(None, None, "a text with a zero byte", node.start_mark)
        return super().construct_scalar(node)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"the key `{key}` is not text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key}` stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _plain_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node), 10)


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _plain_int)


def parse_yaml(text: str, *, source: str) -> Any:
    """The plain tree in `text`; ConfigError with line and column where it is not strict YAML."""
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(
            f"{source}{where}: {error.problem}", f"see `{command('show space demo')}` for a space that works"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{source} is not YAML: {str(error).splitlines()[0] if str(error) else 'nested too deeply'}"
        ) from error


def flow(value: Any) -> str:
    """A plain tree as YAML on one line, as one would type it: `{timm: {name: resnet18}}`."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**9, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def exact(value: Any) -> str:
    """What Python holds as YAML on one line that is read back as the same; ConfigError for what none can say."""
    try:
        text = flow(value)
        return text if parse_yaml(text, source="") == value else _as_json(value)
    except (yaml.YAMLError, ConfigError):
        return _as_json(value)


def _as_json(value: Any) -> str:
    """JSON with what YAML takes for the end of a line or cannot read written out; it knows no pairs of surrogates."""
    text = json.dumps(value, default=_of_library, ensure_ascii=False)
    return re.sub(
        "[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text
    )


def _of_library(value: Any) -> Any:
    """A path, or a number of NumPy's or torch's, as Python's own."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "item"):
        return value.item()
    message = f"no space can hold `{value!r}`, which is of the type `{type(value).__name__}`"
    raise ConfigError(message, "give it numbers, texts, lists and mappings of these")


def read_yaml(path: Path, *, most_bytes: int = MOST_BYTES) -> Any:
    """The plain tree in a file; ConfigError where it cannot be read, is too large or is not strict YAML."""
    return parse_yaml(read_text(path, ConfigError, most_bytes=most_bytes), source=str(path))
