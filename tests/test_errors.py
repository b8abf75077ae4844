from __future__ import annotations

import pytest

from ferray.errors import (
    BadSampleError,
    CheckpointError,
    ClusterError,
    ConfigError,
    DataError,
    FerrayError,
    ResumeMismatch,
    StorageError,
    SweepFailed,
    UnknownComponent,
    did_you_mean,
    nearest,
)


def test_the_hint_stands_on_a_line_of_its_own() -> None:
    assert str(DataError("`x.png` cannot be read", "delete it")) == "`x.png` cannot be read\nhint: delete it"


def test_without_a_hint_the_message_stands_alone() -> None:
    assert str(DataError("`x.png` cannot be read")) == "`x.png` cannot be read"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FerrayError, 1),
        (ConfigError, 2),
        (UnknownComponent, 2),
        (ResumeMismatch, 2),
        (DataError, 3),
        (BadSampleError, 3),
        (CheckpointError, 3),
        (StorageError, 3),
        (SweepFailed, 4),
        (ClusterError, 5),
    ],
)
def test_exit_codes_are_those_of_the_documentation(error: type[FerrayError], code: int) -> None:
    assert error.exit_code == code


def test_a_misspelt_name_is_offered_its_neighbour() -> None:
    assert did_you_mean("focla", ["focal", "none"]) == "did you mean `focal`?"


def test_a_name_near_nothing_is_offered_all_of_them() -> None:
    assert did_you_mean("xyz", ["none", "focal"]) == "known names: focal, none"


TRIAL = ("backbone", "batch_size", "dataset", "epochs", "head", "imbalance", "optimizer", "schedule", "seed", "augment")
IMBALANCE = ("none", "undersample", "oversample", "focal", "class_balanced", "class_weights", "weighted_sampler")
BACKBONES = ("deep_cnn", "features_mlp", "lenet", "timm", "tiny_cnn")
DATASETS = ("demo", "fer2013", "image_folder", "sfew", "sfew_features")
STEPS = ("tpe", "random", "cmaes", "gp", "median", "hyperband", "asha")


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("epohcs", TRIAL, "epochs"),
        ("epoch", TRIAL, "epochs"),
        ("batchsize", TRIAL, "batch_size"),
        ("Batch-Size", TRIAL, "batch_size"),
        ("batch", TRIAL, "batch_size"),
        ("optimiser", TRIAL, "optimizer"),
        ("imbalence", TRIAL, "imbalance"),
        ("augmentation", TRIAL, "augment"),
        ("sheduler", TRIAL, "schedule"),
        ("seeds", TRIAL, "seed"),
        ("lr", TRIAL, ""),
        ("model", TRIAL, ""),
        ("size", TRIAL, ""),
        ("net", TRIAL, ""),
        ("pretrained", TRIAL, ""),
        ("focl", IMBALANCE, "focal"),
        ("Focal", IMBALANCE, "focal"),
        ("focal_loss", IMBALANCE, "focal"),
        ("undersampling", IMBALANCE, "undersample"),
        ("weighted", IMBALANCE, "weighted_sampler"),
        ("classweights", IMBALANCE, "class_weights"),
        ("class", IMBALANCE, ""),
        ("smote", IMBALANCE, ""),
        ("mixup", IMBALANCE, ""),
        ("tinycnn", BACKBONES, "tiny_cnn"),
        ("lenet5", BACKBONES, "lenet"),
        ("resnet", BACKBONES, ""),
        ("resnet18", BACKBONES, ""),
        ("cnn", BACKBONES, ""),
        ("vgg", BACKBONES, ""),
        ("FER-2013", DATASETS, "fer2013"),
        ("fer", DATASETS, "fer2013"),
        ("SFEW", DATASETS, "sfew"),
        ("ferplus", DATASETS, ""),
        ("folder", DATASETS, ""),
        ("tep", STEPS, "tpe"),
        ("cma-es", STEPS, "cmaes"),
        ("hyperbnad", STEPS, "hyperband"),
        ("bohb", STEPS, ""),
        ("17", ("1", "2", "7"), ""),
        ("", TRIAL, ""),
    ],
)
def test_what_people_type_is_understood_or_left_open(word: str, known: tuple[str, ...], meant: str) -> None:
    assert nearest(word, known) == meant


def test_a_long_list_of_names_is_cut() -> None:
    assert did_you_mean("xyz", map(str, range(1000, 1050))).endswith(", 1039 and 10 more")


def test_numbers_are_listed_as_one_counts() -> None:
    assert did_you_mean("99", map(str, range(11))) == "known names: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"


def test_where_nothing_is_known_there_is_no_hint() -> None:
    assert did_you_mean("xyz", []) == ""
