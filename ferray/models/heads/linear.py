"""One linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ferray import registry
from ferray.models.heads import HeadFactory
from ferray.system.late import late

if TYPE_CHECKING:
    from torch import nn
else:
    nn = late("torch.nn")


class LinearHead(HeadFactory):
    """Dropout and one linear layer."""

    class Params(registry.Params):
        dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.2
        """Fraction of features set to zero in training."""

    def build(self, num_features: int, num_classes: int) -> nn.Module:
        return nn.Sequential(nn.Dropout(self.params.dropout), nn.Linear(num_features, num_classes))
