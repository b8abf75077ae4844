"""The room of backbones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ferray.models.backbones._input_spec import InputSpec
from ferray.registry import Params

if TYPE_CHECKING:
    from ferray.models.backbones._backbone import Backbone

__all__ = ["Backbone", "BackboneFactory", "InputSpec"]


class BackboneFactory(ABC):
    """Builds a backbone. Creating one is cheap and touches no network; `check` and `build` may be slow."""

    Params: ClassVar[type[Params]]
    takes: ClassVar[Literal["images", "features"]] = "images"  # as its backbone
    late_imports: ClassVar[tuple[str, ...]] = ()  # modules that it imports when it is asked for the first time
    is_large: ClassVar[bool] = False  # whether the check before a sweep should build it without numbers

    def __init__(self, params: Any) -> None:
        self.params = params

    @classmethod
    def taken_for(cls, name: str) -> dict[str, Any] | None:  # noqa: ARG003 (most backbones take none)
        """The parameters that a name means, or one that it is a slip of, which is no backbone's; None for any other."""
        return None

    def check(self) -> None:  # noqa: B027 (most backbones have nothing that could be missing)
        """Raise ConfigError, with the nearest name, when `build` could not work: unknown name, no weights to be had."""

    @abstractmethod
    def input_spec(self) -> InputSpec:
        """What the backbone will want to see, known without building it."""

    @abstractmethod
    def build(self) -> Backbone:
        """A fresh backbone; random weights come from torch's global generator, which the caller has seeded."""


def __getattr__(name: str) -> Any:
    """`Backbone`, with which comes torch, once somebody asks for it."""
    if name == "Backbone":
        from ferray.models.backbones._backbone import Backbone

        return Backbone
    raise AttributeError(f"module `{__name__}` has no `{name}`")
