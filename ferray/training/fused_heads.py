"""Which trainings can have an epoch together, and their having it: heads of one shape on the same kept features."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ferray.training.assemble import Assembly
from ferray.training.failure import is_out_of_memory
from ferray.training.fused_epoch import features_on, run_epochs
from ferray.training.head_stack import num_linear, shape_of
from ferray.training.joint_epoch import NetworkTraining
from ferray.training.process_state import give_memory_back
from ferray.training.stacked_optimizer import KINDS

MOST = 16  # heads in one stack: as many as measured fastest on CPU, where the inputs of more leave its caches


class FusedHeads:
    """Has the trainings of a bundle that can be fused train each epoch as one, each to take its part in a step.

    Heads with a hidden layer keep a CPU busy one by one too. There the first joint epoch is a probe: one of them has it
    by itself, and the others go on together where their share of the time was less.
    """

    def __init__(self) -> None:
        # On the device, by what they are of, which is kept: another array may have the identity of one that is gone.
        self._features: dict[Hashable, tuple[NDArray[np.float32], Tensor]] = {}
        self._probes: dict[Hashable, tuple[NetworkTraining, float]] = {}  # who was left out, and the others' share
        self._pays: dict[Hashable, bool] = {}

    def train(self, trainings: Sequence[NetworkTraining]) -> list[NetworkTraining]:
        """Have the next epoch of those that fuse, and say whose; where it fails nothing has changed."""
        trained: list[NetworkTraining] = []
        groups: dict[Hashable, list[NetworkTraining]] = {}
        for training in trainings:
            groups.setdefault(_group_of(training.parts), []).append(training)
        groups.pop(None, None)
        for key, group in groups.items():
            ready = self._after_probe(key, group) if _wants_probe(group[0].parts) else group
            for start in range(0, len(ready), MOST):
                stack = ready[start : start + MOST]
                share_s = self._train_as_one(stack)
                trained += stack if share_s else []
                if len(ready) < len(group):
                    self._probes.setdefault(key, (group[0], share_s))
        return trained

    def _after_probe(self, key: Hashable, group: list[NetworkTraining]) -> list[NetworkTraining]:
        """Those to fuse: all but one at first, then all or none."""
        if key not in self._probes:
            return group[1:] if len(group) > 2 else group
        if key not in self._pays:
            left_out, share_s = self._probes[key]
            own = left_out.history
            self._pays[key] = not own or share_s < own[-1].metrics["seconds"]
        return group if self._pays[key] else []

    def _train_as_one(self, group: Sequence[NetworkTraining]) -> float:
        """Each one's share of the seconds; 0 where each has the epoch by itself."""
        if len(group) < 2:
            return 0.0
        try:
            features_ND = self._features_of(group[0].parts)
            epochs = run_epochs([(training.parts, training.epochs_done + 1) for training in group], features_ND)
        except Exception as error:
            problem = f"trained by itself, as together with others it failed: {error}"
            is_memory = is_out_of_memory(error)
        else:
            for training, joint in zip(group, epochs, strict=True):
                training.expect(joint)
            return sum(whole_s for _, whole_s in (joint.spent for joint in epochs)) / len(epochs)
        if is_memory:
            give_memory_back()
        for training in group:
            training.note(problem)
        return 0.0

    def _features_of(self, parts: Assembly) -> Tensor:
        features = parts.splits.train.features
        assert features is not None, "heads that fuse have features"
        key = _identity(features)
        if key not in self._features:
            self._features[key] = (features, features_on(parts.learner.precision.device, features))
        return self._features[key][1]


def _wants_probe(parts: Assembly) -> bool:
    return num_linear(parts.learner.model.head) > 1 and parts.learner.precision.device.type == "cpu"


def _group_of(parts: Assembly) -> Hashable:
    """What trainings that fuse have in common; None for one that trains by itself."""
    learner, features = parts.learner, parts.splits.train.features
    shape = shape_of(learner.model.head)
    if features is None or shape is None or why_alone(parts):
        return None
    precision = (str(learner.precision.device), str(learner.precision.dtype))
    return (_identity(features), shape, parts.config.batch_size, precision)


def why_alone(parts: Assembly) -> str:
    """Why a training is not fused with others, in a word or two; "" where it is."""
    learner = parts.learner
    if not learner.takes_features:
        return "no kept features"
    if type(learner.optimizer) not in KINDS:
        return f"optimizer `{parts.config.optimizer.name}`"
    if shape_of(learner.model.head) is None:
        return f"head `{parts.config.head.name}`"
    others = {
        "clip": learner.clip is not None,
        "ema": learner.average is not None,
        "unfreeze": parts.config.unfreeze is not None,
        "float16": learner.scaler.is_enabled(),
        "accumulate": parts.accumulate > 1,
    }
    return next((f"`{name}`" for name, is_on in others.items() if is_on), "")


def _identity(features_ND: NDArray[np.float32]) -> Hashable:
    """Equal for rows of one file, and for one array in memory."""
    return str(features_ND.filename) if isinstance(features_ND, np.memmap) else id(features_ND)
