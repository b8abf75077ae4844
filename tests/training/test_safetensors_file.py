from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ferray.errors import CheckpointError, ConfigError
from ferray.models.weights import read_content
from ferray.testing.trials import demo_config, demo_job
from ferray.training.checkpoint import read_checkpoint
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.safetensors_file import read_export, write_export
from ferray.training.trainers import open_trainer

FITTED = {"estimator": {"svm": {"calibrate": True}}, "epochs": 1}


@pytest.fixture(scope="module", params=[{"epochs": 1}, FITTED], ids=["network", "estimator"])
def best(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    job = demo_job(tmp_path_factory.mktemp("trained"), cache, demo_config(**request.param))
    with open_trainer(job) as trainer:
        trainer.step()
    return job.path / "best.pt"


@pytest.fixture(scope="module")
def predictor(best: Path) -> Predictor:
    return load_predictor(best)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second) and first.dtype == second.dtype
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return list(first) == list(second) if isinstance(first, list | tuple) else bool(first == second)


def test_all_of_the_checkpoint_is_in_it(best: Path, predictor: Predictor, tmp_path: Path) -> None:
    known = read_checkpoint(best, "best")
    assert same(read_export(predictor.save(tmp_path / "faces.safetensors")), known)


def test_weights_keep_their_names_for_other_programs(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path / "trial", cache, demo_config(epochs=1))
    with open_trainer(job) as trainer:
        trainer.step()
    file = load_predictor(job.folder).save(tmp_path / "out")
    assert set(load_file(file)) == set(read_checkpoint(job.path / "best.pt", "best")["model"])
    assert set(read_content(file)) == set(load_file(file))


def test_what_is_not_tensors_is_strict_json(predictor: Predictor, tmp_path: Path) -> None:
    content = predictor.save(tmp_path).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert set(header["__metadata__"]) == {"format", "ferray"}
    known = json.loads(header["__metadata__"]["ferray"], parse_constant=lambda word: pytest.fail(word))
    assert known["classes"] == list(predictor.classes)


def test_a_folder_gets_a_file_of_the_usual_name(predictor: Predictor, tmp_path: Path) -> None:
    assert predictor.save(tmp_path / "new") == tmp_path / "new" / "model.safetensors"
    assert load_predictor(tmp_path / "new").classes == predictor.classes


def test_a_name_of_another_kind_is_refused(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not the name of a `.safetensors` file"):
        predictor.save(tmp_path / "faces.pt")


def test_numbers_that_are_not_finite_come_back(tmp_path: Path) -> None:
    found = read_export(write_export(tmp_path, {"features": {"spread": [1.5, float("inf")]}}))
    assert [float(number) for number in found["features"]["spread"]] == [1.5, float("inf")]


def test_a_file_of_weights_alone_is_named(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="holds weights, and not what ferray needs"):
        load_predictor(tmp_path / "a.safetensors")


@pytest.mark.parametrize("length", [0, 7, 100, 3000])
def test_a_torn_file_is_named(predictor: Predictor, tmp_path: Path, length: int) -> None:
    file = predictor.save(tmp_path)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(CheckpointError, match=r"model.safetensors` is torn"):
        load_predictor(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone.safetensors` cannot be read: No such file"):
        load_predictor(tmp_path / "gone.safetensors")


def test_tensors_that_are_named_and_not_there_are_missed(predictor: Predictor, tmp_path: Path) -> None:
    file = predictor.save(tmp_path)
    content = file.read_bytes()
    metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    save_file({"other": torch.ones(1)}, file, metadata)
    with pytest.raises(CheckpointError, match="lacks parts that it names"):
        load_predictor(file)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "a.safetensors", {"ferray": json.dumps({"ferray": "best/99"})})
    with pytest.raises(CheckpointError, match="is not of this version of ferray"):
        load_predictor(tmp_path / "a.safetensors")
