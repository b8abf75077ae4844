"""timm's model names, without the ten seconds that importing timm takes where possible."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ferray.errors import UnknownComponent, nearest


def check_name(name: str) -> None:
    """Raise UnknownComponent, with its successor or the nearest name, for a model that timm does not have."""
    architecture, _, tag = name.partition(".")
    if architecture in successors():
        renamed = successors()[architecture]
        raise UnknownComponent(f"timm has renamed `{architecture}`", f"it is `{renamed}` there")
    if architecture not in architectures():
        raise UnknownComponent(f"timm has no model `{name}`", _nearest(architecture, architectures()))
    if tag:
        import timm

        tagged = timm.list_models(f"{architecture}.*", include_tags=True)
        if name not in tagged:
            raise UnknownComponent(f"timm has no weights `{name}`", _nearest(name, tagged))


def nearest_name(name: str) -> str:
    """The model of timm that a name is or is a slip of, with the tag of its weights; "" where there is none."""
    architecture, dot, tag = name.partition(".")
    if architecture in successors():
        return successors()[architecture]
    known = architecture if architecture in architectures() else nearest(architecture, architectures())
    return f"{known}{dot}{tag}" if known else ""


@cache
def architectures() -> frozenset[str]:
    """Every model name, read from timm's source."""
    found = (re.findall(r"@register_model\s+def (\w+)\(", source) for source in sources())
    return frozenset(name for names in found for name in names)


@cache
def successors() -> dict[str, str]:
    """What each model that timm has renamed is called now, read from timm's source."""
    call = re.compile(r"register_model_deprecations\(__name__,\s*(\{.*?\})\s*\)", re.DOTALL)
    tables = (ast.literal_eval(table) for source in sources() for table in call.findall(source))
    return {old: new for table in tables for old, new in table.items()}


@cache
def sources() -> tuple[str, ...]:
    """The texts of timm's models."""
    package = importlib.util.find_spec("timm")
    assert package is not None, "timm is a dependency"
    assert package.origin is not None
    return tuple(path.read_text(encoding="utf-8") for path in sorted(Path(package.origin).parent.glob("models/*.py")))


def _nearest(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else "timm.list_models() gives the names"
