"""One frozen backbone for all trials of a process that train heads on what it makes of images."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from weakref import WeakKeyDictionary, WeakValueDictionary

import torch
from torch import Tensor

from ferray.config.trial import TrialConfig
from ferray.models.backbones import Backbone
from ferray.models.model import DrawnBackbone, FerModel, draw_model
from ferray.models.random_words import num_words, state_after
from ferray.training.checkpoint import copy_weights
from ferray.training.kept_backbone import build_or_copy
from ferray.training.network_classifier import on_device

MOST_STATES = 64  # of torch's generator, five kilobytes each

_backbones: WeakValueDictionary[Hashable, Backbone] = WeakValueDictionary()  # as long as a trial has them
_frozen: WeakKeyDictionary[Backbone, dict[str, Tensor]] = WeakKeyDictionary()
_states: OrderedDict[tuple[Hashable, int], Tensor] = OrderedDict()  # by backbone and seed
_num_words: dict[Hashable, int | None] = {}  # that draw a backbone; None: not as many for each seed


def model_on(
    device: torch.device, config: TrialConfig, num_classes: int, *, num_inputs: int | None, shares: bool
) -> FerModel:
    """The network as `build_model` has it, on the device; its backbone is another trial's of this process if it may be.

    The head is drawn as if the trial's own backbone had been drawn before it. `shares`: no weights are loaded into it.
    """
    if not (shares and _stays_as_it_is(config)):
        return on_device(build_or_copy(_key(config), config, num_classes, num_inputs=num_inputs), device)
    key = (_key(config), num_inputs, str(device))
    backbone = _backbones.get(key)
    state = None if backbone is None else _state(key, config.seed)
    if backbone is not None and state is not None:
        model, _ = draw_model(config, num_classes, num_inputs=num_inputs, drawn=DrawnBackbone(backbone, state))
        on_device(model.head, device)
        return model
    model, drawn = draw_model(config, num_classes, num_inputs=num_inputs)
    on_device(model, device)
    if backbone is not None:  # of another seed, which its weights do not depend on
        model.share(backbone)
        _count_words(key, config.seed, drawn.random_state)
    _backbones[key] = model.backbone
    _remember(key, config.seed, drawn.random_state)
    return model


def frozen_weights(backbone: Backbone) -> dict[str, Tensor]:
    """Those of a backbone that is never trained, on CPU, as a network's state has them; one copy for all its trials."""
    if backbone not in _frozen:
        _frozen[backbone] = copy_weights(backbone.state_dict(prefix="backbone."), is_final=True)
    return _frozen[backbone]


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


def _state(key: Hashable, seed: int) -> Tensor | None:
    """Of torch's generator once a backbone has been drawn with this seed; None where one has to be drawn to know."""
    num = _num_words.get(key)
    if (key, seed) in _states or num is None:
        return _states.get((key, seed))
    return state_after(seed, num)


def _count_words(key: Hashable, seed: int, state: Tensor) -> None:
    """Learn from two seeds how many words a backbone takes, and whether it is as many for each."""
    other = next((other for of, other in reversed(_states) if of == key and other != seed), None)
    if other is None or key in _num_words:
        return
    num = num_words(other, _states[key, other])
    is_same = num is not None and torch.equal(state_after(seed, num), state)
    _num_words[key] = num if is_same else None


def _remember(key: Hashable, seed: int, state: Tensor) -> None:
    _states[key, seed] = state
    while len(_states) > MOST_STATES:
        _states.popitem(last=False)
