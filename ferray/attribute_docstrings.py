"""What is written under the fields of a class, read from its file when somebody asks.

Pydantic's `use_attribute_docstrings` reads it as each class is made, which every start of every process would pay for.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Sequence
from functools import cache


def attribute_docstrings(owner: type) -> dict[str, str]:
    """The string under each annotated attribute of a class, none for those that it has inherited.

    Empty where there is no source to be read, and of a class that is defined inside a function.
    """
    return _in_module(owner.__module__).get(owner.__qualname__, {})


@cache
def _in_module(name: str) -> dict[str, dict[str, str]]:
    """Of every class of a module, by its qualified name."""
    try:
        source = inspect.getsource(sys.modules[name])
    except (KeyError, OSError, TypeError):  # typed at a prompt, built in, or compiled
        return {}
    return dict(_classes_in(ast.parse(source).body, ""))


def _classes_in(body: Sequence[ast.stmt], outer: str) -> Iterator[tuple[str, dict[str, str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{outer}{node.name}", _strings_under_fields(node)
            yield from _classes_in(node.body, f"{outer}{node.name}.")


def _strings_under_fields(owner: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: inspect.cleandoc(under.value.value)
        for field, under in zip(owner.body, owner.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(under, ast.Expr) and isinstance(under.value, ast.Constant) and isinstance(under.value.value, str)
    }
