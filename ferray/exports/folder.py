"""The folder that an exported trial is: written whole or not at all, and asked whether it answers as the trial does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferray.errors import DataError
from ferray.exports import predict_script
from ferray.exports.model_card import Card, model_card
from ferray.exports.onnx_file import write_onnx
from ferray.exports.origin import Checks, Measured, Origin, metrics_document
from ferray.exports.taken import CONFIG
from ferray.files.atomic import atomic_folder, remove_folder, write_bytes, write_json, write_text
from ferray.files.os_errors import writing
from ferray.inference.onnx_model import ONNX_NAME, OnnxModel
from ferray.models.timm_config import TimmConfig, load_by_timm, timm_config
from ferray.results.held_out import HeldOut
from ferray.training.image_network import ImageNetwork
from ferray.training.image_preprocessing import Channels, ImagePreprocessing
from ferray.training.predictor import Predictor, load_predictor

METRICS, PREPROCESSING = "metrics.json", "preprocessing.json"
LABELS, CARD, SCRIPT = "labels.txt", "README.md", "predict.py"
FORMAT = 1
_ELSEWHERE = "free its disk, or choose another folder with `--to`"
MOST_DIFFERENCE = 1e-4  # of a logit, or of its size where that is over 1
Progress = Callable[[str], None]


@dataclass(frozen=True)
class RealInputs:
    """What is asked of the trial and of its export: `images` (N, S, S, 3) uint8 or rows (N, D), `called` in words."""

    called: str
    images: NDArray[Any]


@dataclass(frozen=True)
class Exported:
    """A written folder with what was found when it was asked; `whole_by_timm` where timm builds it from the folder."""

    folder: Path
    files: tuple[str, ...]
    checks: Checks
    whole_by_timm: bool


def write_network(
    folder: Path, predictor: Predictor, origin: Origin, inputs: RealInputs, *, with_onnx: bool, progress: Progress
) -> Exported:
    """Export a network over images; what was at `folder` is replaced once all is written and has answered alike.

    DataError where the export answers otherwise than the trial, StorageError where it cannot be written.
    """
    network = predictor.network()
    with writing(folder, hint=_ELSEWHERE), in_place_of(folder) as new:
        progress("writing weights")
        timm, by_timm = _write_weights(new, predictor, network, inputs.images)
        checks = Checks(inputs.called, len(inputs.images), _reloaded(new, predictor, inputs.images), timm=by_timm)
        if with_onnx:
            progress("writing ONNX")
            checks = replace(checks, onnx=_write_onnx(new, predictor, network, inputs.images))
            write_bytes(new / SCRIPT, Path(predict_script.__file__).read_bytes())
        known = preprocessing_document(predictor, network)
        _write_documents(new, predictor, origin, checks, timm, known)
        files = tuple(sorted(path.name for path in new.iterdir()))
    return Exported(folder, files, checks, bool(timm and timm.is_whole))


def write_other(folder: Path, predictor: Predictor, origin: Origin, called: str, rows: Tensor) -> Exported:
    """Export what is asked about rows of features, an estimator or a network: weights, metrics and card alone."""
    with writing(folder, hint=_ELSEWHERE), in_place_of(folder) as new:
        predictor.save(new)
        write_json(new / CONFIG, {"ferray": predictor.config.to_json()})
        checks = Checks(called, len(rows), _reloaded(new, predictor, rows))
        _write_documents(new, predictor, origin, checks, None, None)
        files = tuple(sorted(path.name for path in new.iterdir()))
    return Exported(folder, files, checks, whole_by_timm=False)


def preprocessing_document(predictor: Predictor, network: ImageNetwork) -> dict[str, Any]:
    """The content of preprocessing.json: all that stands between a picture and a logit."""
    pixels, statistics, offset_C = predictor.config.pixels, _mean_and_std(network), network.offset
    return {
        "format": FORMAT,
        "channels": "RGB",
        "resize": {"size": network.size, "keeps_proportions": False, "shrinking": "area", "growing": "bilinear"},
        "grey": pixels.grey,
        "normalise": pixels.normalise,
        "mean": list(statistics[0]) if statistics else None,
        "std": list(statistics[1]) if statistics else None,
        "views": predictor.config.evaluate.num_views,
        "logits": {
            "offset": offset_C.tolist() if offset_C.any() else None,
            "temperature": network.temperature,
        },
        "classes": list(predictor.classes),
    }


def _timm(predictor: Predictor, network: ImageNetwork) -> TimmConfig | None:
    model, config = network.network, predictor.config
    return timm_config(model, config, predictor.classes, size=network.size, statistics=_mean_and_std(network))


def _mean_and_std(network: ImageNetwork) -> tuple[Channels, Channels] | None:
    preprocessing = network.preprocessing
    return preprocessing.mean_and_std if isinstance(preprocessing, ImagePreprocessing) else None


def _write_weights(
    folder: Path, predictor: Predictor, network: ImageNetwork, images: NDArray[np.uint8]
) -> tuple[TimmConfig | None, float | None]:
    """Weights and config.json, under the names of timm where timm builds the same network of them.

    What timm then makes of them, and by how much that answers otherwise; None where it does not build all of it.
    """
    timm = _timm(predictor, network)
    if timm is not None and timm.is_whole:
        predictor.save(folder, tensor_names=timm.tensor_names)
        write_json(folder / CONFIG, {**timm.document, "ferray": predictor.config.to_json()})
        difference = _by_timm(folder, network, images)
        if difference <= MOST_DIFFERENCE:
            return timm, difference
        timm = replace(timm, is_whole=False)
    predictor.save(folder)
    backbone = {"backbone": timm.document} if timm is not None else {}
    write_json(folder / CONFIG, {**backbone, "ferray": predictor.config.to_json()})
    return timm, None


@torch.inference_mode()
def _by_timm(folder: Path, network: ImageNetwork, images: NDArray[np.uint8]) -> float:
    """How far timm's own network is from ours, infinite where timm cannot build it of these weights."""
    seen_NCHW = network.preprocessing(torch.from_numpy(images))
    try:
        theirs = load_by_timm(folder)(seen_NCHW)
    except (RuntimeError, TypeError, ValueError, KeyError, AssertionError):  # a network that is another without classes
        return float("inf")
    return _difference(theirs, network.network(seen_NCHW).float())


def _reloaded(folder: Path, predictor: Predictor, asked: Any) -> float:
    return refuse_difference("model.safetensors", load_predictor(folder)(asked), predictor(asked))


def _write_onnx(folder: Path, predictor: Predictor, network: ImageNetwork, images: NDArray[np.uint8]) -> float:
    file = folder / ONNX_NAME
    # Before the exporter sees the network: what is built at the first call would be built of tensors without content.
    with torch.no_grad():
        ours = network(torch.from_numpy(images))
    write_onnx(file, network, predictor.classes, sizes=(network.size,))
    return refuse_difference(ONNX_NAME, torch.from_numpy(OnnxModel(file).logits(list(images))), ours)


def refuse_difference(called: str, theirs: Tensor, ours: Tensor) -> float:
    """The largest difference of a logit; DataError for one over `MOST_DIFFERENCE`."""
    difference = _difference(theirs, ours)
    if not bool(((theirs - ours).abs() <= MOST_DIFFERENCE * ours.abs().clamp(min=1)).all()):
        message = f"`{called}` answers otherwise than the trial: a logit differs by `{difference:.2g}`"
        raise DataError(message, "pass `--no-onnx`" if called == ONNX_NAME else "export the trial again")
    return difference


def _difference(theirs: Tensor, ours: Tensor) -> float:
    return float((theirs - ours).abs().max())


def _write_documents(
    folder: Path,
    predictor: Predictor,
    origin: Origin,
    checks: Checks,
    timm: TimmConfig | None,
    preprocessing: dict[str, Any] | None,
) -> None:
    checkpoint, held_out = predictor.checkpoint, origin.held_out
    validation = Measured("val", predictor.classes, checkpoint.metrics, checkpoint.confusion)
    test = _of_test(held_out) if held_out else None
    write_json(folder / METRICS, metrics_document(validation, test, checks))
    write_text(folder / LABELS, "".join(f"{name}\n" for name in predictor.classes))
    if preprocessing is not None:
        write_json(folder / PREPROCESSING, preprocessing)
    measured = [validation, *([test] if test else [])]
    card = Card(predictor.config, predictor.classes, origin, preprocessing, measured, checks, timm)
    write_text(folder / CARD, model_card(card))


@contextmanager
def in_place_of(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of an earlier export once the block ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(folder) as new:
        yield new
        remove_folder(folder)


def _of_test(held_out: HeldOut) -> Measured:
    return Measured("test", held_out.classes, held_out.metrics, held_out.confusion, held_out.clusters)
