"""The room of heads: pooled features to logits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ferray.registry import Params
from ferray.system.late import late

if TYPE_CHECKING:
    from torch import nn
else:
    nn = late("torch.nn")


class HeadFactory(ABC):
    """Builds a head: a module from (N, num_features) to logits (N, num_classes)."""

    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None:
        self.params = params

    @abstractmethod
    def build(self, num_features: int, num_classes: int) -> nn.Module: ...
