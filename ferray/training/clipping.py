"""How large gradients may be before a step: the closed choices of `clip`."""

from __future__ import annotations

from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from ferray.config.clip import ClipConfig
from ferray.models.model import FerModel


def clip_gradients(config: ClipConfig, model: FerModel) -> None:
    """Make the gradients of a network that are too large smaller, in place; nothing is read back from the device."""
    if config.mode == "norm":
        clip_grad_norm_(_with_gradient(model), config.value)
    elif config.mode == "value":
        clip_grad_value_(_with_gradient(model), config.value)
    else:
        from timm.utils.agc import adaptive_clip_grad  # seconds, for those alone that ask for it

        # Its authors leave the last layer alone, which wants large steps at first.
        adaptive_clip_grad(_with_gradient(model.backbone), config.value)


def _with_gradient(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.grad is not None]
