"""The keys of `unfreeze`: a backbone that joins the training stage by stage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ferray.registry import Params


class UnfreezeConfig(Params):
    """Train the head alone first, then one more stage of the backbone at a time, as far as `finetune`; null is off.

    Source: Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018 (gradual
    unfreezing).
    """

    every_epochs: Annotated[int, Field(ge=0, le=1000)] = 1
    """Epochs until the next stage joins, from the last of the backbone to its first; 0 has all join at once."""
