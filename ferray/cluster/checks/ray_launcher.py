"""A file for `ray up` as Ray's own launcher reads it: its defaults, its schema, and the keys that it lets pass."""

from __future__ import annotations

import copy
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, schema_problems, unknown_field
from ferray.cluster.checks.source_file import FileKind, SourceFile

NAME = "Ray's launcher"
# Ray's schema takes any key of `provider`, and whoever means `use_internal_ips` gets public addresses.
IN_CLOUDS = ("region", "availability_zone", "cache_stopped_nodes", "use_internal_ips")
PROVIDER_KEYS = {
    "aws": (*IN_CLOUDS, "security_group", "cloudwatch", "key_pair", "aws_credentials"),
    "gcp": (*IN_CLOUDS, "project_id", "gcp_credentials"),
    "local": ("head_ip", "worker_ips", "coordinator_address", "external_head_ip", "use_external_head_ip"),
}
EVERY_PROVIDER = ("type", "disable_node_updaters", "disable_launch_config_check", "worker_liveness_check")


def applies(source: SourceFile) -> bool:
    """Whether `ray up` reads the file."""
    return source.kind is FileKind.RAY_CLUSTER


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What Ray's launcher has against each document of the file."""
    for document in source.documents:
        config = document.value
        if not isinstance(config, dict) or not isinstance(config.get("provider"), dict):
            yield source.finding(NAME, "`provider` is missing, or is no mapping with a `type`", 1)
            continue
        for path, message in (*_unknown_provider_keys(config["provider"]), *_ray_problems(config)):
            yield source.finding(NAME, message, document.line(path))


def _unknown_provider_keys(provider: dict[str, Any]) -> Iterator[Problem]:
    of_its_type = PROVIDER_KEYS.get(str(provider.get("type")))
    if of_its_type is None:
        return
    known = (*of_its_type, *EVERY_PROVIDER)
    for name in provider:
        if name not in known:
            yield ("provider", name), unknown_field(str(name), ("provider",), known)


def _ray_problems(config: dict[str, Any]) -> Iterator[Problem]:
    from ray.autoscaler._private.util import prepare_config, validate_config

    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said), _without_remarks():
            prepared = prepare_config(copy.deepcopy(config))
    except Exception as error:  # whatever Ray raises on a file that it does not expect is what is wrong with the file
        yield (), f"Ray cannot prepare it: {_words(error, said.getvalue())}"
        return
    problems = list(schema_problems(_schema(), prepared))
    yield from problems
    if not problems:
        try:
            validate_config(prepared)
        except Exception as error:  # Ray's rules raise whatever they like
            yield (), f"Ray refuses it: {_words(error, '')}"


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Ray remarks on every default that it fills in."""
    logger = logging.getLogger("ray.autoscaler._private.util")
    was = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was


def _schema() -> dict[str, Any]:
    import ray.autoscaler

    text = (Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _words(error: Exception, printed: str) -> str:
    """What Ray says, on one line: some of its errors are printed and raised without a word."""
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    text = printed or str(error) or repr(error)
    return " ".join(text.split())


def prepared_types(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """The kinds of nodes that a file asks a cloud for, by name, each with its `node_config`."""
    config = document.value
    types = config.get("available_node_types") if isinstance(config, dict) else None
    for name, node_type in types.items() if isinstance(types, dict) else ():
        node_config = node_type.get("node_config") if isinstance(node_type, dict) else None
        if isinstance(node_config, dict):
            yield str(name), node_config


def provider_of(document: Document) -> dict[str, Any]:
    """The `provider` of a file, empty where there is none."""
    provider = document.value.get("provider") if isinstance(document.value, dict) else None
    return provider if isinstance(provider, dict) else {}
