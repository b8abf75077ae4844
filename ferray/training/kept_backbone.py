"""Backbones as they were built, kept for the trials of a process that begin with the same ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from copy import deepcopy
from dataclasses import replace

from ferray.config.trial import TrialConfig
from ferray.models.backbones import Backbone
from ferray.models.model import DrawnBackbone, FerModel, draw_model

MOST_BYTES = 128 * 2**20  # of the weights of all that are kept
MOST_SEEN = 64

_seen: OrderedDict[Hashable, None] = OrderedDict()  # what trials have begun with, the latest last
_kept: OrderedDict[Hashable, DrawnBackbone] = OrderedDict()


def build_or_copy(key: Hashable, config: TrialConfig, num_classes: int, *, num_inputs: int | None) -> FerModel:
    """The network as `build_model` has it; its backbone is a copy where two trials of this process have had the same.

    To draw a network's weights takes several times as long as to copy them. `key` is all that the backbone depends on
    but the seed and `num_inputs`. One of a plug-in is built each time, as is what is too large to be kept.
    """
    key = (key, config.seed, num_inputs)
    if (kept := _kept.get(key)) is not None:
        _kept.move_to_end(key)
        drawn = replace(kept, backbone=deepcopy(kept.backbone))
        model, _ = draw_model(config, num_classes, num_inputs=num_inputs, drawn=drawn)
        model.freeze(config.finetune)
        return model
    model, drawn = draw_model(config, num_classes, num_inputs=num_inputs)
    if key in _seen:
        _keep(key, drawn)
    _see(key)
    return model


def _see(key: Hashable) -> None:
    _seen[key] = None
    _seen.move_to_end(key)
    while len(_seen) > MOST_SEEN:
        _seen.popitem(last=False)


def _keep(key: Hashable, drawn: DrawnBackbone) -> None:
    """Copy it before it is trained; those that were asked for least lately make room."""
    if num_bytes(drawn.backbone) > MOST_BYTES or not type(drawn.backbone).__module__.startswith("ferray."):
        return
    _kept[key] = replace(drawn, backbone=deepcopy(drawn.backbone))
    while sum(num_bytes(kept.backbone) for kept in _kept.values()) > MOST_BYTES:
        _kept.popitem(last=False)


def num_bytes(backbone: Backbone) -> int:
    """Of its weights and buffers."""
    return sum(tensor.nbytes for tensor in backbone.state_dict().values())
