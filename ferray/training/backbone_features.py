"""A frozen backbone, looked through once: its features are kept, and the head alone is trained on them.

N = images, H and W = pixels, D = features.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ferray.config.trial import TrialConfig
from ferray.data.descriptor_cache import describe_all, open_rows
from ferray.data.samples import Splits
from ferray.models.backbones import Backbone
from ferray.system.allocator import keeping_freed_memory, trim_freed_memory
from ferray.training.assemble import Assembly
from ferray.training.batches import TrainingBatches
from ferray.training.process_state import SPARE_BYTES
from ferray.training.step import Learner

# Of a frozen backbone, whose weights do not change; several trials may have one.
_keys: WeakKeyDictionary[Backbone, dict[str, str]] = WeakKeyDictionary()
_drawn: WeakKeyDictionary[Backbone, dict[str, NDArray[np.float32]]] = WeakKeyDictionary()  # rows that no file keeps


def keep_features(parts: Assembly) -> Assembly:
    """The same training with the backbone's features in the place of images, where every epoch would see the same ones.

    That is where the whole backbone is frozen, nothing is augmented or mixed, and answers are to one view of an image.
    Rows are computed in eval mode, in batches that are the same for every trial; they differ from what the batches of
    training would give by rounding alone. Features of weights that come from outside are kept beside the pack, for the
    other trials and folds.
    """
    if not _sees_the_same(parts.config, parts.splits):
        return parts
    with keeping_freed_memory():
        rows = _rows(parts)
    trim_freed_memory(spare=SPARE_BYTES)  # a head needs little of what a backbone does
    train, val = (replace(split, features=rows) for split in (parts.splits.train, parts.splits.val))
    parts.training.samples = replace(parts.training.samples, features=rows)  # whose labels may have been corrected
    parts.learner.takes_features = True
    return replace(
        parts,
        splits=replace(parts.splits, train=train, val=val),
        batches=TrainingBatches(parts.config, parts.training, parts.image_size),
        held=None,
    )


def _sees_the_same(config: TrialConfig, splits: Splits) -> bool:
    changes = (config.augment.name != "none", config.random_erasing, config.mixup, config.evaluate.num_views > 1)
    return config.finetune == "head" and not any(changes) and splits.train.features is None


def _rows(parts: Assembly) -> NDArray[np.float32]:
    """The features (N, D) float32 of every image of the pack."""
    images, folder, learner = parts.splits.train.images, parts.splits.folder, parts.learner

    @torch.inference_mode()
    def look(images_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        learner.model.eval()
        batch = torch.from_numpy(images_NHWC.copy()).to(learner.precision.device)
        with learner.precision.autocast():
            features_ND: Tensor = learner.model.backbone(learner.preprocessing(batch))
        return np.asarray(features_ND.float().cpu().numpy())

    if folder is None or not _comes_from_outside(parts.config):
        known, asked = _drawn.setdefault(learner.model.backbone, {}), f"{folder} {_key(learner)}"
        if folder is None or asked not in known:
            known[asked] = describe_all(images, look)
        return known[asked]
    return open_rows(images, folder, f"{parts.config.backbone.name}-{_key(learner)}", look)


def _comes_from_outside(config: TrialConfig) -> bool:
    """Whether other trials have the same weights; random ones are a seed's own."""
    params = config.backbone.params
    return bool(params.get("pretrained") or params.get("weights") or config.init_from or config.stages)


def _key(learner: Learner) -> str:
    """A hash of all that a row depends on beside its image: network, what is made of pixels, device and format."""
    backbone = learner.model.backbone
    precision = f"{learner.precision.device.type} {learner.precision.dtype}"
    known = _keys.setdefault(backbone, {})
    asked = json.dumps([learner.preprocessing.to_json(), precision], sort_keys=True)
    if asked not in known:
        known[asked] = _hash(backbone, [learner.preprocessing.to_json(), asdict(backbone.input_spec), precision])
    return known[asked]


def _hash(backbone: Backbone, facts: list[Any]) -> str:
    digest = hashlib.sha256()
    digest.update(json.dumps([*facts, _structure(backbone)], sort_keys=True).encode())
    for name, tensor in sorted(backbone.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def _structure(backbone: nn.Module) -> list[str]:
    """The network's layers as torch prints them, which the weights alone do not tell, less what only training does."""
    return [line for line in repr(backbone).splitlines() if "Drop" not in line and "Identity()" not in line]
