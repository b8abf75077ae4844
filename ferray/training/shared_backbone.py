"""One frozen backbone for all trials of a process that train heads on what it makes of images."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from ferray.config.trial import TrialConfig
from ferray.models.backbones import Backbone
from ferray.models.model import DrawnBackbone, FerModel, build_model, draw_model
from ferray.training.network_classifier import on_device

MOST_STATES = 64  # of torch's generator, five kilobytes each

_backbones: WeakValueDictionary[Hashable, Backbone] = WeakValueDictionary()  # as long as a trial has them
_states: OrderedDict[Hashable, Tensor] = OrderedDict()


def model_on(
    device: torch.device, config: TrialConfig, num_classes: int, *, num_inputs: int | None, shares: bool
) -> FerModel:
    """The network as `build_model` has it, on the device; its backbone is another trial's of this process if it may be.

    The head is drawn as if the trial's own backbone had been drawn before it. `shares`: no weights are loaded into it.
    """
    if not (shares and _stays_as_it_is(config)):
        return on_device(build_model(config, num_classes, num_inputs=num_inputs), device)
    key = (_key(config), num_inputs, str(device))
    backbone, state = _backbones.get(key), _states.get((key, config.seed))
    if backbone is not None and state is not None:
        model, _ = draw_model(config, num_classes, num_inputs=num_inputs, drawn=DrawnBackbone(backbone, state))
        on_device(model.head, device)
        return model
    model, drawn = draw_model(config, num_classes, num_inputs=num_inputs)
    on_device(model, device)
    _remember((key, config.seed), drawn.random_state)
    if backbone is not None:  # of another seed, which its weights do not depend on
        model.backbone = backbone
        model.freeze(config.finetune)
    _backbones[key] = model.backbone
    return model


def _stays_as_it_is(config: TrialConfig) -> bool:
    """Whether no training changes the backbone, nor loads weights into it."""
    changes = config.init_from or config.stages or config.unfreeze or config.ema
    return config.finetune == "head" and not changes


def _key(config: TrialConfig) -> Hashable:
    """All that the backbone depends on: its seed too, where its weights are drawn."""
    params = config.backbone.params
    comes_from_outside = bool(params.get("pretrained") or params.get("weights"))
    seed = None if comes_from_outside else config.seed
    return json.dumps([config.backbone.canonical(), config.image_size, seed, _stamp(params.get("weights"))])


def _stamp(weights: object) -> object:
    """Changes with a file of weights."""
    if not isinstance(weights, str) or not Path(weights).is_file():
        return None
    found = Path(weights).stat()
    return [found.st_mtime_ns, found.st_size]


def _remember(key: Hashable, state: Tensor) -> None:
    _states[key] = state
    while len(_states) > MOST_STATES:
        _states.popitem(last=False)
