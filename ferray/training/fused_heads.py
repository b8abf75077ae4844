"""Which trainings can have an epoch together, and their having it: heads of one shape on the same kept features.

Heads with a hidden layer are not fused on a CPU: their products are large enough to keep it busy one by one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from ferray.training.assemble import Assembly
from ferray.training.failure import is_out_of_memory
from ferray.training.fused_epoch import features_on, run_epochs
from ferray.training.head_stack import num_linear, shape_of
from ferray.training.joint_epoch import NetworkTraining
from ferray.training.process_state import give_memory_back
from ferray.training.stacked_optimizer import KINDS

MOST = 16  # heads in one stack: as many as measured fastest on CPU, where the inputs of more leave its caches


def train_together(trainings: Sequence[NetworkTraining]) -> None:
    """Have those of these trainings that can be fused train their next epoch as one, each to take its part in a step.

    Where that fails nothing has changed, and each has its epoch by itself.
    """
    groups: dict[Hashable, list[NetworkTraining]] = {}
    for training in trainings:
        groups.setdefault(_group_of(training.parts), []).append(training)
    groups.pop(None, None)
    for group in groups.values():
        for start in range(0, len(group), MOST):
            _train_as_one(group[start : start + MOST])


def _train_as_one(group: Sequence[NetworkTraining]) -> None:
    if len(group) < 2:
        return
    parts = group[0].parts
    try:
        assert parts.splits.train.features is not None
        features_ND = features_on(parts.learner.precision.device, parts.splits.train.features)
        epochs = run_epochs([(training.parts, training.epochs_done + 1) for training in group], features_ND)
    except Exception as error:
        problem = f"trained by itself, as together with others it failed: {error}"
        is_memory = is_out_of_memory(error)
    else:
        for training, joint in zip(group, epochs, strict=True):
            training.expect(joint)
        return
    if is_memory:
        give_memory_back()
    for training in group:
        training.note(problem)


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
    if num_linear(learner.model.head) > 1 and learner.precision.device.type == "cpu":
        return "a hidden layer on a CPU"
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
