"""What a file for `ray up` asks Amazon EC2 for, held against botocore's model of `RunInstances`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.ray_launcher import prepared_types, provider_of
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem, dotted, offer, quoted, unknown_field
from ferray.cluster.checks.source_file import SourceFile
from ferray.config.optional_package import why_not_imported

NAME = "EC2's RunInstances"
RAYS_OWN = ("SubnetIds",)  # which Ray turns into one SubnetId


def applies(source: SourceFile) -> bool:
    """Whether the file asks for nodes of EC2."""
    return any(provider_of(document).get("type") == "aws" for document in source.documents)


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What EC2 would refuse of the nodes."""
    try:
        model = _ec2_model()
    except ImportError as error:
        yield NotChecked(source.path, NAME, f"botocore {why_not_imported(error)}", "aws")
        return
    for document in source.documents:
        for path, message in (*_place_problems(document), *_node_problems(document, model)):
            yield source.finding(NAME, message, document.line(path))


@cache
def _ec2_model() -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model("ec2").operation_model("RunInstances").input_shape


def _place_problems(document: Document) -> Iterator[Problem]:
    """A region that there is not, and zones outside it."""
    provider = provider_of(document)
    region = provider.get("region")
    if not isinstance(region, str):
        yield ("provider",), "`provider.region` is missing"
        return
    known = _regions()
    if region not in known:
        yield ("provider", "region"), f"`{region}` is no region that botocore knows{offer(region, known)}"
    zones = provider.get("availability_zone", "")
    for zone in zones.split(",") if isinstance(zones, str) and zones else ():
        if not re.fullmatch(rf"{re.escape(region)}(-[a-z]+-\d+)?[a-z]", zone.strip()):
            yield ("provider", "availability_zone"), f"`{zone.strip()}` is no zone of the region `{region}`"


@cache
def _regions() -> list[str]:
    import botocore.session

    session = botocore.session.get_session()
    return [name for part in session.get_available_partitions() for name in session.get_available_regions("ec2", part)]


def _node_problems(document: Document, model: Any) -> Iterator[Problem]:
    from botocore.validate import ParamValidator

    for name, node_config in prepared_types(document):
        path = ("available_node_types", name, "node_config")
        asked = {key: value for key, value in node_config.items() if key not in RAYS_OWN}
        if "ImageId" not in asked and "LaunchTemplate" not in asked:
            yield path, f"`{dotted(path)}` has no `ImageId`: Ray would take an image of Ubuntu 18.04"
        problems = list(shape_problems(model, asked, path))
        yield from problems
        if not problems:
            report = ParamValidator().validate({**asked, "MinCount": 1, "MaxCount": 1}, model)
            yield from ((path, line) for line in report.generate_report().splitlines())


def shape_problems(shape: Any, value: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Fields that a structure does not have, values of another type, and words that an enumeration does not have.

    botocore's own validator names neither the place of the first nor looks at the last.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name not in shape.members:
                yield (*path, name), unknown_field(str(name), path, shape.members)
            else:
                yield from shape_problems(shape.members[name], inner, (*path, name))
    elif kind == "list" and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from shape_problems(shape.member, inner, (*path, index))
    elif not isinstance(value, _python_types(kind)) or (isinstance(value, bool) and kind != "boolean"):
        yield path, f"`{dotted(path)}`: {quoted(value)} is no {kind}"
    elif kind == "string" and shape.enum and value not in shape.enum:
        yield path, f"`{dotted(path)}`: `{value}` is not known to botocore{offer(value, shape.enum)}"


def _python_types(kind: str) -> tuple[type, ...]:
    return {
        "structure": (dict,),
        "map": (dict,),
        "list": (list,),
        "string": (str,),
        "boolean": (bool,),
        "integer": (int,),
        "long": (int,),
        "float": (int, float),
        "double": (int, float),
    }.get(kind, (object,))
