"""The canonical form of parameters: what identities are made of, the same before and after a parameter is added.

A recipe, a sweep's identity and the name of a pack are hashes of a canonical form, defaults included. A parameter that
comes to a class later would change them all, and old sweeps would refuse to go on. So it says that it came later, in
its own line:

    dropout: Annotated[float, Field(ge=0, lt=1)] = added_later(0.0)

At its default it is left out, so that every configuration from before it keeps its identity. That default never
changes, as it is what configurations without the parameter mean. Where another default gives the same results:

    bad_samples: Literal["auto", "refuse"] = new_default("auto", stands_for="refuse")
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, Field, JsonValue, create_model

_MARK = "ferray"
_LEFT_OUT = "added later"
_STANDS_FOR = "default stands for"


def added_later(default: Any) -> Any:
    """A field that is no part of the canonical form while it has its default."""
    return Field(default, validate_default=True, json_schema_extra={_MARK: {_LEFT_OUT: True}})


def new_default(default: Any, *, stands_for: JsonValue) -> Any:
    """A field whose default is written as the former one, which gave the same results wherever it gave any."""
    return Field(default, validate_default=True, json_schema_extra={_MARK: {_STANDS_FOR: stands_for}})


def canonical_form(model: BaseModel) -> dict[str, JsonValue]:
    """Plain JSON containers of all parameters, defaults included, those aside that were added later."""
    plain = model.model_dump(mode="json")
    form: dict[str, JsonValue] = {}
    for name in plain:
        form[name] = _canonical(getattr(model, name), plain[name])
        mark = _mark_of(type(model).model_fields[name].json_schema_extra)
        if not mark or form[name] != _canonical_default(type(model), name):
            continue
        if _LEFT_OUT in mark:
            del form[name]
        else:
            form[name] = mark[_STANDS_FOR]
    return form


def canonical_text(model: BaseModel, *, without: Iterable[str] = ()) -> str:
    """The canonical form on one line, some parameters aside: what the name of a cached file is made of."""
    form = {key: value for key, value in canonical_form(model).items() if key not in set(without)}
    return json.dumps(form, separators=(",", ":"), ensure_ascii=False)


def _canonical(value: Any, plain: Any) -> Any:
    """The canonical form of a value whose plain JSON is `plain`: that of the parameters in it, however deep."""
    if isinstance(value, BaseModel):
        own = getattr(value, "canonical", None)
        return own() if own else canonical_form(value)
    if isinstance(value, Mapping):
        return {key: _canonical(inner, plain[key]) for key, inner in zip(plain, value.values(), strict=True)}
    if isinstance(value, list | tuple):
        return [_canonical(inner, inner_plain) for inner, inner_plain in zip(value, plain, strict=True)]
    return plain


def _mark_of(extra: Any) -> dict[str, Any]:
    return extra.get(_MARK, {}) if isinstance(extra, dict) else {}


@cache
def _canonical_default(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields[name]
    definition: Any = (field.annotation, field)
    alone: Any = create_model("Alone", value=definition)()
    return _canonical(alone.value, alone.model_dump(mode="json")["value"])
