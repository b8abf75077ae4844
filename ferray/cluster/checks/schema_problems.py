"""What a JSON schema has against a value, each thing once and in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonschema
from referencing import Registry

from ferray.errors import did_you_mean, nearest

Problem = tuple[tuple[str | int, ...], str]  # the path of the value, and what is wrong with it
MOST_SIGNS = 60  # of a value that a sentence quotes


def schema_problems(schema: Mapping[str, Any], value: Any, registry: Registry[Any] | None = None) -> Iterator[Problem]:
    """Everything that `schema` has against `value`; `registry` holds what it refers to."""
    validator = jsonschema.Draft202012Validator(schema, registry=Registry() if registry is None else registry)
    yield from _problems(validator.iter_errors(value), schema)


def _problems(errors: Iterable[jsonschema.ValidationError], root: Mapping[str, Any]) -> Iterator[Problem]:
    for error in errors:
        path = tuple(error.absolute_path)
        if error.validator in ("additionalProperties", "unevaluatedProperties") and isinstance(error.instance, dict):
            yield from _unknown_fields(error, path, set(_fields(error.schema, root)))
        elif error.context:
            yield from _problems([_nearest(error.context)], root)
        else:
            yield path, _sentence(error, path)


def _nearest(errors: Iterable[jsonschema.ValidationError]) -> jsonschema.ValidationError:
    """Of the alternatives that a value matches none of, the one that it comes nearest to."""
    return max(errors, key=lambda error: (len(error.absolute_path), error.validator != "type"))


def _unknown_fields(
    error: jsonschema.ValidationError, path: tuple[str | int, ...], known: set[str]
) -> Iterator[Problem]:
    patterns = error.schema.get("patternProperties", {})
    unknown = [name for name in error.instance if name not in known and not any(re.search(p, name) for p in patterns)]
    for name in unknown:
        yield (*path, name), unknown_field(str(name), path, known)
    if not unknown:
        yield path, _sentence(error, path)


def _fields(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    """The names that a schema knows, those of what it is put together from among them."""
    yield from schema.get("properties", {})
    parts = [*schema.get("allOf", ()), *([schema] if "$ref" in schema else ())]
    for part in parts:
        reference = part.get("$ref", "")
        inner = root.get("$defs", {}).get(reference.removeprefix("#/$defs/")) if reference else part
        if inner is not None:
            yield from _fields(inner, root)


def unknown_field(name: str, path: tuple[str | int, ...], known: Iterable[str]) -> str:
    """The sentence about a key that nobody reads."""
    return f"`{name}` is no field of `{dotted(path) or 'the file'}`{offer(name, known)}"


def offer(word: object, known: Iterable[str]) -> str:
    """What goes behind a sentence about a word that is not known: its nearest neighbour, "" where there is none."""
    near = nearest(str(word), known)
    return f": did you mean `{near}`?" if near else ""


def _sentence(error: jsonschema.ValidationError, path: tuple[str | int, ...]) -> str:
    where = f"`{dotted(path)}`: " if path else ""
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{where}{', '.join(f'`{name}`' for name in missing)} is missing"
    value = quoted(error.instance)
    if error.validator == "type":
        allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        return f"{where}{value} is not of the type {' or '.join(allowed)}"
    if error.validator in ("enum", "const"):
        return f"{where}{value} is not allowed: {_allowed(error)}"
    return f"{where}{value}: {error.message}" if len(error.message) < 2 * MOST_SIGNS else f"{where}{value} is not valid"


def _allowed(error: jsonschema.ValidationError) -> str:
    values = error.validator_value if error.validator == "enum" else [error.validator_value]
    return did_you_mean(str(error.instance), map(str, values))


def dotted(path: Iterable[str | int]) -> str:
    """A path as one would write it: `spec.containers[0].image`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def quoted(value: Any) -> str:
    """A value in backticks, cut where it is long."""
    text = str(value)
    return f"`{text}`" if len(text) <= MOST_SIGNS else f"`{text[:MOST_SIGNS]}…`"
