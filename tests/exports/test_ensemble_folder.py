from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ferray.artifacts.ensemble import Ensemble, Member
from ferray.exports.ensemble_folder import write_ensemble
from ferray.exports.folder import Exported, RealInputs
from ferray.inference.models import open_model
from ferray.inference.onnx_model import OnnxModel
from ferray.inference.torch_model import TorchModel
from ferray.testing.checkpoints import write_untrained
from ferray.training.ensemble_predictor import EnsemblePredictor
from ferray.training.predictor import load_predictor


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> EnsemblePredictor:
    """Two networks that see images of other sizes."""
    folder = tmp_path_factory.mktemp("members")
    sides = (32, 16)
    members = [load_predictor(write_untrained(folder / str(side), image_size=side, seed=side)) for side in sides]
    files = [Member(n, "1f3a9c2e", f"{n}/best.pt", "0", weight) for n, weight in ((4, 0.75), (7, 0.25))]
    known = Ensemble("little", members[0].classes, tuple(files), "val/uar", 0.6, 4, 0.5, 9, 28, 20, 5)
    return EnsemblePredictor(known, members, temperature=2.0)


@pytest.fixture(scope="module")
def exported(ensemble: EnsemblePredictor, inputs: RealInputs, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return write_ensemble(tmp_path_factory.mktemp("exported") / "model", ensemble, inputs, None, with_onnx=True)


def test_one_onnx_file_answers_for_members_of_other_sizes(
    exported: Exported, ensemble: EnsemblePredictor, inputs: RealInputs
) -> None:
    logits = OnnxModel(exported.folder / "model.onnx").logits(list(inputs.images))
    assert np.abs(logits - ensemble(inputs.images).numpy()).max() <= 1e-4


def test_it_is_read_back_by_torch(exported: Exported, ensemble: EnsemblePredictor, inputs: RealInputs) -> None:
    model = open_model(exported.folder, runtime="torch", device="cpu")
    told = torch.from_numpy(model.probabilities(list(inputs.images)))
    assert isinstance(model, TorchModel)
    assert torch.equal(told, ensemble.probabilities(inputs.images))


def test_each_member_has_a_folder_of_its_own(
    exported: Exported, ensemble: EnsemblePredictor, inputs: RealInputs
) -> None:
    second = load_predictor(Path(exported.folder) / "members/trial-0007")
    assert torch.equal(second(inputs.images), ensemble.members[1](inputs.images))


def test_the_card_tells_members_and_weights(exported: Exported) -> None:
    assert "| 7 | `1f3a9c2e` | 0.250 |" in (exported.folder / "README.md").read_text()
