"""The head of the EfficientNet for FER-2013."""

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


class BnMlp(HeadFactory):
    """Linear, dropout, BatchNorm, linear: Elizabeth's head for FER-2013.

    No activation between the layers: the publication names none. The last softmax belongs to the loss.
    Source: Elizabeth, EfficientNet on FER-2013 with three answers to imbalance (2021).
    """

    class Params(registry.Params):
        hidden: Annotated[int, Field(ge=1, le=8192)] = 256
        """Units between the two linear layers."""
        dropout: Annotated[float, Field(ge=0, le=0.95)] = 0.5
        """Fraction of them set to zero in training."""

    def build(self, num_features: int, num_classes: int) -> nn.Module:
        return nn.Sequential(
            nn.Linear(num_features, self.params.hidden),
            nn.Dropout(self.params.dropout),
            nn.BatchNorm1d(self.params.hidden),
            nn.Linear(self.params.hidden, num_classes),
        )
