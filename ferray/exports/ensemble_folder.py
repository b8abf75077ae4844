"""An ensemble as a folder for others: each member's weights, one ONNX file that answers for all, labels, a card."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ferray.data.images import resize
from ferray.exports import predict_script
from ferray.exports.folder import CARD, LABELS, METRICS, SCRIPT, Exported, RealInputs, in_place_of, refuse_difference
from ferray.exports.model_card import INTENDED, data_set_lines, licence_line, onnx_lines
from ferray.exports.onnx_file import write_onnx
from ferray.exports.origin import Checks, Measured, score_lines
from ferray.exports.taken import CONFIG
from ferray.files.atomic import write_bytes, write_json, write_text
from ferray.files.os_errors import writing
from ferray.inference.exported_ensemble import ENSEMBLE, MEMBERS, load_exported_ensemble, member_folder
from ferray.inference.onnx_model import ONNX_NAME, OnnxModel
from ferray.training.ensemble_network import EnsembleNetwork
from ferray.training.ensemble_predictor import EnsemblePredictor


def write_ensemble(
    folder: Path, predictor: EnsemblePredictor, inputs: RealInputs, test: Measured | None, *, with_onnx: bool
) -> Exported:
    """Export the members and what they say together; what was at `folder` is replaced once all has answered alike.

    `test` is what it has scored on the test split. DataError where the export answers otherwise than the ensemble,
    ConfigError for a member that is no network over images, StorageError where it cannot be written.
    """
    network = EnsembleNetwork(predictor)
    pictures = list(inputs.images)
    told = predictor(pictures)
    with writing(folder), in_place_of(folder) as new:
        for member, its_predictor in zip(predictor.ensemble.members, predictor.members, strict=True):
            its_predictor.save(new / MEMBERS / member_folder(member))
        document = {**predictor.ensemble.to_json(), "temperature": predictor.temperature}
        write_json(new / ENSEMBLE, document)
        again = refuse_difference(MEMBERS, load_exported_ensemble(new)(pictures), told)
        checks = Checks(inputs.called, len(pictures), again)
        if with_onnx:
            checks = replace(checks, onnx=_write_onnx(new, predictor, network, inputs))
        _write_documents(new, predictor, checks, test, document)
        files = tuple(sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()))
    return Exported(folder, files, checks, whole_by_timm=False)


def _write_onnx(folder: Path, predictor: EnsemblePredictor, network: EnsembleNetwork, inputs: RealInputs) -> float:
    seen = [np.stack([resize(image, size) for image in inputs.images]) for size in network.sizes]
    with torch.no_grad():
        ours = network(*map(torch.from_numpy, seen))
    write_onnx(folder / ONNX_NAME, network, predictor.classes, sizes=network.sizes)
    write_bytes(folder / SCRIPT, Path(predict_script.__file__).read_bytes())
    theirs = torch.from_numpy(OnnxModel(folder / ONNX_NAME).logits(list(inputs.images)))
    return refuse_difference(ONNX_NAME, theirs, ours)


def _write_documents(
    folder: Path, predictor: EnsemblePredictor, checks: Checks, test: Measured | None, document: dict[str, Any]
) -> None:
    write_json(folder / CONFIG, {"ferray": {"ensemble": document, "label_names": list(predictor.classes)}})
    scores = {"test": test.to_json() if test else None, "checks": asdict(checks)}
    write_json(folder / METRICS, {"format": 1, **scores})
    write_text(folder / LABELS, "".join(f"{name}\n" for name in predictor.classes))
    write_text(folder / CARD, _card(predictor, checks, test))


def _card(predictor: EnsemblePredictor, checks: Checks, test: Measured | None) -> str:
    ensemble, configs = predictor.ensemble, [member.config for member in predictor.members]
    members = [f"| {member.trial} | `{member.recipe}` | {member.weight:.3f} |" for member in ensemble.members]
    chosen = f"`{ensemble.chosen_by}` {ensemble.value:.3f} on the {ensemble.num_val:,} validation images that chose it"
    table = (
        ["| split | score | value | 95 % interval | n |", "|---|---|---|---|---|", *score_lines(test)] if test else []
    )
    return "\n".join(
        [
            f"# {len(ensemble.members)} networks for facial expressions",
            "",
            f"Trials of one sweep whose probabilities are averaged, chosen among {ensemble.num_candidates:,}: {chosen}",
            f"({ensemble.best_value:.3f} for the best single one, which flatters both).",
            "",
            *("| trial | recipe | weight |", "|---|---|---|", *members, ""),
            *dict.fromkeys(line for config in configs for line in data_set_lines(config)),
            *(f"- classes, in the order of the logits: {', '.join(predictor.classes)}", ""),
            *("## Use", "", *(onnx_lines() if checks.onnx is not None else ())),
            *("## Measured", "", *(table or ["The test split was not read for this ensemble."]), ""),
            *("## Intended use and limits", "", INTENDED, licence_line(configs), ""),
        ]
    )
