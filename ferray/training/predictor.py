"""`load_predictor`: a trained trial as a function from images to logits, by its best.pt alone.

N = samples, H and W = pixels, D = features, C = classes.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.errors import CheckpointError, ConfigError, did_you_mean
from ferray.files.readable import Readable
from ferray.imbalance import ClassCounts, ImbalanceStrategy
from ferray.models.backbones import InputSpec
from ferray.models.model import build_model, without_weights
from ferray.system.allocator import keeping_freed_memory
from ferray.system.cores import num_threads
from ferray.training.batch_norm import renew_statistics
from ferray.training.batches import Batch, Positions, split_batches
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.checkpoint import copy_weights, read_checkpoint, refuse_misfit, taking_apart
from ferray.training.estimator_classifier import EstimatorClassifier
from ferray.training.evaluation import Evaluation, evaluate, evaluation_size, judged_logits, plain_batches
from ferray.training.feature_preprocessing import FeaturePreprocessing
from ferray.training.grad_cam import grad_cam
from ferray.training.image_descriptor import image_descriptor
from ferray.training.image_network import ImageNetwork
from ferray.training.image_preprocessing import ImagePreprocessing
from ferray.training.network_classifier import NetworkClassifier, on_device
from ferray.training.precision import choose_precision
from ferray.training.predictor_inputs import DescriptorRows, Given, Images, Rows, Samples, is_table
from ferray.training.prefetch import Prefetcher
from ferray.training.safetensors_file import is_exported, predictor_file, read_export, write_export
from ferray.training.temperature import refuse_temperature, tempered

_DEVICES = ("auto", "cpu", "cuda")
_CAM_BATCH = 32  # images of which maps and slopes are in memory at a time


def load_predictor(path: str | Path | Readable, device: str = "cpu", *, threads: int | None = None) -> Predictor:
    """The trial behind a best.pt, or behind a `.safetensors` file that `Predictor.save` wrote; a folder of either.

    `device` is `cpu`, `cuda` or `auto`, `threads` the number that torch computes with on CPU in the whole process, None
    leaves it. Neither the trial's data nor the weights it began with are asked for. Raises CheckpointError for a file
    that is neither, or whose weights are not those of its own network or no numbers.
    """
    device = str(device)  # of a torch.device too
    if device not in _DEVICES:
        raise ConfigError(f"`{device}` is no device", did_you_mean(device, _DEVICES))
    file = predictor_file(path)
    state = read_export(file) if is_exported(file) else read_checkpoint(file, "best")
    with taking_apart(file):
        checkpoint = BestCheckpoint.from_state(state)
    if checkpoint.config.estimator.name != "none":
        return EstimatorPredictor(file, checkpoint)
    return NetworkPredictor(file, checkpoint, device, threads)


class Predictor(ABC):
    """A trial as its best epoch left it: `predictor(images)` answers as validation did.

    Images are uint8 RGB (N, H, W, 3), an array or a tensor, or a list of single ones, PIL images and paths; of whatever
    size, they are made as the trial saw its own. A trial over a table of features is given rows (N, D). Answers are
    float32 on CPU, their columns in the order of `classes`.
    """

    def __init__(self, file: Readable, checkpoint: BestCheckpoint) -> None:
        self.file = file
        self.checkpoint = checkpoint

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of `{self.file}`: {len(self.classes)} classes>"

    @property
    def config(self) -> TrialConfig:
        """What was trained."""
        return self.checkpoint.config

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.checkpoint.classes

    @property
    def takes_images(self) -> bool:
        """Whether it can be asked about pictures, and not about rows of a table alone."""
        return self.checkpoint.image_size > 0

    @property
    @abstractmethod
    def row_width(self) -> int | None:
        """How many features a row has, where it answers about rows: a table's, or those made of pictures."""

    def __call__(self, images: Given | PackedSamples) -> Tensor:
        """Logits (N, C), corrected as the imbalance strategy corrects them in validation, then calibrated if it is."""
        return self.adjust_logits(self.logits(images))

    def probabilities(self, images: Given | PackedSamples) -> Tensor:
        """The softmax of the logits (N, C)."""
        return self(images).softmax(dim=1)

    def logits(self, images: Given | PackedSamples) -> Tensor:
        """Plain logits (N, C), not corrected; of an estimator its log-probabilities."""
        samples = images if isinstance(images, PackedSamples) else self._samples(images)
        return self._logits(samples).clone() if len(samples) else torch.empty(0, len(self.classes))

    @property
    def adjust_logits(self) -> Callable[[Tensor], Tensor]:
        """The correction; CheckpointError where it depends on class counts and the file does not hold them."""
        corrected, temperature = self._correction(), self.checkpoint.temperature
        return lambda logits_NC: tempered(corrected(logits_NC), temperature)

    def _correction(self) -> Callable[[Tensor], Tensor]:
        counts, choice = self.checkpoint.class_counts, self.config.imbalance
        strategy: type[ImbalanceStrategy] = choice.load()
        if counts is not None:
            return strategy(choice.build_params(), ClassCounts(counts)).adjust_logits
        probe = strategy(choice.build_params(), ClassCounts(tuple(range(1, len(self.classes) + 1)))).adjust_logits
        if torch.equal(probe(torch.zeros(1, len(self.classes))), torch.zeros(1, len(self.classes))):
            return probe
        message = f"`{choice.name}` asks how many samples each class had in training, which `{self.file}` does not say"
        raise CheckpointError(message, "give them to `with_class_counts`, or ask for `logits`, which are not corrected")

    def with_class_counts(self, counts: Sequence[int]) -> Self:
        """The same with what its file does not hold, as older ones do not: how many samples of each class it had.

        ConfigError for anything but a whole number for each class, in the order of `classes`.
        """
        if len(counts) != len(self.classes) or not all(isinstance(n, int | np.integer) and n >= 0 for n in counts):
            hint = f"give a number for each of {', '.join(self.classes)}, in this order"
            raise ConfigError(f"`{counts}` are not the counts of `{len(self.classes)}` classes", hint)
        twin = copy.copy(self)
        twin.checkpoint = replace(self.checkpoint, class_counts=tuple(int(n) for n in counts))
        return twin

    def with_temperature(self, temperature: float) -> Self:
        """The same with its logits divided by `temperature` (that of `ferray calibrate`), which changes no answer.

        `save` keeps it. ConfigError for what is no number above 0.
        """
        refuse_temperature(temperature)
        twin = copy.copy(self)
        twin.checkpoint = replace(self.checkpoint, temperature=float(temperature))
        return twin

    def save(self, path: str | Path, *, tensor_names: Mapping[str, str] = MappingProxyType({})) -> Path:
        """Write all of it to one `.safetensors` file, or into a folder; the file, which `load_predictor` reads.

        `tensor_names` says under which names weights lie there that are to have others, such as those timm looks for.
        """
        return write_export(Path(path), self.whole_checkpoint().to_state(), tensor_names)

    def whole_checkpoint(self) -> BestCheckpoint:
        """All that it answers by, its weights as they are now."""
        return replace(self.checkpoint, parts=self._parts())

    def network(self) -> ImageNetwork:
        """From images to logits as one module, for other runtimes; ConfigError where it is not given images."""
        kind = "fits an estimator" if self.config.estimator.name != "none" else "takes rows of features"
        raise ConfigError(f"the trial of `{self.file}` {kind}, it is no network over images", "choose another trial")

    def grad_cam(self, samples: PackedSamples, positions: Positions, classes: Positions) -> Tensor | None:
        """Which places of these images of a split spoke for a class each: (N, H, W) in [0, 1], see `grad_cam`.

        None where the trial has no maps to look at: an estimator, rows of features, a network over tokens.
        """
        return None

    @abstractmethod
    def evaluate(self, samples: PackedSamples) -> Evaluation:
        """Mean loss and confusion matrix over a split, judged as validation was."""

    @abstractmethod
    def _logits(self, samples: Samples) -> Tensor: ...

    @abstractmethod
    def _samples(self, given: Given) -> Samples: ...

    def _parts(self) -> dict[str, Any]:
        """The `parts` of a checkpoint of this kind."""
        return self.checkpoint.parts

    def _rows(self, given: Given, width: int) -> Samples:
        """Rows of so many features as they are given, or of the images that are."""
        if not self.checkpoint.image_size or is_table(given):
            return Rows.of(given, width)
        return DescriptorRows(Images.of(given, self.checkpoint.image_size), image_descriptor(self.config))


class NetworkPredictor(Predictor):
    """A network on its device."""

    def __init__(self, file: Readable, checkpoint: BestCheckpoint, device: str, threads: int | None) -> None:
        weights = checkpoint.parts.get("model") or {}
        rest = {name: part for name, part in checkpoint.parts.items() if name != "model"}
        super().__init__(file, replace(checkpoint, parts=rest))
        self._precision = choose_precision(device, self.config.precision)
        if self._precision.device.type == "cpu" and threads is not None:
            torch.set_num_threads(threads)
        self._threads = threads or num_threads()
        with taking_apart(file):
            preprocessing = _preprocessing(rest)
        self._width = preprocessing.width if isinstance(preprocessing, FeaturePreprocessing) else None
        model = build_model(without_weights(self.config), len(self.classes), num_inputs=self._width)
        refuse_misfit(file, model, weights)
        with taking_apart(file):
            model.load_state_dict(weights)
        self._classifier = NetworkClassifier(
            on_device(model, self._precision.device),
            self._precision,
            len(self.classes),
            preprocessing.to(self._precision.device),
            views=self.config.evaluate,
        )

    @property
    def row_width(self) -> int | None:
        return self._width

    def evaluate(self, samples: PackedSamples) -> Evaluation:
        positions, size = np.arange(len(samples)), evaluation_size(self.config.batch_size)
        with self._prefetcher(len(positions)) as prefetcher:
            batches = plain_batches(samples, positions, size, prefetcher)
            return evaluate(self._classifier, batches, self.adjust_logits)

    def grad_cam(self, samples: PackedSamples, positions: Positions, classes: Positions) -> Tensor | None:
        if self._width is not None:
            return None
        device, heats = self._precision.device, []
        for chunk in np.array_split(np.arange(len(positions)), -(-len(positions) // _CAM_BATCH)):
            images_NHWC = torch.from_numpy(samples.images_of(positions[chunk])).to(device)
            heats.append(grad_cam(self._classifier, images_NHWC, torch.from_numpy(classes[chunk]).to(device)))
        found = [heat_NHW for heat_NHW in heats if heat_NHW is not None]
        return torch.cat(found) if found else None

    def renew_statistics(self, samples: PackedSamples, names: Collection[str], *, without: Iterable[int]) -> None:
        """Take those of these BatchNorm layers anew from samples, but for the ids `without`; see `batch_norm`."""
        kept = np.flatnonzero(~np.isin(samples.sample_ids, np.fromiter(without, dtype=np.int64)))
        with self._prefetcher(len(kept)) as prefetcher:
            batches = plain_batches(samples, kept, evaluation_size(self.config.batch_size), prefetcher)
            renew_statistics(self._classifier, batches, names)

    def network(self) -> ImageNetwork:
        if self._width is not None:
            return super().network()
        size, temperature = self.checkpoint.image_size, self.checkpoint.temperature
        return ImageNetwork(self._classifier, self._correction(), size=size, temperature=temperature)

    def _logits(self, samples: Samples) -> Tensor:
        batches = split_batches(np.arange(len(samples)), evaluation_size(self.config.batch_size))
        with self._prefetcher(len(samples)) as prefetcher:
            tasks = [partial(_unlabelled, samples, batch) for batch in batches]
            return judged_logits(self._classifier, prefetcher.feed(tasks))

    def _samples(self, given: Given) -> Samples:
        if self._width is not None:
            return self._rows(given, self._width)
        return Images.of(given, self.checkpoint.image_size)

    def _parts(self) -> dict[str, Any]:
        return {"model": copy_weights(self._classifier.model.state_dict()), **self.checkpoint.parts}

    @contextmanager
    def _prefetcher(self, num_samples: int) -> Iterator[Prefetcher]:
        """For so many samples; what one batch of several frees, the next one has."""
        is_repeated = num_samples > evaluation_size(self.config.batch_size)
        keeping = keeping_freed_memory() if is_repeated else nullcontext()
        with closing(Prefetcher(self._precision.device, self._threads)) as prefetcher, keeping:
            yield prefetcher


class EstimatorPredictor(Predictor):
    """A fitted estimator, on CPU."""

    def __init__(self, file: Readable, checkpoint: BestCheckpoint) -> None:
        super().__init__(file, checkpoint)
        with taking_apart(file):
            self._classifier = EstimatorClassifier.of(checkpoint)
            empty = Rows(np.full((1, self._classifier.features.width), np.nan, dtype=np.float32))
            if not self._classifier.logits(empty).isfinite().all():
                raise ValueError("its answer is not a number")

    @property
    def row_width(self) -> int | None:
        return self._classifier.features.width

    def evaluate(self, samples: PackedSamples) -> Evaluation:
        return self._classifier.evaluate(samples, self.adjust_logits)

    def _logits(self, samples: Samples) -> Tensor:
        return self._classifier.logits(samples)

    def _samples(self, given: Given) -> Samples:
        return self._rows(given, self._classifier.features.width)


def _preprocessing(parts: dict[str, Any]) -> ImagePreprocessing | FeaturePreprocessing:
    """How a network's input is made, by what its best.pt says."""
    state = parts.get("pixels")
    if state is not None and "fill" in state:
        return FeaturePreprocessing.from_json(state)
    spec = parts["input_spec"]
    return ImagePreprocessing.from_json(
        state, InputSpec(int(spec["image_size"]), mean=tuple(spec["mean"]), std=tuple(spec["std"]))
    )


def _unlabelled(samples: Samples, positions: Positions) -> Batch:
    inputs = torch.from_numpy(samples.inputs_of(positions))
    return Batch(inputs, torch.zeros(len(inputs), dtype=torch.int64))
