"""Files of `docker compose`, held against the Compose specification that the package check-jsonschema brings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import schema_problems
from ferray.cluster.checks.source_file import FileKind, SourceFile
from ferray.config.optional_package import why_not_imported

NAME = "the Compose specification"


def applies(source: SourceFile) -> bool:
    """Whether `docker compose` reads the file."""
    return source.kind is FileKind.COMPOSE


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What `docker compose` would refuse of each document."""
    try:
        schema = _schema()
    except (ImportError, FileNotFoundError) as error:
        yield NotChecked(source.path, NAME, f"check-jsonschema {why_not_imported(error)}", "validators")
        return
    for document in source.documents:
        for path, message in schema_problems(schema, document.value):
            yield source.finding(NAME, message, document.line(path))


@cache
def _schema() -> dict[str, Any]:
    file = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json")
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema
