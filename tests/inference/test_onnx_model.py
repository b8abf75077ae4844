from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ferray.errors import CheckpointError, ConfigError
from ferray.inference.models import open_model
from ferray.inference.onnx_model import OnnxModel
from ferray.testing.fake_models import CLASSES, write_colour_onnx


def test_pictures_of_any_size_are_answered(tmp_path: Path) -> None:
    model = OnnxModel(write_colour_onnx(tmp_path / "model.onnx"))
    pictures = [np.full((size, size + 1, 3), (9, 0, 3), dtype=np.uint8) for size in (3, 7)]
    assert np.allclose(model.logits(pictures), [[9, 0, 3]] * 2)
    assert np.allclose(model.probabilities(pictures).sum(axis=1), 1)


def test_its_classes_are_in_the_file(tmp_path: Path) -> None:
    assert OnnxModel(write_colour_onnx(tmp_path / "model.onnx")).classes == CLASSES


def test_no_pictures_have_no_answers(tmp_path: Path) -> None:
    assert OnnxModel(write_colour_onnx(tmp_path / "model.onnx")).probabilities([]).shape == (0, 3)


def test_an_onnx_file_of_another_program_is_named(tmp_path: Path) -> None:
    file = write_colour_onnx(tmp_path / "model.onnx", metadata=False)
    with pytest.raises(CheckpointError, match="is an ONNX file, and not one that ferray wrote"):
        OnnxModel(file)


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match=r"`.*model.onnx` is torn, or not an ONNX file"):
        OnnxModel(tmp_path / "model.onnx")


@pytest.mark.parametrize("said", [".", "model.onnx"])
def test_a_folder_and_its_file_are_answered_by_onnxruntime(tmp_path: Path, said: str) -> None:
    write_colour_onnx(tmp_path / "model.onnx")
    assert isinstance(open_model(tmp_path / said, runtime="auto", device="auto"), OnnxModel)


def test_a_folder_without_an_onnx_file_is_refused_to_who_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no `model.onnx`"):
        open_model(tmp_path, runtime="onnx", device="auto")


def test_a_runtime_of_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`onx` is no runtime") as caught:
        open_model(tmp_path, runtime="onx", device="auto")
    assert "`onnx`" in caught.value.hint
