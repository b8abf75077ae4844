"""`FerModel`: a backbone and a head as one network, and which of its parts are trained.

N = images, H and W = pixels, C = classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.models.backbones import Backbone, InputSpec

Finetune = Literal["all", "head"] | int


class FerModel(nn.Module):
    """Images (N, 3, H, W), normalised by `input_spec`, or rows of features (N, D), to logits (N, C)."""

    def __init__(self, backbone: Backbone, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self._frozen: tuple[nn.Module, ...] = ()

    @property
    def input_spec(self) -> InputSpec:
        return self.backbone.input_spec

    def forward(self, images_NCHW: Tensor) -> Tensor:
        logits_NC: Tensor = self.head(self.backbone(images_NCHW))
        return logits_NC

    def freeze(self, finetune: Finetune) -> None:
        """Train everything (`all`), the `head` alone, or the head and the last n stages of the backbone.

        Frozen parts get no gradient and stay in eval mode whatever `train()` says, so that the running statistics of
        their BatchNorm do not move. Raises ConfigError when there are fewer stages than asked for.
        """
        self._frozen = self._parts_to_freeze(finetune)
        self.requires_grad_(True)
        for part in self._frozen:
            part.requires_grad_(False).eval()
        self.train(self.training)

    def share(self, backbone: Backbone) -> None:
        """Have a backbone that another network has frozen whole, and leave it so, with nothing done to its layers."""
        self.backbone = backbone
        self._frozen = (backbone,)

    def train(self, mode: bool = True) -> FerModel:
        """Training or eval mode for all but the frozen parts."""
        if self._is_head_alone:  # to walk through a backbone takes longer than a step of a head
            self.training = mode
            self.head.train(mode)
            return self
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self

    def trainable_parameters(self) -> list[nn.Parameter]:
        """What the optimiser is to change."""
        trained = self.head if self._is_head_alone else self
        return [parameter for parameter in trained.parameters() if parameter.requires_grad]

    @property
    def _is_head_alone(self) -> bool:
        return self._frozen == (self.backbone,)

    def _parts_to_freeze(self, finetune: Finetune) -> tuple[nn.Module, ...]:
        if finetune == "all":
            return ()
        if finetune == "head":
            return (self.backbone,)
        stages = self.backbone.stages()
        if finetune > len(stages):
            raise ConfigError(
                f"finetune asks for the last `{finetune}` stages, the backbone has {len(stages)}",
                f"ask for at most {len(stages)}, or for `all`",
            )
        return tuple(stages[: len(stages) - finetune])


def without_weights(config: TrialConfig) -> TrialConfig:
    """The same network, built at random: no weights from outside are read or asked for."""
    plain, params = config.to_json(), dict(config.backbone.params)
    blank: dict[str, Any] = {"pretrained": False, "weights": None}
    params |= {name: value for name, value in blank.items() if name in params}
    return TrialConfig.model_validate({**plain, "backbone": {config.backbone.name: params}, "init_from": None})


def build_backbone(config: TrialConfig, *, num_inputs: int | None = None) -> Backbone:
    """The configuration's backbone, ready for its images, or for rows of `num_inputs` features.

    Raises ConfigError when it cannot be had or does not take images of `config.image_size`.
    """
    backbone: Backbone = config.backbone.load()(config.backbone.build_params()).build()
    size = config.image_size if num_inputs is None else num_inputs
    if size is not None:
        backbone.resize_input(size)
    return backbone


def build_model(config: TrialConfig, num_classes: int, *, num_inputs: int | None = None) -> FerModel:
    """The configuration's network on CPU, frozen as it says, its random weights a function of `config.seed` alone.

    `num_inputs` is the length of a row, for a network over features.
    torch's global generator is neither read nor moved. Raises ConfigError when the backbone cannot be had, does not
    take images of `config.image_size`, or has fewer stages than `config.finetune`.
    """
    model, _ = draw_model(config, num_classes, num_inputs=num_inputs)
    return model


@dataclass(frozen=True)
class DrawnBackbone:
    """A backbone that several networks may have, and torch's random state once one of their seed has been built."""

    backbone: Backbone
    random_state: Tensor


def draw_model(
    config: TrialConfig, num_classes: int, *, num_inputs: int | None = None, drawn: DrawnBackbone | None = None
) -> tuple[FerModel, DrawnBackbone]:
    """The network as `build_model` has it, or with a frozen backbone that is there, and what others are built with."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(config.seed)  # torch.manual_seed would reseed the GPUs as well
        found = drawn or DrawnBackbone(build_backbone(config, num_inputs=num_inputs), torch.get_rng_state())
        torch.set_rng_state(found.random_state)
        head_factory = config.head.load()(config.head.build_params())
        model = FerModel(found.backbone, head_factory.build(found.backbone.num_features, num_classes))
    if drawn is None:
        model.freeze(config.finetune)
    else:
        model.share(drawn.backbone)
    return model, found
