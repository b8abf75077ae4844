"""What an outlier rule calls the error of a sample, for axes and titles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """The name of an error measure, and its unit, "" for a pure number."""

    name: str
    unit: str = ""

    @property
    def label(self) -> str:
        """`cross-entropy (nats)`."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def variance(self) -> str:
        """`variance of the cross-entropy (nats²)`."""
        return f"variance of the {self.name}{f' ({self.unit}²)' if self.unit else ''}"


CROSS_ENTROPY = Measure("cross-entropy", "nats")
SCALED = Measure("cross-entropy scaled to [0, 1]")
BY_ERROR = {"one_minus_p": Measure("1 − probability of the label"), "minmax_ce": SCALED}
BY_RULE = {"aum": Measure("negative mean margin", "logits"), "gmm_loss": SCALED}


def measure_of(rule: str, params: Mapping[str, object]) -> Measure:
    """What the rule with these parameters measures of each sample."""
    return BY_RULE.get(rule) or BY_ERROR.get(str(params.get("error")), CROSS_ENTROPY)
