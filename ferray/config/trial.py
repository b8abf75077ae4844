"""`TrialConfig`: the whole science of one training, and nothing about where it runs."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, ValidationError, model_serializer, model_validator

from ferray.canonical import added_later, canonical_form
from ferray.config.clip import ClipConfig
from ferray.config.early_stopping import EarlyStoppingConfig
from ferray.config.ema import EmaConfig
from ferray.config.evaluate import ONE_VIEW, EvaluateConfig
from ferray.config.exclusion import DIGEST
from ferray.config.mixup import MixupConfig
from ferray.config.optimizer import OptimizerConfig
from ferray.config.random_erasing import RandomErasingConfig
from ferray.config.schedule import ScheduleConfig
from ferray.config.stages import in_fold, one_stage_back, with_stages
from ferray.config.switch import ON_OR_OFF
from ferray.config.tree import split_component
from ferray.config.unfreeze import UnfreezeConfig
from ferray.config.wording import NestedProblems
from ferray.errors import UnknownComponent
from ferray.registry import ROOMS, Params


class Component(Params):
    """A component by name with its checked parameters, written as one key: `{focal: {gamma: 2}}`, or bare: `focal`.

    Parameters are validated by the component's own class and stored whole, defaults included, so that the identity of a
    configuration does not depend on whether a default was spelt out.
    """

    ROOM: ClassVar[str]
    name: str
    params: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        name, params = split_component(value)
        room = ROOMS[cls.ROOM]
        try:
            checked = room.params(name).model_validate(params)
        except UnknownComponent as error:
            raise ValueError(f"{error.message}; {error.hint}") from error
        except ValidationError as error:
            raise NestedProblems(name, error, tuple(room.params(name).model_fields)) from error
        return {"name": name, "params": checked.model_dump(mode="json")}

    @model_serializer(mode="wrap")
    def _write(self, _: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {self.name: dict(self.params)}

    def canonical(self) -> dict[str, JsonValue]:
        return {self.name: canonical_form(self.build_params())}

    def build_params(self) -> Any:
        """The component's own `Params`, typed."""
        return ROOMS[self.ROOM].params(self.name).model_validate(self.params)

    def load(self) -> type[Any]:
        """The component's class."""
        return ROOMS[self.ROOM].load(self.name)


class DatasetChoice(Component):
    ROOM = "dataset"


class AugmentChoice(Component):
    ROOM = "augment"


class BackboneChoice(Component):
    ROOM = "backbone"


class HeadChoice(Component):
    ROOM = "head"


class DescriptorChoice(Component):
    ROOM = "descriptor"


class EstimatorChoice(Component):
    ROOM = "estimator"


class ImbalanceChoice(Component):
    ROOM = "imbalance"


class LossChoice(Component):
    ROOM = "loss"


class OutliersChoice(Component):
    ROOM = "outliers"


class PixelsConfig(Params):
    """What becomes of pixels, or of a row of features, before the network sees them."""

    normalise: Literal["backbone", "unit", "train_mean", "train_std", "train_minmax", "image_std", "image_minmax"] = (
        "backbone"
    )
    """What values are levelled by: the backbone's weights, the training split, or each image by itself.

    `backbone`: what its weights were trained to see (z-scores for features); `unit`: values in [0, 1] as they are;
    `train_mean`, `train_std`: less the mean of the training split, and also over its standard deviation, by channel or
    by feature; `train_minmax`: the training split's range onto [0, 1]; `image_std`, `image_minmax`: each image by its
    own mean and deviation, or its own range.
    """
    grey: bool = False
    """Average the colours first, and repeat the result."""


class FoldsConfig(Params):
    """Cross-validation: a trial is its `k` folds, stratified over all but the official test part."""

    kind: Literal["stratified", "by_film"] = "stratified"
    """`by_film` lets no film (or other group that the data set names) stand on two sides."""
    k: Annotated[int, Field(ge=2, le=50)] = 5
    """How many folds, each a training."""


class TrialConfig(Params):
    """Everything that decides a trial's numbers; no path of the results and no GPU count."""

    dataset: DatasetChoice
    """What is trained on and judged by, and how it is split."""
    pixels: PixelsConfig = PixelsConfig()
    descriptor: DescriptorChoice = Field(default="none", validate_default=True)
    """Turns each image into a row of numbers first."""
    estimator: EstimatorChoice = Field(default="none", validate_default=True)
    """Takes the place of backbone and head: fitted once, on rows of features."""
    init_from: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Weights to begin with: `SWEEP:best`, `SWEEP:17` (a sweep in the same output folder), or the path of a file."""
    stages: tuple[dict[str, JsonValue], ...] | None = added_later(None)
    """Trainings one after another, each from the best weights of the one before: keys that are laid over the trial's.

    The last stage is what is judged, ranked and pruned. Trials whose earlier stages are the same train those once.
    """
    folds: FoldsConfig | None = None
    backbone: BackboneChoice = Field(default="tiny_cnn", validate_default=True)
    """The network from images, or from rows of features, to pooled features."""
    head: HeadChoice = Field(default="linear", validate_default=True)
    """From pooled features to one number a class."""
    finetune: Literal["all", "head"] | Annotated[int, Field(ge=1, le=100)] = "all"
    """`all` layers, `head` only (BatchNorm of the backbone frozen too), or the last n stages of the backbone."""
    unfreeze: Annotated[UnfreezeConfig | None, ON_OR_OFF] = added_later(None)
    image_size: Annotated[int, Field(ge=16, le=1024)] | None = None
    """Pixels a side; null is the backbone's own."""
    augment: AugmentChoice = Field(default="light", validate_default=True)
    """What is changed in training images, drawn anew in each epoch."""
    augment_on: Literal["host", "device"] = added_later("host")
    """Where training images are changed: one by one on the host, or as batches where the network computes.

    Both draw the same numbers, noise aside; pixels differ by rounding. `device` is for a GPU that waits for its images:
    it keeps the packed images there too, where they fit. On a CPU it is the slower one.
    """
    random_erasing: Annotated[RandomErasingConfig | None, ON_OR_OFF] = added_later(None)
    mixup: Annotated[MixupConfig | None, ON_OR_OFF] = added_later(None)
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = added_later(0.0)
    """Share of a training target that is spread evenly over all classes."""
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    clip: Annotated[ClipConfig | None, ON_OR_OFF] = added_later(None)
    ema: Annotated[EmaConfig | None, ON_OR_OFF] = added_later(None)
    evaluate: EvaluateConfig = added_later(ONE_VIEW)
    batch_size: Annotated[int, Field(ge=2, le=65536)] = 32
    """Samples in one step of the optimiser."""
    epochs: Annotated[int, Field(ge=1, le=10000)] = 20
    """How often the training part is gone through."""
    early_stopping: Annotated[EarlyStoppingConfig | None, ON_OR_OFF] = added_later(None)
    loss: LossChoice = added_later("cross_entropy")
    """What an answer costs in training; others than cross-entropy bear wrong labels better."""
    imbalance: ImbalanceChoice = Field(default="none", validate_default=True)
    """What is done about classes of unequal size."""
    outliers: OutliersChoice = Field(default="none", validate_default=True)
    """Which training samples are dropped on the way, or relabelled, as probably mislabelled."""
    limit_per_class: Annotated[int, Field(ge=1)] | None = None
    """At most so many images a class in each split."""
    exclude: Annotated[str, Field(pattern=f"^{DIGEST.pattern}$")] | None = added_later(None)
    """Samples to leave out: the path of a list, as `data clean` and `data audit` write it, kept by its digest."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto` is bf16 on a device that has it, fp16 with scaling on an older GPU, float32 on CPU."""
    compile: bool = added_later(False)
    """Let torch compile the training step: seconds to minutes at first, less for each image after that.

    It rounds otherwise and draws other dropout masks, and so is a recipe of its own. Evaluation is not compiled.
    """
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Of weights, order and augmentation; trials that differ by it alone have one recipe."""

    def to_json(self) -> dict[str, Any]:
        """Plain containers that `model_validate` reads back to an equal configuration."""
        return self.model_dump(mode="json")

    def in_fold(self, fold: int) -> TrialConfig:
        """The training of one fold of this trial, counted from 0; itself where there are none."""
        if self.folds is None:
            return self
        split = {"stratified": "kfold", "by_film": "kfold_by_group"}[self.folds.kind]
        plain = self.to_json()
        params = {**self.dataset.params, "split": split, "folds": self.folds.k, "fold": fold}
        stages = in_fold(plain["stages"], plain["dataset"])
        changed = {"folds": None, "dataset": {self.dataset.name: params}, "stages": stages}
        return TrialConfig.model_validate({**plain, **changed})

    @property
    def stage_before(self) -> TrialConfig | None:
        """The training whose best weights this one begins with, where it has stages; it has those before itself."""
        return None if self.stages is None else TrialConfig.model_validate(one_stage_back(self.to_json(), _COMPONENTS))

    @property
    def earlier_stages(self) -> tuple[TrialConfig, ...]:
        """The trainings before the last stage, in their order."""
        before = self.stage_before
        return () if before is None else (*before.earlier_stages, before)

    @property
    def num_stages(self) -> int:
        """How many trainings one after another the trial is, or each of its folds."""
        return len(self.stages or (self,))

    def canonical(self) -> dict[str, JsonValue]:
        """As of all parameters, but for stages: the whole training before, its seed aside where it is the trial's."""
        form, before = super().canonical(), self.stage_before
        if before is None or self.stages is None:
            return form
        inherits_seed = "seed" not in self.stages[-2]
        kept = {key: value for key, value in before.canonical().items() if not (inherits_seed and key == "seed")}
        return {**form, "stages": kept}

    @property
    def num_folds(self) -> int:
        """How many trainings the trial is."""
        return self.folds.k if self.folds else 1

    @property
    def epochs_in_all(self) -> int:
        """Epochs of all its trainings."""
        return self.num_folds * self.epochs

    @model_validator(mode="before")
    @classmethod
    def _resolve_stages(cls, given: Any) -> Any:
        return with_stages(given, cls, _COMPONENTS)

    @model_validator(mode="after")
    def _estimator_has_one_epoch(self) -> TrialConfig:
        if self.estimator.name != "none" and self.epochs != 1:
            raise ValueError(f"epochs: is `{self.epochs}`, an estimator such as `{self.estimator.name}` has `1`")
        return self

    @property
    def data_key(self) -> str:
        """The keys that decide which images stand in which split, as text."""
        return f"{self.dataset.model_dump_json()} {self.limit_per_class} {self.exclude}"

    @property
    def recipe(self) -> str:
        """8 hex digits of the canonical JSON without the seed: trials of one recipe differ by their seed alone."""
        science = {key: value for key, value in self.canonical().items() if key != "seed"}
        text = json.dumps(science, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:8]


COMPONENT_FIELDS: dict[str, type[Component]] = {
    name: field.annotation
    for name, field in TrialConfig.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Component)
}


_COMPONENTS = {name: TrialConfig.model_fields[name].default for name in COMPONENT_FIELDS}  # and their defaults


def group_class(field: str) -> type[Params] | None:
    """The class of a field of a trial that holds keys, such as `optimizer`; None for any other field."""
    known = TrialConfig.model_fields.get(field)
    if known is None or field in COMPONENT_FIELDS:
        return None
    kinds = get_args(known.annotation) or (known.annotation,)
    return next((kind for kind in kinds if hasattr(kind, "model_fields")), None)


def group_keys(field: str) -> tuple[str, ...]:
    """The keys inside a field of a trial that holds keys, such as those of `optimizer`; none for any other field."""
    found = group_class(field)
    return tuple(found.model_fields) if found is not None else ()
