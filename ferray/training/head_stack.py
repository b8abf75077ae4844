"""`HeadStack`: several heads of one shape as one, their weights stacked.

H = heads, N = samples, F and G = inputs and outputs of a layer, C = classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Noise = Callable[[Tensor, Sequence[float]], Tensor]  # inputs (H, N, F) and each head's rate -> what they are times
KINDS = (nn.Linear, nn.Dropout, nn.SELU, nn.BatchNorm1d)


def shape_of(head: nn.Module) -> tuple[Any, ...] | None:
    """What heads that stack have in common: their layers and sizes; None for one that is of other layers."""
    if type(head) is not nn.Sequential or not all(type(layer) in KINDS and _is_whole(layer) for layer in head):
        return None
    return tuple((type(layer).__name__, *_facts(layer), *map(_size, layer.parameters())) for layer in head)


def num_linear(head: nn.Module) -> int:
    """How many linear layers a head has: more than one is a hidden layer."""
    return sum(isinstance(layer, nn.Linear) for layer in head.modules())


def mixes_samples(head: nn.Module) -> bool:
    """Whether what a head says in training of one sample depends on the others of its batch."""
    return any(isinstance(layer, nn.BatchNorm1d) for layer in head.modules())


class HeadStack:
    """A copy of the weights of heads of one `shape_of`, trained as one; no head changes before it is written back."""

    def __init__(self, heads: Sequence[nn.Module]) -> None:
        self._heads = heads
        parameters = [dict(head.named_parameters()) for head in heads]
        buffers = [dict(head.named_buffers()) for head in heads]
        self.weights = {name: torch.stack([of[name].detach() for of in parameters]) for name in parameters[0]}
        self._buffers = {name: torch.stack([of[name] for of in buffers]) for name in buffers[0]}
        self._layers: list[tuple[str, list[Any]]] = [
            (name, [head.get_submodule(name) for head in heads]) for name, _ in heads[0].named_children()
        ]
        for weights in self.weights.values():
            weights.requires_grad_()

    def only(self, numbers: Sequence[int]) -> HeadStack:
        """The stack of some of the heads."""
        chosen = HeadStack([self._heads[number] for number in numbers])
        kept = torch.tensor(numbers, device=next(iter(self.weights.values())).device)
        chosen.weights = {name: weights.detach().index_select(0, kept) for name, weights in self.weights.items()}
        chosen._buffers = {name: buffer.index_select(0, kept) for name, buffer in self._buffers.items()}
        return chosen

    def slices(self, number: int) -> dict[nn.Parameter, tuple[Tensor, str]]:
        """One head's weights in the stack, and the name that their gradient has, by the parameter they are of."""
        return {
            parameter: (self.weights[name].detach()[number], name)
            for name, parameter in self._heads[number].named_parameters()
        }

    def logits(self, inputs: Tensor, noise: Noise | None = None) -> Tensor:
        """(H, N, C) float32 for inputs (H, N, F), or (N, F) where all heads have the same; `noise` is training's.

        Training inputs are past the dropout that a head may begin with.
        """
        outputs, is_first = inputs, True
        for name, layers in self._layers:
            first: nn.Module = layers[0]
            if isinstance(first, nn.Linear):
                outputs = self._linear(name, outputs)
            elif isinstance(first, nn.SELU):
                outputs = F.selu(outputs)
            elif isinstance(first, nn.BatchNorm1d):
                outputs = self._batch_norm(name, first, outputs, training=noise is not None)
            elif noise is not None and not is_first:
                outputs = noise(outputs, [float(layer.p) for layer in layers])
            is_first = False
        return outputs.float()

    def write_back(self, number: int) -> None:
        """Give a head what it has become in the stack."""
        with torch.no_grad():
            for name, parameter in self._heads[number].named_parameters():
                parameter.copy_(self.weights[name][number])
            for name, buffer in self._heads[number].named_buffers():
                buffer.copy_(self._buffers[name][number])

    def _linear(self, name: str, inputs: Tensor) -> Tensor:
        weight_HGF, bias_HG = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        if inputs.device.type == "cpu" and not torch.is_autocast_enabled("cpu"):
            linear = _SharedLinear if inputs.ndim == 2 else _StackedLinear
            outputs_HNG: Tensor = linear.apply(inputs, weight_HGF, bias_HG)
            return outputs_HNG
        if inputs.ndim == 2:
            outputs = F.linear(inputs, weight_HGF.flatten(0, 1), bias_HG.flatten())
            return outputs.view(len(inputs), *bias_HG.shape).transpose(0, 1)
        return torch.baddbmm(bias_HG.unsqueeze(1), inputs, weight_HGF.transpose(1, 2))

    def _batch_norm(self, name: str, layer: nn.BatchNorm1d, inputs: Tensor, *, training: bool) -> Tensor:
        """Of each head's own batch: the channels of all heads are channels of one."""
        inputs_NHF = inputs.transpose(0, 1)
        normalised = F.batch_norm(
            inputs_NHF.flatten(1),
            self._buffers[f"{name}.running_mean"].flatten(),
            self._buffers[f"{name}.running_var"].flatten(),
            self.weights[f"{name}.weight"].flatten(),
            self.weights[f"{name}.bias"].flatten(),
            training=training,
            momentum=layer.momentum or 0.0,
            eps=layer.eps,
        )
        if training:
            self._buffers[f"{name}.num_batches_tracked"] += 1
        return normalised.view(inputs_NHF.shape).transpose(0, 1)


class _StackedLinear(torch.autograd.Function):
    """`baddbmm` on CPU, its products ordered as narrow outputs are computed fastest there: in a third of the time.

    The samples of an output lie side by side, as losses of few classes are computed fastest.
    """

    @staticmethod
    def forward(ctx: Any, inputs_HNF: Tensor, weight_HGF: Tensor, bias_HG: Tensor) -> Tensor:
        ctx.save_for_backward(inputs_HNF, weight_HGF)
        outputs_HGN = torch.baddbmm(bias_HG.unsqueeze(2), weight_HGF, inputs_HNF.transpose(1, 2))
        return outputs_HGN.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        (outward_HNG,) = gradients
        inputs_HNF, weight_HGF = ctx.saved_tensors
        inward = torch.bmm(outward_HNG, weight_HGF) if ctx.needs_input_grad[0] else None
        return inward, torch.bmm(outward_HNG.transpose(1, 2), inputs_HNF), outward_HNG.sum(dim=1)


class _SharedLinear(torch.autograd.Function):
    """The same of kept features (N, F) that all heads have: one product. S = all outputs of all heads."""

    @staticmethod
    def forward(ctx: Any, inputs_NF: Tensor, weight_HGF: Tensor, bias_HG: Tensor) -> Tensor:
        ctx.save_for_backward(inputs_NF, weight_HGF)
        outputs_SN = torch.addmm(bias_HG.flatten().unsqueeze(1), weight_HGF.flatten(0, 1), inputs_NF.t())
        return outputs_SN.view(*bias_HG.shape, len(inputs_NF)).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, Tensor]:
        (outward_HNG,) = gradients
        inputs_NF, weight_HGF = ctx.saved_tensors
        outward_SN = outward_HNG.transpose(1, 2).reshape(-1, len(inputs_NF))
        return None, (outward_SN @ inputs_NF).view(weight_HGF.shape), outward_HNG.sum(dim=1)


def _is_whole(layer: nn.Module) -> bool:
    """Whether a layer has what stacks take for granted: weight and bias that are trained, statistics that run."""
    if isinstance(layer, nn.BatchNorm1d) and not (layer.track_running_stats and layer.momentum):
        return False
    trained = {name for name, parameter in layer.named_parameters() if parameter.requires_grad}
    return trained == ({"weight", "bias"} if isinstance(layer, nn.Linear | nn.BatchNorm1d) else set())


def _facts(layer: nn.Module) -> tuple[Any, ...]:
    if isinstance(layer, nn.BatchNorm1d):
        return (layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    return (layer.bias is not None,) if isinstance(layer, nn.Linear) else ()


def _size(parameter: Tensor) -> tuple[int, ...]:
    return tuple(parameter.shape)
