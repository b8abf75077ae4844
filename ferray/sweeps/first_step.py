"""The first step of each kind of training, taken before any trial: what passes here begins to train on any worker."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ferray.config.distinct import unique_by
from ferray.config.modality import describes_images, image_size
from ferray.config.place import DataPlace
from ferray.config.problems import Problem
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.data.pack_file import Progress
from ferray.data.samples import Splits
from ferray.errors import FerrayError
from ferray.models.known_networks import KnownNetworks
from ferray.models.transfer import refuse_unfit
from ferray.sweeps.warm_start import find_parent
from ferray.system.late import late
from ferray.training.inputs import open_inputs
from ferray.training.seeding import derive_generator
from ferray.training.training_set import TrainingSet

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F

    from ferray.models.backbones import Backbone
else:
    torch, nn, F = late("torch"), late("torch.nn"), late("torch.nn.functional")

Places = Callable[[TrialConfig], DataPlace]
SMALLEST_BATCH = 2  # a batch of one, on which BatchNorm fails, never comes


@dataclass(frozen=True)
class Shapes:
    """What a network is given and asked for; `num_inputs` is the length of a row, None where it sees images."""

    image_size: int
    num_inputs: int | None
    num_classes: int

    def batch(self, device: str) -> Tensor:
        """The smallest batch of a training, as the network sees it."""
        side = self.image_size
        shape = (SMALLEST_BATCH, 3, side, side) if self.num_inputs is None else (SMALLEST_BATCH, self.num_inputs)
        return torch.zeros(shape, device=device)


def split_every_fold(configs: Sequence[TrialConfig], places: Places, tell: Progress) -> dict[str, Shapes]:
    """Split every fold of every data set and choose what its first epoch visits; the shapes by `data_key`.

    Raises whatever error a trial would end with: a class that a fold lacks, an estimator that asks for more than the
    samples give.
    """
    shapes: dict[str, Shapes] = {}
    distinct = unique_by(configs, lambda config: f"{data_key(config)} {_kind_of_order(config)}")
    for done, config in enumerate(distinct, start=1):
        tell(done, len(distinct))
        for fold in range(config.num_folds):
            each = config.in_fold(fold)
            splits = open_inputs(each, places(config))
            _first_order(each, splits)
            rows = splits.train.features
            num_inputs = None if rows is None else rows.shape[1]
            shapes[data_key(config)] = Shapes(image_size(each), num_inputs, len(splits.train.classes))
    return shapes


def try_networks(
    configs: Sequence[TrialConfig], shapes: dict[str, Shapes], runtime: Runtime, tell: Progress
) -> list[Problem]:
    """Take one step with every distinct network, and lay every file of weights to it; what does not fit.

    Large backbones go forward and back on the meta device, which computes shapes and no numbers, and so needs no random
    weights either, which alone cost more. What fails there is tried on the CPU, and counts only if it fails there too.
    """
    same: dict[tuple[str, Shapes], list[TrialConfig]] = {}
    for config in (config for config in configs if config.estimator.name == "none"):
        kind = f"{config.backbone.model_dump_json()} {config.finetune} {config.init_from}"
        same.setdefault((kind, shapes[data_key(config)]), []).append(config)
    problems: list[Problem] = []
    known = KnownNetworks(runtime.cache_dir)
    for done, ((kind, seen), alike) in enumerate(same.items(), start=1):
        tell(done, len(same))
        heads = unique_by(alike, lambda config: config.head.model_dump_json())
        question = json.dumps(["step", kind, asdict(seen), [config.head.model_dump_json() for config in heads]])
        # Only what is right is kept: what is wrong is said by who has tried it.
        found: list[Problem] = []
        known.answer(question, heads, lambda: _tries(heads, seen, runtime, found))  # noqa: B023 (asked at once)
        problems += found
    return list(dict.fromkeys(problems))


def _tries(heads: Sequence[TrialConfig], seen: Shapes, runtime: Runtime, problems: list[Problem]) -> bool | None:
    """True where networks of one backbone take their step; None with the reasons among the `problems`."""
    problems += _problems(heads, seen, runtime)
    return None if problems else True


def data_key(config: TrialConfig) -> str:
    """What decides the splits of a trial and the shape of what is in them, as text."""
    described = [config.descriptor.model_dump_json(), config.pixels.grey] if describes_images(config) else []
    folds = config.folds.model_dump_json() if config.folds else ""
    chosen = f"{config.dataset.model_dump_json()} {folds} {config.limit_per_class} {config.exclude}"
    return f"{chosen} {image_size(config)} {described}"


def _kind_of_order(config: TrialConfig) -> str:
    return f"{config.imbalance.model_dump_json()} {config.estimator.model_dump_json()}"


def _first_order(config: TrialConfig, splits: Splits) -> None:
    """Choose what the first epoch visits; policies of augmentation take images of any size by their contract."""
    order = TrainingSet(splits.train, config.imbalance).order(derive_generator(config.seed, "order", 1))
    if config.estimator.name != "none":
        rows = splits.train.features
        assert rows is not None, "an estimator is given rows"
        config.estimator.load()(config.estimator.build_params()).check(len(order), rows.shape[1])


def _problems(configs: Sequence[TrialConfig], shapes: Shapes, runtime: Runtime) -> list[Problem]:
    """Those of one backbone and of the heads upon it."""
    first = configs[0]
    called = f"backbone `{first.backbone.params.get('name', first.backbone.name)}`"
    try:
        backbone, num_features = _step(first, shapes)
        if first.init_from:
            refuse_unfit(find_parent(first.init_from, runtime.output, runtime.storage).file, backbone)
        for config in configs:
            called = f"head `{config.head.name}`"
            _step_of_head(config, num_features, shapes.num_classes)
    except FerrayError as error:
        return [Problem(f"{called}: {error.message}", error.hint)]
    except Exception as error:  # whatever a network raises over shapes that it does not take
        told = f"`{type(error).__name__}` {error}".splitlines()[0]
        given = f"`{shapes.image_size}` px" if shapes.num_inputs is None else f"`{shapes.num_inputs}` features"
        return [Problem(f"{called}: takes no step on {given}: {told}", "choose another size, or another network")]
    return []


def _step(config: TrialConfig, shapes: Shapes) -> tuple[Backbone, int]:
    """The backbone after a step without weights, and the number of its features."""
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # a worker's to give
        if config.backbone.load().is_large:
            with suppress(Exception):  # the meta device lacks what some networks do; the CPU has the last word
                return _step_on("meta", config, shapes)
        return _step_on("cpu", config, shapes)


def _step_on(device: str, config: TrialConfig, shapes: Shapes) -> tuple[Backbone, int]:
    from ferray.models.model import FerModel, build_backbone, without_weights

    with torch.device(device):
        backbone = build_backbone(without_weights(config), num_inputs=shapes.num_inputs)
    model = FerModel(backbone, nn.Identity())
    model.freeze(config.finetune)
    features_ND = model.train()(shapes.batch(device))
    if features_ND.requires_grad:
        torch.autograd.backward(features_ND.sum())
    model.zero_grad(set_to_none=True)
    return backbone, features_ND.shape[1]


def _step_of_head(config: TrialConfig, num_features: int, num_classes: int) -> None:
    head = config.head.load()(config.head.build_params()).build(num_features, num_classes)
    logits_NC = head.train()(torch.zeros(SMALLEST_BATCH, num_features))
    torch.autograd.backward(F.cross_entropy(logits_NC, torch.zeros(SMALLEST_BATCH, dtype=torch.int64)))
