"""Which way a trial's samples go, as images or as rows of features, and what does not go together with that."""

from __future__ import annotations

from ferray.config.training_problems import training_problems
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError

DESCRIBED_SIZE = 64  # pixels a side, of images that are described and not seen by a network


def holds_features(config: TrialConfig) -> bool:
    """Whether the data set is a table of numbers."""
    return bool(config.dataset.load().kind == "features")


def describes_images(config: TrialConfig) -> bool:
    """Whether each image becomes a row first; for an estimator without a descriptor its pixels are that row."""
    return not holds_features(config) and (config.descriptor.name != "none" or config.estimator.name != "none")


def trains_on_features(config: TrialConfig) -> bool:
    """Whether what is trained, network or estimator, is given rows of features."""
    return holds_features(config) or describes_images(config)


def image_size(config: TrialConfig) -> int:
    """The side in pixels at which this trial sees its images, its own setting or its backbone's; 0 where it sees none.

    Raises ConfigError, or takes seconds to import timm, for a backbone that has to be asked.
    """
    if holds_features(config):
        return 0
    if config.image_size is not None:
        return config.image_size
    if describes_images(config):
        return DESCRIBED_SIZE
    size: int = config.backbone.load()(config.backbone.build_params()).input_spec().image_size
    return size


def asks_backbone_for_size(config: TrialConfig) -> bool:
    """Whether `image_size` has to ask the backbone."""
    return config.image_size is None and not trains_on_features(config)


def refuse_mismatch(config: TrialConfig) -> None:
    """ConfigError for the first of `modality_problems` and `training_problems`."""
    for key, problem, advice in (*modality_problems(config), *training_problems(config)):
        raise ConfigError(f"{key}: {problem}", advice)


def modality_problems(config: TrialConfig) -> list[tuple[str, str, str]]:
    """Key, what is wrong and what to do, for each setting that does not fit what this trial trains on."""
    return [
        *(_feature_problems(config) if trains_on_features(config) else _image_problems(config)),
        *(_estimator_problems(config) if config.estimator.name != "none" else []),
    ]


def _image_problems(config: TrialConfig) -> list[tuple[str, str, str]]:
    backbone, dataset = config.backbone.name, config.dataset.name
    if config.backbone.load().takes == "images":
        return []
    problem = f"`{backbone}` takes rows of features, `{dataset}` holds images"
    return [("backbone", problem, "set a `descriptor` such as `lpq`, or another `backbone`")]


def _feature_problems(config: TrialConfig) -> list[tuple[str, str, str]]:
    rows = f"`{config.dataset.name}` holds" if holds_features(config) else f"`{config.descriptor.name}` gives"
    problems = []
    if config.estimator.name == "none" and config.backbone.load().takes != "features":
        problem = f"`{config.backbone.name}` takes images, {rows} rows of features"
        problems.append(("backbone", problem, "set `backbone: features_mlp`, or an `estimator` such as `svm`"))
    if config.augment.name != "none":
        problem = f"`{config.augment.name}` changes images, {rows} rows of features"
        problems.append(("augment", problem, "set `augment: none`"))
    if config.random_erasing is not None:
        problems.append(("random_erasing", f"changes images, {rows} rows of features", "set `random_erasing: null`"))
    if config.mixup is not None and config.mixup.cutmix_alpha:
        problem = f"CutMix pastes pixels, {rows} rows of features"
        problems.append(("mixup.cutmix_alpha", problem, "set `mixup.cutmix_alpha: 0`, mixup alone mixes rows too"))
    if config.evaluate.num_views > 1:
        problem = f"`{config.evaluate.num_views}` views are of images, {rows} rows of features"
        problems.append(("evaluate", problem, "leave `evaluate` out"))
    if config.pixels.normalise.startswith("image_"):
        problem = f"`{config.pixels.normalise}` is for images, {rows} rows of features"
        problems.append(("pixels.normalise", problem, "set `pixels.normalise: train_std`, or `train_minmax`"))
    return problems + (_table_problems(config) if holds_features(config) else [])


def _table_problems(config: TrialConfig) -> list[tuple[str, str, str]]:
    """What needs pixels where there are none."""
    asked = {
        "descriptor": config.descriptor.name if config.descriptor.name != "none" else None,
        "image_size": config.image_size,
        "pixels.grey": config.pixels.grey or None,
    }
    return [
        (key, f"is `{value}`, and `{config.dataset.name}` has no images", f"leave `{key}` out")
        for key, value in asked.items()
        if value is not None
    ]


def _estimator_problems(config: TrialConfig) -> list[tuple[str, str, str]]:
    estimator, problems = config.estimator.name, []
    if config.outliers.name != "none":
        problem = f"`{config.outliers.name}` watches losses over epochs, `{estimator}` is fitted once"
        problems.append(("outliers", problem, "set `outliers: none`"))
    if config.loss.name != "cross_entropy":
        problems.append(
            ("loss", f"`{config.loss.name}` is descended, `{estimator}` is fitted once", "leave `loss` out")
        )
    if config.dataset.build_params().training_targets != "label":
        problem = f"`{estimator}` is fitted to one label an image, not to votes"
        problems.append(("dataset", problem, "set the data set's `votes: majority`"))
    for key, value in (("mixup", config.mixup), ("label_smoothing", config.label_smoothing)):
        if value:
            problem = f"`{estimator}` is fitted to one label an image, not to shares of classes"
            problems.append((key, problem, f"leave `{key}` out"))
    if config.init_from is not None:
        problems.append(("init_from", f"`{estimator}` has no weights to start from", "leave `init_from` out"))
    if config.stages is not None:
        problems.append(("stages", f"`{estimator}` is fitted once", "leave `stages` out"))
    return problems
