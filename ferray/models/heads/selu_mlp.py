"""The head of the improved ResNet-50 for SFEW."""

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


class SeluMlp(HeadFactory):
    """Dropout, linear, SELU, dropout, linear: Wang's head for SFEW.

    Source: Wang, improved ResNet-50 with bimodal distribution removal (2020); the defaults are its published values.
    """

    class Params(registry.Params):
        hidden: Annotated[int, Field(ge=1, le=8192)] = 512
        """Units of the hidden layer."""
        dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.6
        """Before the hidden layer."""
        dropout_hidden: Annotated[float, Field(ge=0, le=0.95)] = 0.8
        """After the hidden layer."""

    def build(self, num_features: int, num_classes: int) -> nn.Module:
        return nn.Sequential(
            nn.Dropout(self.params.dropout),
            nn.Linear(num_features, self.params.hidden),
            nn.SELU(inplace=True),
            nn.Dropout(self.params.dropout_hidden),
            nn.Linear(self.params.hidden, num_classes),
        )
