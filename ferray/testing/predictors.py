"""The contract of predictors: a network of whatever parts answers by its checkpoint as it does itself.

Parametrise over `predictor_cases()` and call `check_answers_as_its_network`, as
tests/training/test_predictor_contract.py does. N = images, C = classes.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ferray.artifacts.address import file_at
from ferray.config.trial import TrialConfig
from ferray.emotions import EMOTION_NAMES
from ferray.imbalance import ClassCounts, ImbalanceStrategy
from ferray.models.model import FerModel, build_model
from ferray.registry import ROOMS
from ferray.testing.corners import corners
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.checkpoint import write_checkpoint
from ferray.training.feature_preprocessing import FeaturePreprocessing, FeatureStatistics
from ferray.training.image_preprocessing import ImagePreprocessing
from ferray.training.predictor import load_predictor

COUNTS = (30, 0, 10, 25, 20, 10, 1)  # one class does not occur
SIZE = 48  # pixels a side, and features in a row
# Whose last corners have millions of weights.
_SMALL = {"timm": {"name": "mobilenetv3_small_050"}, "tiny_cnn": {"width": 4}, "features_mlp": {"batch_norm": True}}


def network_cases() -> list[dict[str, Any]]:
    """Every backbone with every head, each at the last of its corners."""
    return _cases("backbone", "head")


def predictor_cases() -> list[dict[str, Any]]:
    """Every one of these with every imbalance strategy at the last of its corners."""
    return _cases("backbone", "head", "imbalance")


def case_id(case: dict[str, Any]) -> str:
    """`tiny_cnn-linear-focal`."""
    return "-".join(next(iter(part)) for part in case.values())


def check_answers_as_its_network(case: dict[str, Any], folder: Path) -> None:
    """The logits behind a best.pt are those of the network that was written, corrected by its strategy."""
    config = _config(case)
    preprocessing, model = _network(json.dumps({"backbone": case["backbone"], "head": case["head"]}))
    _write(folder, config, model, preprocessing)
    answered = load_predictor(folder / "best.pt", threads=1)(_samples(config))
    assert torch.equal(answered, _expected(config, model, preprocessing(torch.from_numpy(_samples(config)))))


def check_an_export_answers_alike(case: dict[str, Any], folder: Path) -> None:
    """A predictor that was saved gives the same logits bit for bit."""
    config = _config({**case, "imbalance": {"logit_adjustment": {"mode": "post_hoc"}}})
    preprocessing, model = _network(json.dumps(case))
    _write(folder, config, model, preprocessing)
    predictor, samples = load_predictor(folder / "best.pt", threads=1), _samples(config)
    assert torch.equal(load_predictor(predictor.save(folder / "a.safetensors"))(samples), predictor(samples))


def _cases(*rooms: str) -> list[dict[str, Any]]:
    choices = [[_at_corner(room, name) for name in ROOMS[room].names()] for room in rooms]
    return [dict(zip(rooms, case, strict=True)) for case in itertools.product(*choices)]


def _at_corner(room: str, name: str) -> dict[str, Any]:
    if name in _SMALL:
        return {name: _SMALL[name]}
    params = corners(ROOMS[room].params(name))[-1].model_dump(mode="json")
    return {name: {**params, **({"hidden": 16} if "hidden" in params else {})}}


def _config(case: dict[str, Any]) -> TrialConfig:
    described = {"descriptor": "lpq"} if "features_mlp" in case["backbone"] else {}
    return TrialConfig.model_validate(
        {"dataset": "demo", "image_size": SIZE, "augment": "none", "batch_size": 2, **described, **case}
    )


@cache
def _network(case: str) -> tuple[ImagePreprocessing | FeaturePreprocessing, FerModel]:
    """What is made of the input of such a network, and the network."""
    config = _config(json.loads(case))
    if config.descriptor.name == "none":
        model = build_model(config, len(COUNTS))
        return ImagePreprocessing(config.pixels, model.input_spec), model
    fill, shift, spread = np.random.default_rng(0).random((3, SIZE))
    spread[0] = np.inf  # a feature that is the same everywhere
    preprocessing = FeaturePreprocessing(FeatureStatistics(fill, shift, spread))
    return preprocessing, build_model(config, len(COUNTS), num_inputs=SIZE)


def _samples(config: TrialConfig) -> Any:
    """Five images, or rows of features."""
    generator = np.random.default_rng(0)
    if config.descriptor.name == "none":
        return generator.integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)
    return generator.standard_normal((5, SIZE)).astype(np.float32)


def _write(
    folder: Path, config: TrialConfig, model: FerModel, preprocessing: ImagePreprocessing | FeaturePreprocessing
) -> None:
    checkpoint = BestCheckpoint(
        config=config,
        classes=EMOTION_NAMES,
        class_counts=COUNTS,
        image_size=SIZE,
        epoch=1,
        metrics={"val/uar": 0.5},
        confusion=(),
        removed_ids=(),
        parts={
            "model": model.state_dict(),
            "input_spec": asdict(model.input_spec),
            "pixels": preprocessing.to_json(),
            "init": None,
        },
    )
    write_checkpoint(file_at(str(folder / "best.pt")), "best", checkpoint.to_state())


@torch.inference_mode()
def _expected(config: TrialConfig, model: FerModel, inputs: Tensor) -> Tensor:
    strategy: ImbalanceStrategy = config.imbalance.load()(config.imbalance.build_params(), ClassCounts(COUNTS))
    return strategy.adjust_logits(model.eval().to(memory_format=torch.channels_last)(inputs))
