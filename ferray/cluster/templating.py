"""Filling a template of `ferray/cluster/templates/` with settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from posixpath import basename
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".j2"


def filled(file: str, values: Mapping[str, Any]) -> str:
    """The text of the file `file`, such as `docker/Dockerfile`; a name that has no value is a mistake of ours."""
    return _environment().get_template(f"{file}{SUFFIX}").render(values)


@cache
def _environment() -> Environment:
    """`@{name}` is filled in, which means nothing to YAML, bash and Dockerfiles; their own braces stay as they are."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # no page: settings are words of a few signs, which their classes check
        undefined=StrictUndefined,
        variable_start_string="@{",
        variable_end_string="}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["basename"] = basename
    return environment
