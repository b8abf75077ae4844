"""Model soups: the weights of several trainings of one recipe averaged into one network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ferray.data.samples import Splits
from ferray.errors import ConfigError
from ferray.files.readable import Readable
from ferray.models.weights import StateDict, listed, misfits
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.checkpoint import read_checkpoint, taking_apart
from ferray.training.evaluation import Evaluation
from ferray.training.predictor import NetworkPredictor

BUFFERS = (".running_mean", ".running_var")


class SoupPot:
    """The ingredients, the best one first, and what is made of them.

    Source: Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
    increasing inference time", ICML 2022. BatchNorm layers whose statistics differ between ingredients have theirs
    taken anew from the training images, as they lie, without those that the best ingredient had removed.
    """

    def __init__(self, files: Sequence[Readable], splits: Splits, device: str, threads: int) -> None:
        """ConfigError where they are no networks of one shape."""
        self._files, self._splits, self._device, self._threads = files, splits, device, threads
        self.checkpoints = [_opened(file) for file in files]
        self._weights: list[StateDict] = [checkpoint.parts["model"] for checkpoint in self.checkpoints]
        for file, weights in zip(files, self._weights, strict=True):
            if problems := misfits(self._weights[0], weights):
                message = f"`{file}` has another shape than `{files[0]}`: {listed(problems)}"
                raise ConfigError(message, "average trainings of one recipe")
        self.renewed = _differing_statistics(self._weights)

    def cook(self, chosen: Sequence[int]) -> tuple[NetworkPredictor, Evaluation]:
        """The network of the mean weights of these ingredients, and how it does on the validation images."""
        parts = {**self.checkpoints[0].parts, "model": mean_weights([self._weights[index] for index in chosen])}
        first = replace(self.checkpoints[0], parts=parts)
        predictor = NetworkPredictor(self._files[0], first, self._device, self._threads)
        if len(chosen) > 1:
            predictor.renew_statistics(self._splits.train, self.renewed, without=first.removed_ids)
        return predictor, predictor.evaluate(self._splits.val)


def mean_weights(states: Sequence[StateDict]) -> StateDict:
    """The mean of each tensor, computed in float64; of whole numbers, such as counts of batches, those of the first."""
    first = states[0]
    return {name: _mean([state[name] for state in states]) for name in first}


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    first = tensors[0]
    if not first.is_floating_point():
        return first.clone()
    return torch.stack([tensor.double() for tensor in tensors]).mean(dim=0).to(first.dtype)


def _differing_statistics(states: Sequence[StateDict]) -> frozenset[str]:
    """Names of the BatchNorm layers whose statistics are not the same in all; those of a frozen backbone are."""
    names = [name for name in states[0] if name.endswith(BUFFERS)]
    differing = [name for name in names if any(not torch.equal(state[name], states[0][name]) for state in states[1:])]
    return frozenset(name.rpartition(".")[0] for name in differing)


def _opened(file: Readable) -> BestCheckpoint:
    state = read_checkpoint(file, "best")
    with taking_apart(file):
        checkpoint = BestCheckpoint.from_state(state)
    if "model" not in checkpoint.parts:
        raise ConfigError(f"`{file}` is of a trial without a network, whose weights none can average", "choose another")
    return checkpoint
