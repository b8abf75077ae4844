from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ferray.errors import ConfigError
from ferray.testing.fake_data import sheet_rows, write_sheet_csv
from ferray.testing.trials import demo_config, demo_job
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.trainers import open_trainer

POST_HOC = {"logit_adjustment": {"mode": "post_hoc"}}


def trained(folder: Path, cache: Path, **changes: Any) -> Path:
    with open_trainer(demo_job(folder, cache, demo_config(epochs=1, **changes))) as trainer:
        trainer.step()
    return folder / "best.pt"


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Predictor:
    pixels = {"grey": True, "normalise": "train_std"}
    return load_predictor(trained(tmp_path_factory.mktemp("trained"), cache, imbalance=POST_HOC, pixels=pixels))


def test_its_logits_are_those_of_its_predictor(predictor: Predictor, tmp_path: Path, cache: Path) -> None:
    val = open_job_inputs(demo_job(tmp_path, cache, demo_config())).val
    images = torch.from_numpy(val.images_of(np.arange(5)))
    assert torch.equal(predictor.network()(images), predictor(images))


def test_it_has_the_weights_of_its_predictor(predictor: Predictor) -> None:
    weights = predictor.network().network.state_dict()
    assert set(predictor._parts()["model"]) == set(weights)


def test_rows_of_features_have_none(tmp_path: Path, cache: Path) -> None:
    changes = {"dataset": {"sfew_features": {"split": "random"}}, "backbone": "features_mlp", "image_size": None}
    job = demo_job(tmp_path / "trial", cache, demo_config(epochs=1))
    config = {**job.config, **changes}
    table = replace(job, config=config, data_root=str(write_sheet_csv(tmp_path, sheet_rows())))
    with open_trainer(table) as trainer:
        trainer.step()
    with pytest.raises(ConfigError, match="takes rows of features"):
        load_predictor(table.folder).network()


def test_weights_that_lie_under_other_names_are_found_again(predictor: Predictor, tmp_path: Path) -> None:
    file = predictor.save(tmp_path, tensor_names={"head.1.weight": "fc.weight"})
    images = np.zeros((1, 32, 32, 3), dtype=np.uint8)
    assert "fc.weight" in load_file(file)
    assert torch.equal(load_predictor(file)(images), predictor(images))
