"""Gradual unfreezing: which parts of a network an epoch trains."""

from __future__ import annotations

from ferray.config.trial import TrialConfig
from ferray.models.model import FerModel, Finetune


def finetuned_in(epoch: int, config: TrialConfig, model: FerModel) -> Finetune:
    """What this epoch, counted from 1, trains beside the head, as `FerModel.freeze` takes it.

    It is a function of the epoch alone, so that a trial goes on from a checkpoint as it was.
    """
    if config.unfreeze is None or config.unfreeze.every_epochs == 0 or config.finetune == "head":
        return config.finetune
    in_the_end = len(model.backbone.stages()) if config.finetune == "all" else config.finetune
    joined = (epoch - 1) // config.unfreeze.every_epochs
    if joined >= in_the_end:
        return config.finetune
    return joined or "head"
