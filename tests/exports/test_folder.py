"""What an exported folder holds, and that it answers as its trial does, by ferray, onnxruntime alone and timm alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from ferray.errors import ConfigError, DataError
from ferray.exports.folder import Exported, RealInputs, write_network
from ferray.exports.origin import Origin
from ferray.exports.predict_script import Model
from ferray.exports.taken import refuse_taken
from ferray.inference.onnx_model import OnnxModel
from ferray.testing.checkpoints import write_untrained
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.checkpoint import read_checkpoint
from ferray.training.predictor import NetworkPredictor, Predictor, load_predictor

CORRECTED = {"imbalance": {"logit_adjustment": {"mode": "post_hoc"}}, "evaluate": {"flip": True}}
TIMM = {"timm": {"name": "mobilenetv3_small_050"}}


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A network with a correction, a temperature and two views of an image."""
    folder = tmp_path_factory.mktemp("trained")
    return load_predictor(write_untrained(folder, **CORRECTED)).with_temperature(1.5)


@pytest.fixture(scope="module")
def exported(
    predictor: Predictor, origin: Origin, inputs: RealInputs, tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    folder = tmp_path_factory.mktemp("exported") / "model"
    return write_network(folder, predictor, origin, inputs, with_onnx=True, progress=lambda _: None)


def by_timm(folder: Path, origin: Origin, inputs: RealInputs, **changes: object) -> tuple[Exported, Predictor]:
    predictor = load_predictor(write_untrained(folder / "trained", backbone=TIMM, **changes))
    return write_network(
        folder / "model", predictor, origin, inputs, with_onnx=False, progress=lambda _: None
    ), predictor


def test_onnx_gives_the_trials_logits(exported: Exported, predictor: Predictor, inputs: RealInputs) -> None:
    logits = OnnxModel(exported.folder / "model.onnx").logits(list(inputs.images))
    assert np.abs(logits - predictor(inputs.images).numpy()).max() <= 1e-4


def test_a_batch_may_have_any_size(exported: Exported, predictor: Predictor, inputs: RealInputs) -> None:
    for size in (1, 3):
        logits = OnnxModel(exported.folder / "model.onnx").logits(list(inputs.images[:size]))
        assert np.abs(logits - predictor(inputs.images[:size]).numpy()).max() <= 1e-4


def test_ferray_reads_the_folder_back_bit_by_bit(exported: Exported, predictor: Predictor, inputs: RealInputs) -> None:
    assert torch.equal(load_predictor(exported.folder)(inputs.images), predictor(inputs.images))


def test_the_script_answers_pictures_as_the_trial_does(exported: Exported, predictor: Predictor) -> None:
    large = np.random.default_rng(1).integers(0, 256, (80, 64, 3), dtype=np.uint8)
    answered = Model(exported.folder / "model.onnx").probabilities([large])
    assert np.abs(answered - predictor.probabilities(large).numpy()).max() <= 1e-4


PROBE = """
import importlib.abc, runpy, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "ferray", "cv2", "onnx", "timm", "scipy", "safetensors"):
            raise ImportError(f"{name} is not to be had")

sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_the_script_needs_onnxruntime_and_pillow_alone(exported: Exported, tmp_path: Path) -> None:
    Image.new("RGB", (40, 40), (200, 100, 50)).save(tmp_path / "face.png")
    (tmp_path / "torn.png").write_text("text")
    odd = tmp_path / os.fsdecode(b"\xff.png")
    odd.write_bytes((tmp_path / "face.png").read_bytes())
    words = [exported.folder / "predict.py", tmp_path / "face.png", tmp_path / "torn.png", odd, tmp_path / "face.png"]
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
    )
    assert ran.returncode == 1, ran.stderr
    named = [line.split(",")[0].removeprefix(f"{tmp_path}/") for line in ran.stdout.splitlines()]
    assert named == ["file", "face.png", r"\udcff.png", "face.png"]
    assert f"{tmp_path / 'torn.png'}: is no picture" in ran.stderr


def test_the_script_answers_no_pictures_with_no_rows(exported: Exported) -> None:
    assert Model(exported.folder / "model.onnx").logits([]).shape == (0, 7)


def test_what_was_checked_is_in_the_folder(exported: Exported) -> None:
    checks = json.loads((exported.folder / "metrics.json").read_text())["checks"]
    assert (checks["n"], checks["safetensors"], checks["timm"]) == (100, 0.0, None)
    assert checks["onnx"] <= 1e-4


def test_scores_carry_n_and_interval(exported: Exported) -> None:
    validation = json.loads((exported.folder / "metrics.json").read_text())["validation"]
    low, high = validation["scores"]["accuracy"]["interval"]
    assert (validation["n"], low < 0.5 < high) == (21, True)


def test_labels_are_in_the_order_of_the_logits(exported: Exported, predictor: Predictor) -> None:
    assert tuple((exported.folder / "labels.txt").read_text().splitlines()) == predictor.classes


def test_the_preprocessing_says_what_stands_around_the_network(exported: Exported) -> None:
    known = json.loads((exported.folder / "preprocessing.json").read_text())
    assert (known["resize"]["size"], known["views"], known["logits"]["temperature"]) == (32, 2, 1.5)
    assert len(known["logits"]["offset"]) == 7


def test_the_card_tells_what_it_is(exported: Exported) -> None:
    card = (exported.folder / "README.md").read_text()
    assert "Trial 3 (recipe `1f3a9c2e`) of the sweep `little`" in card
    assert "| val | UAR | 0.500 |" in card
    assert "the test split was not read for this model" in card


def test_the_card_names_the_data_set_of_each_stage(tmp_path: Path, origin: Origin, inputs: RealInputs) -> None:
    stages = {"stages": [{"dataset": {"demo": {"seed": 3}}, "epochs": 2}, {}], "evaluate": {"flip": True}}
    predictor = load_predictor(write_untrained(tmp_path, **stages))
    to = tmp_path / "model"
    write_network(to, predictor, origin, inputs, with_onnx=False, progress=lambda _: None)
    card = (to / "README.md").read_text()
    assert "- data set of stage 1 of 2: `demo` (" in card
    assert "The licence of each data set holds for it too." in card
    assert "The logits are the mean over 2 views of it (flip=true crops=1" in card


def test_timm_alone_builds_a_network_with_a_linear_head(tmp_path: Path, origin: Origin, inputs: RealInputs) -> None:
    exported, predictor = by_timm(tmp_path, origin, inputs)
    network = timm.create_model(f"local-dir:{exported.folder}", pretrained=True).eval()
    seen = predictor.network().preprocessing(torch.from_numpy(inputs.images[:8]))
    assert exported.whole_by_timm
    assert torch.allclose(network(seen), predictor.logits(inputs.images[:8]), atol=1e-5)
    assert timm.data.resolve_model_data_config(network)["input_size"] == [3, 32, 32]


def test_a_head_that_timm_does_not_have_keeps_its_names(tmp_path: Path, origin: Origin, inputs: RealInputs) -> None:
    exported, predictor = by_timm(tmp_path, origin, inputs, head={"selu_mlp": {"hidden": 8}})
    snippet = (
        (exported.folder / "README.md").read_text().partition("backbone alone:\n\n```python\n")[2].partition("```")[0]
    )
    made: dict[str, torch.nn.Module] = {}
    exec(snippet.replace('"model.safetensors"', repr(str(exported.folder / "model.safetensors"))), made)
    seen = predictor.network().preprocessing(torch.from_numpy(inputs.images[:8]))
    assert not exported.whole_by_timm
    assert torch.allclose(made["network"](seen), predictor.logits(inputs.images[:8]), atol=1e-5)


class Forgetful(NetworkPredictor):
    """Saves other weights than it answers by."""

    def save(self, path: str | Path, **_: object) -> Path:
        return load_predictor(write_untrained(Path(path) / "other", seed=1)).save(path)


def test_an_export_that_answers_otherwise_is_not_left(tmp_path: Path, origin: Origin, inputs: RealInputs) -> None:
    file = write_untrained(tmp_path / "trained")
    forgetful = Forgetful(file, BestCheckpoint.from_state(read_checkpoint(file, "best")), "cpu", None)
    with pytest.raises(DataError, match="answers otherwise than the trial"):
        write_network(tmp_path / "model", forgetful, origin, inputs, with_onnx=False, progress=lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["trained"]


def test_a_folder_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="is no exported model"):
        refuse_taken(tmp_path, force=True)


def test_an_earlier_export_is_replaced_where_that_is_asked(exported: Exported) -> None:
    refuse_taken(exported.folder, force=True)
    with pytest.raises(ConfigError, match="holds an exported model"):
        refuse_taken(exported.folder, force=False)
