"""The schemas of Kubernetes' own API, as the package kubernetes-validate brings them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from referencing import Registry, Resource

_VERSION = re.compile(r"v(\d+)\.(\d+)\.\d+-local-strict")


@dataclass(frozen=True)
class KubernetesSchemas:
    """The newest version's schemas, which refuse unknown fields."""

    folder: Traversable

    @property
    def version(self) -> str:
        """Such as `1.37`."""
        return ".".join(map(str, _version(self.folder.name)))

    def schema_of(self, kind: str, api_version: str) -> dict[str, Any] | None:
        """The schema of a kind, None where Kubernetes has none of that name in that version of its API."""
        file = self.folder.joinpath(f"{kind.lower()}-{_short(api_version)}.json")
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None

    def kinds_of(self, api_version: str) -> list[str]:
        """The kinds of one version of the API, in small letters."""
        end = f"-{_short(api_version)}.json"
        return [file.name.removesuffix(end) for file in self.folder.iterdir() if file.name.endswith(end)]

    @cached_property
    def registry(self) -> Registry[Any]:
        """What the schemas refer to."""
        definitions = json.loads(self.folder.joinpath("_definitions.json").read_text(encoding="utf-8"))
        resource: Resource[Any] = Resource.from_contents(definitions)
        empty: Registry[Any] = Registry()
        filled: Registry[Any] = empty.with_resource(definitions["$id"], resource)
        return filled


@cache
def kubernetes_schemas() -> KubernetesSchemas:
    """ImportError where kubernetes-validate is not installed."""
    folders = [
        folder
        for folder in files("kubernetes_validate").joinpath("kubernetes-json-schema").iterdir()
        if _VERSION.fullmatch(folder.name)
    ]
    return KubernetesSchemas(max(folders, key=lambda folder: _version(folder.name)))


def _version(folder: str) -> tuple[int, int]:
    found = _VERSION.fullmatch(folder)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _short(api_version: str) -> str:
    """As files are called: `networking.k8s.io/v1` is `networking-v1`."""
    return re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version).lower()
