"""From a job to the parts of its training."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import torch

from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import TrialJob
from ferray.config.modality import image_size, refuse_mismatch
from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples, Splits
from ferray.models.model import FerModel
from ferray.outliers import OutlierRemoval
from ferray.training.batches import Positions, TrainingBatches, split_batches
from ferray.training.compiled_network import CompiledNetwork
from ferray.training.device_images import DeviceImages, images_on
from ferray.training.feature_preprocessing import FeaturePreprocessing
from ferray.training.image_preprocessing import ImagePreprocessing
from ferray.training.inputs import open_job_inputs
from ferray.training.optimizer import EpochSchedule, build_optimizer
from ferray.training.parameter_groups import parameter_groups
from ferray.training.precision import Precision, choose_precision
from ferray.training.prefetch import Prefetcher
from ferray.training.seeding import TorchRandomness, derive_generator, derive_seed
from ferray.training.shared_backbone import model_on
from ferray.training.step import Learner
from ferray.training.training_set import TrainingSet
from ferray.training.weight_average import WeightAverage


@dataclass(frozen=True)
class Assembly:
    """The parts of one trial's training, all of its own but for the mapped images.

    `held` are those images on its device, where they fit and all batches come from there.
    """

    config: TrialConfig
    image_size: int
    splits: Splits
    training: TrainingSet
    batches: TrainingBatches
    prefetcher: Prefetcher
    learner: Learner
    outliers: OutlierRemoval
    randomness: TorchRandomness
    accumulate: int = 1
    held: DeviceImages | None = None


def assemble(job: TrialJob) -> Assembly:
    """Open the data and build everything the configuration names; numbers of threads are set for the process.

    ConfigError where data and backbone do not go together.
    """
    config = job.trial_config()
    refuse_mismatch(config)
    precision = choose_precision(job.device, config.precision)
    _set_threads(precision.device, job.threads)
    return assembly_of(
        config,
        open_job_inputs(job),
        precision,
        size=image_size(config),
        threads=job.threads,
        accumulate=job.accumulate,
        shares=not (job.init_from or job.resume_from or TrialArtifacts.at(job.folder).last.exists()),
    )


def assembly_of(
    config: TrialConfig,
    splits: Splits,
    precision: Precision,
    *,
    size: int,
    threads: int = 1,
    accumulate: int = 1,
    shares: bool = False,
) -> Assembly:
    """The parts of a training on splits that are open already; `size` is the side in pixels of its images.

    `shares`: a backbone that stays as it is may be that of another trial of this process.
    """
    features = splits.train.features
    training = TrainingSet(splits.train, config.imbalance)
    num_inputs, num_classes = None if features is None else features.shape[1], len(splits.train.classes)
    model = model_on(precision.device, config, num_classes, num_inputs=num_inputs, shares=shares)
    learner, held = _learner(model, config, training, precision), _held(config, splits, precision.device)
    return Assembly(
        config=config,
        image_size=size,
        splits=splits,
        training=training,
        batches=TrainingBatches(config, training, size, held),
        prefetcher=Prefetcher(precision.device, threads),
        learner=learner,
        outliers=config.outliers.load()(config.outliers.build_params()),
        randomness=TorchRandomness(derive_seed(config.seed, "torch"), precision.device),
        accumulate=accumulate,
        held=held,
    )


def _set_threads(device: torch.device, threads: int) -> None:
    """torch's and OpenCV's on a CPU. Ahead of a GPU each of so many threads augments a batch, and OpenCV adds none."""
    if device.type == "cpu":
        torch.set_num_threads(threads)
    cv2.setNumThreads(threads if device.type == "cpu" else 1)


def epoch_batches(config: TrialConfig, training: TrainingSet, epoch: int) -> list[Positions]:
    """The batches one epoch visits, as positions in the training split: a function of seed, epoch and kept samples."""
    return split_batches(training.order(derive_generator(config.seed, "order", epoch)), config.batch_size)


def _held(config: TrialConfig, splits: Splits, device: torch.device) -> DeviceImages | None:
    """The images on the device, where no thread of the host is to change them first."""
    return images_on(device, (splits.train, splits.val)) if config.augment_on == "device" else None


def _learner(model: FerModel, config: TrialConfig, training: TrainingSet, precision: Precision) -> Learner:
    optimizer = build_optimizer(
        config.optimizer, parameter_groups(config.optimizer, model), fused=config.unfreeze is None
    )
    schedule = EpochSchedule(
        config.schedule,
        optimizer,
        steps_per_epoch=len(epoch_batches(config, training, 1)),
        epochs=config.epochs,
    )
    preprocessing = _preprocessing(config, model, training.samples).to(precision.device)
    return Learner(
        model,
        precision,
        len(training.samples.classes),
        preprocessing,
        views=config.evaluate,
        optimizer=optimizer,
        schedule=schedule,
        clip=config.clip,
        average=WeightAverage(config.ema, model) if config.ema else None,
        compiled=CompiledNetwork(model, config.batch_size) if config.compile else None,
    )


def _preprocessing(
    config: TrialConfig, model: FerModel, samples: PackedSamples
) -> ImagePreprocessing | FeaturePreprocessing:
    if samples.features is not None:
        return FeaturePreprocessing.of_training(config.pixels, samples)
    return ImagePreprocessing.of_training(config.pixels, model.input_spec, samples)
