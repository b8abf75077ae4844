"""What a file for `ray up` asks Google Compute Engine for, held against the API's discovery document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.ray_launcher import prepared_types, provider_of
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, schema_problems
from ferray.cluster.checks.source_file import SourceFile
from ferray.config.optional_package import why_not_imported

NAME = "Compute Engine's discovery document"
RAYS_OWN = ("sourceInstanceTemplate", "networkConfig")  # which Ray takes out before it asks
NUMBERS_AS_TEXT = ("int64", "uint64")  # JSON has no such integers: the API takes both


def applies(source: SourceFile) -> bool:
    """Whether the file asks for nodes of Compute Engine."""
    return any(provider_of(document).get("type") == "gcp" for document in source.documents)


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What Compute Engine would refuse of the nodes."""
    try:
        schema = _instance_schema()
    except (ImportError, FileNotFoundError) as error:
        yield NotChecked(source.path, NAME, f"google-api-python-client {why_not_imported(error)}", "gcp")
        return
    for document in source.documents:
        for path, message in (*_place_problems(document), *_node_problems(document, schema)):
            yield source.finding(NAME, message, document.line(path))


def _place_problems(document: Document) -> Iterator[Problem]:
    provider = provider_of(document)
    region, zone = provider.get("region"), provider.get("availability_zone")
    for name, value in (("region", region), ("availability_zone", zone)):
        if not isinstance(value, str):
            yield ("provider",), f"`provider.{name}` is missing"
            return
    if str(zone).rpartition("-")[0] != region:
        yield ("provider", "availability_zone"), f"`{zone}` is no zone of the region `{region}`"


def _node_problems(document: Document, schema: dict[str, Any]) -> Iterator[Problem]:
    for name, node_config in prepared_types(document):
        path = ("available_node_types", name, "node_config")
        asked = {key: value for key, value in node_config.items() if key not in RAYS_OWN}
        if "machineType" not in asked:
            yield path, f"`available_node_types.{name}.node_config` has no `machineType`"
        for inner, message in schema_problems(schema, asked):
            yield (*path, *inner), message


@cache
def _instance_schema() -> dict[str, Any]:
    document = files("googleapiclient").joinpath("discovery_cache", "documents", "compute.v1.json")
    schemas = json.loads(document.read_text(encoding="utf-8"))["schemas"]
    definitions = {name: _as_json_schema(schemas[name]) for name in _reached(schemas, "Instance")}
    return {"$ref": "#/$defs/Instance", "$defs": definitions}


def _reached(schemas: dict[str, Any], name: str) -> set[str]:
    """The schemas that `name` refers to, directly or not, and itself."""
    found: set[str] = set()
    todo = [name]
    while todo:
        last = todo.pop()
        if last not in found:
            found.add(last)
            todo.extend(_references(schemas[last]))
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)


def _as_json_schema(found: dict[str, Any]) -> dict[str, Any]:
    """A schema of Google's discovery format as strict JSON schema: fields that it does not name are refused."""
    if "$ref" in found:
        return {"$ref": f"#/$defs/{found['$ref']}"}
    schema: dict[str, Any] = {}
    if found.get("type") not in (None, "any"):
        schema["type"] = ["string", "integer"] if found.get("format") in NUMBERS_AS_TEXT else found["type"]
    if "enum" in found:
        schema["enum"] = found["enum"]
    if "items" in found:
        schema["items"] = _as_json_schema(found["items"])
    if "additionalProperties" in found:
        schema["additionalProperties"] = _as_json_schema(found["additionalProperties"])
    if "properties" in found:
        schema["properties"] = {name: _as_json_schema(inner) for name, inner in found["properties"].items()}
        schema.setdefault("additionalProperties", False)
    return schema
