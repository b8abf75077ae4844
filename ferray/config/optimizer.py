"""The keys of `optimizer`: how gradients change weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ferray.canonical import added_later
from ferray.config.optimizers import OPTIMIZERS
from ferray.errors import nearest
from ferray.registry import Params
from ferray.text.commands import command


def _known(name: str) -> str:
    if name not in OPTIMIZERS:
        meant = nearest(name, OPTIMIZERS)
        hint = f"did you mean `{meant}`?" if meant else f"`{command('list', 'optimizers')}` says which there are"
        raise ValueError(f"`{name}` is not an optimiser; {hint}")
    return name


class OptimizerConfig(Params):
    """The optimiser and its numbers."""

    name: Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": [*OPTIMIZERS]})] = "adamw"
    """Which one; `adamw` decays weights apart from the gradient, `ferray list optimizers` says what each does."""
    lr: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Learning rate at its highest."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 1e-4
    """Pulls weights towards zero; which of them, `decay` says."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Speaks to those that have one by this name: `sgd` and its kin, `lars`, `muon`, `rmsprop`, `madgrad`."""
    nesterov: bool = added_later(False)
    """Nesterov's momentum; speaks to `sgd` alone."""
    decay: Literal["all", "matrices"] = added_later("all")
    """Weight decay acts on `all` parameters, or on `matrices` alone: on no bias, no norm, no embedding of positions."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] | None = added_later(None)
    """Each layer of the backbone has so many times the rate of the one after it, the head the whole; null is 1.

    Source: Bao et al., "BEiT", ICLR 2022; layers are timm's, or a network's stages.
    """
    head_lr_factor: Annotated[float, Field(gt=0, le=1000)] = added_later(1.0)
    """So many times the rate for the head."""

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> OptimizerConfig:
        if self.name == "sgd" and self.nesterov and self.momentum == 0:
            raise ValueError("nesterov: is `True`, and `momentum` is `0`, which gives it nothing to look ahead by")
        return self
