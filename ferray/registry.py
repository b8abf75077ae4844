"""Components named by their file: `focal` is `ferray/imbalance/focal.py`.

There is no list to edit. A room's names are the files of its folder (those with a leading underscore aside) and the
entry points that other packages declare under the room's name, so a worker on another node finds a component by its
name alone, and listing names imports nothing heavy.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cache
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, JsonValue, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ferray.attribute_docstrings import attribute_docstrings
from ferray.canonical import canonical_form
from ferray.errors import UnknownComponent, did_you_mean, nearest


class Params(BaseModel):
    """Base of every component's parameters: frozen, unknown keys refused, defaults checked, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    def canonical(self) -> dict[str, JsonValue]:
        """What an identity is made of, and what is compared: see `ferray.canonical`."""
        return canonical_form(self)

    @classmethod
    def canonical_of(cls, written: Any) -> Any:
        """The canonical form of what another version may have written; itself where this one cannot read it."""
        try:
            return cls.model_validate(written).canonical()
        except ValidationError:
            return written

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        own = [part for part in reversed(cls.__mro__) if issubclass(part, Params)]
        told = {name: text for part in own for name, text in attribute_docstrings(part).items()}
        for name, field in handler.resolve_ref_schema(schema).get("properties", {}).items():
            if name in told and cls.model_fields[name].description is None:
                field["description"] = told[name]
        return schema


class Room:
    """One folder of interchangeable components, all subclasses of the class the room's `__init__` calls its interface.

    `package` is the folder's import name, `interface` the name of the class in it, `kind` the words shown to a user,
    `advice` what to add to the hint for an unknown name, `former` its earlier import name, which
    entry points of other packages may still declare.
    """

    def __init__(self, package: str, interface: str, kind: str, *, advice: str = "", former: str = "") -> None:
        self.package = package
        self.interface = interface
        self.kind = kind
        self.advice = advice
        self.former = former

    def names(self) -> list[str]:
        """Every component name, sorted, found without importing any of them."""
        return sorted({*self._files(), *self._entry_points()})

    def load(self, name: str) -> type[Any]:
        """The component class called `name`; UnknownComponent with the nearest name otherwise."""
        if name in self._files():
            return self._class_in(name)
        if name in self._entry_points():
            loaded: type[Any] = self._entry_points()[name].load()
            return loaded
        raise self.unknown(name)

    def require(self, name: str) -> None:
        """UnknownComponent where nothing is called `name`; nothing is imported for a name that there is."""
        if name not in self.names():
            raise self.unknown(name)

    def unknown(self, name: str) -> UnknownComponent:
        """The error for a name that no component has, with the nearest that one has."""
        return UnknownComponent(f"`{name}` is not {_article(self.kind)}", self._hint(name))

    def meaning(self, name: str) -> dict[str, Any] | None:
        """What a name that is no component's most likely means, `{timm: {name: resnet18}}` for `resnet18`; else None.

        Imports every component of the room, so that each can say whether it takes such a name.
        """
        for component in self.names():
            taken = getattr(self.load(component), "taken_for", lambda _: None)(name)
            if taken is not None:
                return {component: taken}
        return None

    def _hint(self, name: str) -> str:
        meant = None if nearest(name, self.names()) else self.meaning(name)
        if meant is not None:
            ((component, params),) = meant.items()
            written = ", ".join(f"{key}: {value}" for key, value in params.items())
            return f"did you mean `{{{component}: {{{written}}}}}`?"
        hint = did_you_mean(name, self.names())
        return f"{hint}, {self.advice}" if self.advice and not hint.startswith("did you mean") else hint

    def params(self, name: str) -> type[Params]:
        """The parameter class of the component called `name`."""
        params: type[Params] = self.load(name).Params
        return params

    def summary(self, name: str) -> str:
        """First line of the component's docstring, read from its file where that is enough: nothing is imported."""
        read = self._docstring_in_file(name) if name in self._files() else None
        return (read or inspect.getdoc(self.load(name)) or "").split("\n", 1)[0]

    def _docstring_in_file(self, name: str) -> str | None:
        """The docstring of the only class, or of the only one whose base is called as the interface."""
        tree = ast.parse(self._folder().joinpath(f"{name}.py").read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        derived = [node for node in classes if self.interface in map(ast.unparse, node.bases)]
        found = derived or classes
        return ast.get_docstring(found[0]) if len(found) == 1 else None

    def _folder(self) -> Path:
        return Path(__file__).parent.joinpath(*self.package.split(".")[1:])

    @cache  # noqa: B019 (rooms live as long as the process)
    def _files(self) -> frozenset[str]:
        return frozenset(path.stem for path in self._folder().glob("*.py") if not path.stem.startswith("_"))

    @cache  # noqa: B019
    def _entry_points(self) -> dict[str, EntryPoint]:
        groups = (self.former, self.package) if self.former else (self.package,)
        return {point.name: point for group in groups for point in entry_points(group=group)}

    @cache  # noqa: B019
    def _class_in(self, name: str) -> type[Any]:
        """The class in the file of that name, which is imported."""
        module = importlib.import_module(f"{self.package}.{name}")
        interface = getattr(importlib.import_module(self.package), self.interface)
        found: list[type[Any]] = [
            value
            for value in vars(module).values()
            if inspect.isclass(value) and value.__module__ == module.__name__ and issubclass(value, interface)
        ]
        assert len(found) == 1, f"{module.__name__} must define exactly one {self.interface}, not {len(found)}"
        return found[0]


def entry_points(*, group: str) -> EntryPoints:
    """Those that installed packages declare under one name."""
    selected: EntryPoints = _all_entry_points().select(group=group)
    return selected


@cache
def _all_entry_points() -> Any:  # SelectableGroups in Python 3.11, EntryPoints later
    """Read once a process: every package that is installed is looked into, whichever group is asked for."""
    return metadata.entry_points()


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


ROOMS: dict[str, Room] = {
    "dataset": Room(
        "ferray.data.datasets", "Dataset", "data set", advice="a folder of your own is `{image_folder: {path: FOLDER}}`"
    ),
    "faces": Room("ferray.faces", "FaceFinder", "face cropper", former="ferray.data.faces"),
    "augment": Room("ferray.augment", "AugmentPolicy", "augmentation policy"),
    "backbone": Room(
        "ferray.models.backbones", "BackboneFactory", "backbone", advice="a timm network is `{timm: {name: resnet18}}`"
    ),
    "head": Room("ferray.models.heads", "HeadFactory", "head"),
    "descriptor": Room("ferray.descriptors", "Descriptor", "descriptor"),
    "estimator": Room("ferray.estimators", "Estimator", "estimator"),
    "loss": Room("ferray.losses", "Loss", "loss"),
    "imbalance": Room("ferray.imbalance", "ImbalanceStrategy", "imbalance strategy"),
    "outliers": Room("ferray.outliers", "OutlierRemoval", "outlier removal"),
    "sampler": Room("ferray.study.samplers", "SamplerFactory", "sampler"),
    "pruner": Room("ferray.study.pruners", "PrunerFactory", "pruner"),
    "launcher": Room("ferray.launch", "Launcher", "launcher"),
    "tracker": Room("ferray.track", "Tracker", "tracker"),
}
