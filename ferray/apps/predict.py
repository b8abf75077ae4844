"""A trained model asked about files of pictures, for `ferray predict`."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ferray.apps.data_prepare import faces_from
from ferray.config.place import find_sweep, is_sweep
from ferray.errors import ConfigError
from ferray.files.readable import Readable
from ferray.system.allocator import keeping_freed_memory
from ferray.text.commands import command

if TYPE_CHECKING:
    from ferray.artifacts.trial import TrialArtifacts
    from ferray.crops.cutting import CropSettings
    from ferray.events import Listener
    from ferray.faces import FaceFinder
    from ferray.inference.annotated import AnnotatedPictures
    from ferray.inference.answers import Answer, Answers
    from ferray.inference.face_crops import FaceCrop
    from ferray.inference.files import FoundFiles

_OF_SWEEP = re.compile(r"(?P<sweep>.+):(?P<trial>best|ensemble|\d+)")
_MODELS = "name an exported folder, a best.pt, a .safetensors file, or SWEEP:best, SWEEP:17 or SWEEP:ensemble"
LEAST_CROP = 224  # pixels a side of a cut face before it is made what the network takes, as `data prepare` has it


@dataclass(frozen=True)
class Predicted:
    """What came of it: the answers, the files that were passed over, and the annotated pictures that were written."""

    model: str
    answers: Answers
    files: FoundFiles
    annotated: tuple[Path, ...]


def predict_files(asked: Mapping[str, Any], listener: Listener) -> Predicted:
    """Answer all files behind `paths` by `model`, each option by its name.

    What cannot be read is in the answers, and ends nothing. ConfigError for what was asked wrongly, before torch is
    imported; CheckpointError for a model that is none.
    """
    if not 0 < asked["fps"] < math.inf:
        raise ConfigError(f"`--fps {asked['fps']:g}` is no number of frames a second", "for example `--fps 2`")
    from ferray.inference.files import find_files

    files, file = find_files(asked["paths"]), model_file(asked["model"], Path(asked["output"]))
    finder, settings = _finder(asked["faces"]), _crop_settings(asked)
    if finder is not None:
        finder.check([each.name for each in files.asked if each.kind == "picture"])
    from ferray.inference.annotated import AnnotatedPictures
    from ferray.inference.answers import answer_files
    from ferray.inference.face_crops import FaceCutter
    from ferray.inference.models import open_model

    pictures = AnnotatedPictures(asked["annotate"]) if asked["annotate"] else None
    if pictures is not None:
        pictures.refuse_overwriting(files.asked)
    model = open_model(file, runtime=asked["runtime"], device=asked["device"])
    written: list[Path] = []
    try:
        with keeping_freed_memory():  # what one batch frees, the next one has
            for batch, found in answer_files(
                model,
                files.asked,
                FaceCutter(finder, settings),
                batch_size=asked["batch_size"],
                rate=asked["fps"],
                progress=lambda done, total: listener.progressed("answering files", done, total),
            ):
                written += _annotated(pictures, batch, found) if pictures else []
    finally:
        listener.progressed("", 0, 0)
    return Predicted(str(asked["model"]), found, files, tuple(written))


def model_file(said: str, output: Path) -> Readable | TrialArtifacts:
    """The file or the folder of a model: a path, or a trial or the ensemble of a sweep in `output`.

    ConfigError where it is neither, or the trial left no checkpoint.
    """
    if (path := Path(said)).exists() and not is_sweep(path):
        return path
    matched = _OF_SWEEP.fullmatch(said)
    if matched is None:
        is_any = is_sweep(path) or is_sweep(output / said)
        hint = f"`{command('predict', f'{said}:best')}` asks its best trial" if is_any else _MODELS
        raise ConfigError(f"`{said}` is no trained model", hint)
    place = find_sweep(matched["sweep"], output)
    from ferray.artifacts.sweep import SweepArtifacts
    from ferray.results.chosen import choose_trials
    from ferray.study.history import load_sweep

    if matched["trial"] == "ensemble":
        return SweepArtifacts.of(place.folder).ensemble
    numbers = () if matched["trial"] == "best" else (int(matched["trial"]),)
    (trial,) = choose_trials(load_sweep(place.folder), place.folder, numbers)
    return SweepArtifacts.of(place.folder).file(trial.checkpoint)


def _finder(text: str) -> FaceFinder | None:
    """The finder that is asked for, None for `none`; ConfigError, in the option's words, for what cannot be."""
    from ferray.crops.plan import FacesChoice

    choice = faces_from(FacesChoice, text, None)
    if choice.name == "none":
        return None
    finder: FaceFinder = choice.load()(choice.build_params())
    return finder


def _crop_settings(asked: Mapping[str, Any]) -> CropSettings:
    from ferray.crops.cutting import CropSettings

    try:
        return CropSettings(size=LEAST_CROP, margin=asked["margin"], align=asked["align"])
    except ValidationError as error:
        message = f"`--margin {asked['margin']:g}` is no part of a face's side"
        raise ConfigError(message, "give a number from 0 to 2, the one by which training faces were cut") from error


def _annotated(pictures: AnnotatedPictures, batch: list[tuple[FaceCrop, Answer]], found: Answers) -> list[Path]:
    """The pictures of a batch, each with all its answers in it."""
    frames = {id(crop.frame): crop.frame for crop, _ in batch}
    told: dict[int, list[tuple[Answer, str]]] = defaultdict(list)
    for crop, answer in batch:
        words = f"{found.classes[answer.label]} {answer.probabilities[answer.label]:.2f}"
        told[id(crop.frame)].append((answer, words))
    return [pictures.write(frame, told[key]) for key, frame in frames.items()]
