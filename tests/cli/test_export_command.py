from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from ferray.errors import DataError
from ferray.testing.command import INLINE, ferray, sweep, swept
from ferray.testing.fake_data import write_sheet_csv

SPACE = """
name: tiny
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = swept(tmp_path_factory.mktemp("export") / "tiny.yaml", SPACE, "--trials", 1)
    assert ferray("evaluate", "tiny", "--output", folder).code == 0
    return folder


@pytest.fixture(scope="module")
def chosen(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of an ensemble, of which the test split was read."""
    to = tmp_path_factory.mktemp("ensemble") / "model"
    assert sweep(runs.parent / "tiny.yaml", "--trials", 2, "--name", "two").code == 0
    assert ferray("ensemble", "two", "--output", runs).code == 0
    assert ferray("export", "two", "--ensemble", "--output", runs, "--to", to, "--no-onnx").code == 0
    return to


def test_an_ensemble_carries_what_it_scored_on_the_test_split(chosen: Path) -> None:
    assert json.loads((chosen / "metrics.json").read_text())["test"]["n"] == 35
    assert "| test | UAR |" in (chosen / "README.md").read_text()


def test_it_is_asked_about_validation_images(runs: Path, tmp_path: Path) -> None:
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--no-onnx")
    assert (ran.code, "checked on 35 validation images" in ran.err) == (0, True)
    assert {Path(line).name for line in ran.out.splitlines()} == {
        *("README.md", "config.json", "labels.txt", "metrics.json", "model.safetensors", "preprocessing.json"),
    }


def test_what_was_judged_on_the_test_split_is_handed_on(runs: Path, tmp_path: Path) -> None:
    ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--no-onnx")
    assert json.loads((tmp_path / "model/metrics.json").read_text())["test"]["n"] == 35


def test_json_is_one_document(runs: Path, tmp_path: Path) -> None:
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--no-onnx", "--json", "--quiet")
    document = json.loads(ran.out)
    assert (document["trial"], document["checks"]["safetensors"], ran.err) == (0, 0.0, "")


def test_the_folder_is_asked_by_predict(runs: Path, tmp_path: Path) -> None:
    ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--no-onnx")
    Image.linear_gradient("L").save(tmp_path / "a.png")
    assert ferray("predict", tmp_path / "model", tmp_path / "a.png").code == 0


def test_a_folder_of_something_else_is_refused(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path, "--no-onnx", "--force")
    assert (ran.code, "is no exported model" in ran.err) == (2, True)


def test_an_unknown_trial_is_named(runs: Path, tmp_path: Path) -> None:
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--trial", 4)
    assert (ran.code, "no trial `4`" in ran.err) == (2, True)


def test_missing_packages_are_said_with_how_to_get_them(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ferray.exports.onnx_file.find_spec", lambda name: None if name == "onnxscript" else name)
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model")
    assert (ran.code, "needs the package `onnxscript`" in ran.err, "--no-onnx" in ran.err) == (2, True, True)


def test_a_sweep_without_an_ensemble_says_so(runs: Path, tmp_path: Path) -> None:
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--ensemble", "--no-onnx")
    assert (ran.code, "no ensemble was chosen for `tiny`" in ran.err, "ensemble tiny`" in ran.err) == (3, True, True)
    assert not (tmp_path / "model").exists()


@pytest.fixture
def _gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the data."""

    def gone(*_: object) -> None:
        raise DataError("the data is gone")

    monkeypatch.setattr("ferray.apps.export.open_inputs", gone)


@pytest.mark.usefixtures("_gone")
def test_quiet_still_warns_that_it_was_checked_on_noise(runs: Path, tmp_path: Path) -> None:
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--no-onnx", "--quiet")
    assert (ran.code, "checked on noise and not on validation samples: the data is gone" in ran.err) == (0, True)


ROWS = """
name: rows
dataset: sfew_features
base: {backbone: features_mlp, augment: none, batch_size: 32, epochs: 1}
"""


@pytest.mark.usefixtures("_gone")
def test_a_network_over_rows_is_checked_on_rows_of_noise_where_its_data_is_gone(tmp_path: Path) -> None:
    (tmp_path / "rows.yaml").write_text(ROWS)
    data, here = write_sheet_csv(tmp_path / "data"), ("--output", tmp_path)
    options = ("--data-root", data, *INLINE, "--trials", 1)
    assert ferray("sweep", tmp_path / "rows.yaml", *here, *options).code == 0
    ran = ferray("export", "rows", *here, "--to", tmp_path / "model")
    assert (ran.code, "checked on noise" in ran.err, "100 rows of noise" in ran.err) == (0, True, True)


def test_an_ensemble_and_a_trial_are_two_choices(runs: Path, tmp_path: Path) -> None:
    ran = ferray("export", "tiny", "--output", runs, "--to", tmp_path / "model", "--ensemble", "--trial", 0)
    assert (ran.code, "are two choices" in ran.err) == (2, True)
