"""Whether the weights of each stage of a trial fit the network of the next, before any of them is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ferray.config.distinct import unique_by
from ferray.config.problems import Problem
from ferray.config.trial import TrialConfig
from ferray.models.weights import listed
from ferray.sweeps.first_step import Shapes, data_key
from ferray.system.late import late

if TYPE_CHECKING:
    import torch

    from ferray.models.backbones import Backbone
else:
    torch = late("torch")


def stage_problems(configs: Sequence[TrialConfig], shapes: Mapping[str, Shapes]) -> list[Problem]:
    """What is wrong between two stages of these trials, whose data has the `shapes` by `data_key`."""
    problems: list[Problem] = []
    pairs = [(before, config) for config in configs if (before := config.in_fold(0).stage_before) is not None]
    for before, config in {_kind(*pair): pair for pair in reversed(pairs)}.values():
        first, second = shapes[data_key(before)], shapes[data_key(config)]
        if (first.num_inputs, first.image_size) != (second.num_inputs, second.image_size):
            problems += _misfits(before, config, first, second)
    return list(dict.fromkeys(problems))


def trainings_of(configs: Sequence[TrialConfig]) -> list[TrialConfig]:
    """These trials, and behind them the distinct trainings before their last stages."""
    earlier = [stage for config in configs for stage in config.in_fold(0).earlier_stages]
    return [*configs, *unique_by(earlier, lambda stage: stage.recipe)]


def _misfits(before: TrialConfig, config: TrialConfig, first: Shapes, second: Shapes) -> list[Problem]:
    given, place = _shapes_of(_backbone(before, first)), _shapes_of(_backbone(config, second))
    wrong = [
        f"`{name}` is {tuple(given.get(name, ()))}, not {tuple(place.get(name, ()))}"
        for name in {**place, **given}
        if given.get(name) != place.get(name)
    ]
    if not wrong:
        return []
    key, what = ("image_size", "px") if first.num_inputs is None else ("dataset", "features")
    sizes = [shape.num_inputs or shape.image_size for shape in (first, second)]
    number = before.num_stages - 1
    message = f"stages.{number}.{key}: weights for {sizes[0]} {what} do not fit {sizes[1]} {what}: {listed(wrong)}"
    return [Problem(message, "give all stages one size, or choose a backbone that takes any")]


def _backbone(config: TrialConfig, shapes: Shapes) -> Backbone:
    from ferray.models.model import build_backbone, without_weights

    with torch.random.fork_rng(devices=[]):
        return build_backbone(without_weights(config), num_inputs=shapes.num_inputs)


def _shapes_of(backbone: Backbone) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in backbone.state_dict().items()}


def _kind(before: TrialConfig, config: TrialConfig) -> str:
    return f"{before.backbone.model_dump_json()} {data_key(before)} {data_key(config)}"
