"""What a predictor is given, what it holds and what it says; that it answers as training did is tested beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from ferray.artifacts.address import file_at
from ferray.config.job import TrialJob
from ferray.errors import CheckpointError, ClusterError, ConfigError
from ferray.testing.fake_data import sheet_rows, write_sheet_csv
from ferray.testing.trials import demo_config, demo_job
from ferray.training.checkpoint import read_checkpoint, write_checkpoint
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.trainers import open_trainer
from ferray.training.training_set import class_counts_without

POST_HOC = {"logit_adjustment": {"mode": "post_hoc"}}


def trained(folder: Path, cache: Path, **changes: Any) -> TrialJob:
    job = demo_job(folder, cache, demo_config(epochs=1, **changes))
    with open_trainer(job) as trainer:
        trainer.step()
    return job


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> TrialJob:
    """A trial whose logits are corrected by the counts of its classes."""
    return trained(tmp_path_factory.mktemp("trained"), cache, imbalance=POST_HOC)


@pytest.fixture(scope="module")
def predictor(job: TrialJob) -> Predictor:
    return load_predictor(job.path / "best.pt")


@pytest.fixture(scope="module")
def images(job: TrialJob) -> NDArray[np.uint8]:
    return open_job_inputs(job).val.images_of(np.arange(5))


@pytest.fixture
def older(job: TrialJob, tmp_path: Path) -> Path:
    """The same checkpoint as it was written before it held class counts."""
    state = read_checkpoint(job.path / "best.pt", "best")
    del state["class_counts"], state["ferray"]
    write_checkpoint(file_at(str(tmp_path / "best.pt")), "best", state)
    return tmp_path / "best.pt"


def test_it_knows_its_classes_and_its_configuration(predictor: Predictor, job: TrialJob) -> None:
    assert predictor.classes == open_job_inputs(job).val.classes
    assert predictor.config == job.trial_config()


def test_an_answer_is_a_row_for_each_image_that_gradients_may_meet(
    predictor: Predictor, images: NDArray[np.uint8]
) -> None:
    answered = predictor(images)
    assert (answered.shape, answered.dtype, answered.is_inference()) == ((5, 7), torch.float32, False)


def test_probabilities_are_the_softmax_of_the_logits(predictor: Predictor, images: NDArray[np.uint8]) -> None:
    assert torch.equal(predictor.probabilities(images), predictor(images).softmax(dim=1))


def test_plain_logits_are_corrected_by_the_prior(
    predictor: Predictor, job: TrialJob, images: NDArray[np.uint8]
) -> None:
    counts = torch.tensor(class_counts_without(open_job_inputs(job).train, ()), dtype=torch.float64)
    expected = predictor.logits(images) - (counts / counts.sum()).log().float()
    assert torch.equal(predictor(images), expected)


def test_class_counts_leave_out_what_had_been_removed(tmp_path: Path, cache: Path) -> None:
    rule = {"trimmed_loss": {"start_epoch": 1, "fraction": 0.3}}
    job = demo_job(tmp_path, cache, demo_config(epochs=3, outliers=rule, imbalance=POST_HOC))
    with open_trainer(job) as trainer:
        reports = [trainer.step() for _ in range(3)]
        best = trainer.best
    assert best is not None
    checkpoint = load_predictor(tmp_path / "best.pt").checkpoint
    assert checkpoint.class_counts is not None
    assert sum(checkpoint.class_counts) == reports[best.epoch - 1].num_train


def as_list(images: NDArray[np.uint8], _: Path) -> Any:
    return list(images)


def as_tensor(images: NDArray[np.uint8], _: Path) -> Any:
    return torch.from_numpy(images)


def as_pictures(images: NDArray[np.uint8], _: Path) -> Any:
    return [Image.fromarray(image) for image in images]


def as_files(images: NDArray[np.uint8], folder: Path) -> Any:
    paths = [folder / f"{number}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths


def as_names(images: NDArray[np.uint8], folder: Path) -> Any:
    return [str(path) for path in as_files(images, folder)]


@pytest.mark.parametrize("given", [as_list, as_tensor, as_pictures, as_files, as_names])
def test_images_may_be_given_in_any_form(
    predictor: Predictor, images: NDArray[np.uint8], tmp_path: Path, given: Any
) -> None:
    assert torch.equal(predictor(given(images, tmp_path)), predictor(images))


def test_one_image_is_a_batch_of_one(predictor: Predictor, images: NDArray[np.uint8], tmp_path: Path) -> None:
    one = predictor(images[:1])
    (path,) = as_files(images[:1], tmp_path)
    for given in (images[0], torch.from_numpy(images[0]), Image.fromarray(images[0]), path, str(path)):
        assert torch.equal(predictor(given), one)


def test_no_images_have_no_answers(predictor: Predictor) -> None:
    assert predictor([]).shape == (0, 7)


def test_images_of_another_size_are_made_that_of_the_trial(predictor: Predictor, images: NDArray[np.uint8]) -> None:
    doubled = images.repeat(2, axis=1).repeat(2, axis=2)
    assert torch.equal(predictor(doubled), predictor(images))


def test_a_picture_that_is_given_stays_as_it_is(predictor: Predictor, images: NDArray[np.uint8]) -> None:
    turned = Image.fromarray(images[0])
    turned.getexif()[274] = 6  # to be turned by a quarter
    predictor(turned)
    assert np.array_equal(np.asarray(turned), images[0])


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((2, 32, 32, 3), dtype=np.float32),
        np.zeros((2, 3, 32, 32), dtype=np.uint8),
        np.zeros((2, 32), dtype=np.uint8),
        [np.zeros((32, 32), dtype=np.uint8)],
        np.zeros((1, 0, 32, 3), dtype=np.uint8),
    ],
    ids=["floats", "channels first", "a table", "without colours", "without pixels"],
)
def test_what_are_no_images_is_refused_with_what_to_give(predictor: Predictor, given: Any) -> None:
    with pytest.raises(ConfigError, match=r"an array of shape `\(") as caught:
        predictor(given)
    assert caught.value.hint.startswith("give uint8 images (N, H, W, 3)")


@pytest.mark.parametrize("given", [None, 3, {"face": 1}])
def test_what_is_no_list_is_refused_with_what_to_give(predictor: Predictor, given: Any) -> None:
    with pytest.raises(ConfigError, match=f"the images are `{type(given).__name__}`"):
        predictor(given)


@pytest.mark.parametrize("path", [None, 3, ["best.pt"]])
def test_what_is_no_file_is_refused(path: Any) -> None:
    with pytest.raises(ConfigError, match="is no file"):
        load_predictor(path)


def test_a_device_of_no_name_is_refused(job: TrialJob) -> None:
    with pytest.raises(ConfigError, match="`cdua` is no device") as caught:
        load_predictor(job.path / "best.pt", "cdua")
    assert "`cuda`" in caught.value.hint


@pytest.mark.parametrize("counts", [(1, 2), (-1,) * 7, (1.5,) * 7, dict.fromkeys("abcdefg", 1)])
def test_counts_that_are_not_those_of_its_classes_are_refused(predictor: Predictor, counts: Any) -> None:
    with pytest.raises(ConfigError, match="are not the counts of `7` classes"):
        predictor.with_class_counts(counts)


def test_a_missing_picture_is_named(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"gone.png` cannot be read"):
        predictor([tmp_path / "gone.png"])


def test_a_device_that_is_not_there_is_named(job: TrialJob) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ClusterError, match="torch finds no GPU"):
        load_predictor(job.path / "best.pt", "cuda")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> TrialJob:
    """A machine over a table of features."""
    folder = tmp_path_factory.mktemp("table")
    config = demo_config(epochs=1).to_json() | {
        "dataset": {"sfew_features": {"split": "random"}},
        "estimator": {"svm": {}},
        "image_size": None,
    }
    job = demo_job(folder / "trial", folder, demo_config())
    job = TrialJob(**{**vars(job), "config": config, "data_root": str(write_sheet_csv(folder, sheet_rows()))})
    with open_trainer(job) as trainer:
        trainer.step()
    return job


def test_rows_of_a_table_are_answered(table: TrialJob) -> None:
    val = open_job_inputs(table).val
    predictor = load_predictor(table.path / "best.pt")
    rows = val.inputs_of(np.arange(len(val)))
    assert torch.equal(predictor(rows), predictor(val))
    assert torch.equal(predictor(rows.tolist()), predictor(val))


def test_an_estimator_is_no_network(table: TrialJob) -> None:
    with pytest.raises(ConfigError, match="fits an estimator"):
        load_predictor(table.path / "best.pt").network()


def test_rows_of_another_length_are_refused(table: TrialJob) -> None:
    with pytest.raises(ConfigError, match=r"the features are an array of shape `\(2, 3\)`"):
        load_predictor(table.path / "best.pt")(np.zeros((2, 3), dtype=np.float32))


def test_an_older_file_answers_what_no_correction_is_asked_for(older: Path, predictor: Predictor, images: Any) -> None:
    assert torch.equal(load_predictor(older).logits(images), predictor.logits(images))


def test_an_older_file_says_that_its_correction_lacks_class_counts(older: Path, images: Any) -> None:
    said = f"`logit_adjustment` asks how many samples each class had in training, which `{older}` does not say"
    with pytest.raises(CheckpointError) as caught:
        load_predictor(older)(images)
    assert caught.value.message == said
    assert "with_class_counts" in caught.value.hint


def test_an_older_file_is_told_its_class_counts(older: Path, predictor: Predictor, job: TrialJob, images: Any) -> None:
    counts = class_counts_without(open_job_inputs(job).train, ())
    assert torch.equal(load_predictor(older).with_class_counts(counts)(images), predictor(images))


@pytest.mark.parametrize("imbalance", ["none", "balanced_softmax", "logit_adjustment"])
def test_an_older_file_without_a_correction_answers(tmp_path: Path, job: TrialJob, images: Any, imbalance: str) -> None:
    state = read_checkpoint(job.path / "best.pt", "best")
    del state["class_counts"], state["ferray"]
    state["config"]["imbalance"] = {imbalance: {}}
    write_checkpoint(file_at(str(tmp_path / "best.pt")), "best", state)
    older = load_predictor(tmp_path / "best.pt")
    assert torch.equal(older(images), older.logits(images))


def test_older_code_finds_what_it_reads(job: TrialJob) -> None:
    state = torch.load(job.path / "best.pt", weights_only=True)
    assert state["ferray"] == "best/2"
    read = {
        "model",
        "config",
        "classes",
        "epoch",
        "metrics",
        "confusion",
        "removed_ids",
        "pixels",
        "image_size",
        "init",
    }
    assert read <= set(state)


def test_a_folder_is_that_of_its_checkpoint(job: TrialJob, predictor: Predictor, images: Any) -> None:
    assert torch.equal(load_predictor(job.folder)(images), predictor(images))


def test_a_folder_without_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds neither a `best.pt` nor a `model.safetensors`"):
        load_predictor(tmp_path)


def test_the_folder_of_a_cross_validated_trial_names_that_of_a_fold(tmp_path: Path) -> None:
    (tmp_path / "fold-0").mkdir()
    (tmp_path / "fold-0/best.pt").touch()
    with pytest.raises(CheckpointError) as caught:
        load_predictor(tmp_path)
    assert f"such as `{tmp_path}/fold-0/best.pt`" in caught.value.hint


def test_the_checkpoint_to_go_on_from_is_called_so(tmp_path: Path) -> None:
    write_checkpoint(file_at(str(tmp_path / "last.pt")), "last", {})
    with pytest.raises(CheckpointError, match="is what a training goes on from") as caught:
        load_predictor(tmp_path / "last.pt")
    assert caught.value.hint == "give the `best.pt` of its trial"


def test_it_is_shown_by_its_file_and_its_classes(predictor: Predictor) -> None:
    assert repr(predictor) == f"<NetworkPredictor of `{predictor.file}`: 7 classes>"


def test_a_temperature_divides_the_corrected_logits(predictor: Predictor, images: NDArray[np.uint8]) -> None:
    assert torch.allclose(predictor.with_temperature(2.5)(images), predictor(images) / 2.5)


def test_a_calibrated_predictor_is_saved_with_its_temperature(
    predictor: Predictor, images: NDArray[np.uint8], tmp_path: Path
) -> None:
    cooled = predictor.with_temperature(2.5)
    assert torch.equal(load_predictor(cooled.save(tmp_path / "cooled.safetensors"))(images), cooled(images))
