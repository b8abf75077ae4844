"""`find_suspects`: labels that a network which never saw them contradicts. N = samples examined, C = classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import TrialJob
from ferray.config.optional_package import not_imported
from ferray.config.trial import TrialConfig
from ferray.data.samples import PackedSamples
from ferray.errors import ConfigError
from ferray.events import EpochReport
from ferray.files.private_folder import make_private
from ferray.results.suspects import Findings, Suspect
from ferray.system.allocator import stop_keeping_freed_memory
from ferray.text.commands import install_extra
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import load_predictor
from ferray.training.process_state import give_memory_back
from ferray.training.trainers import open_trainer

Tell = Callable[[EpochReport], None]


@dataclass(frozen=True)
class OutOfFold:
    """Samples with the answer of the one network that was not trained on them: `probabilities` (N, C) float64."""

    sample_ids: NDArray[np.int64]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    true_labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    classes: tuple[str, ...]


def in_folds(config: TrialConfig, num_folds: int) -> TrialConfig:
    """The cross-validation that examines the training part of `config` and nothing else of its data.

    Where `config` is cross-validated itself, that is everything but the official test part, in folds of its own kind.
    ConfigError for an estimator, which gives no probabilities.
    """
    if config.estimator.name != "none":
        raise ConfigError(f"estimator `{config.estimator.name}` gives no probabilities", "`--set estimator=none`")
    plain, params = config.to_json(), dict(config.dataset.params)
    by_film = str(params["split"]).endswith("_by_group") or (
        config.folds is not None and config.folds.kind == "by_film"
    )
    if config.folds is None and "kfold" not in str(params["split"]):
        params["folds_of"] = params["split"]
    folds = {"kind": "by_film" if by_film else "stratified", "k": num_folds}
    return TrialConfig.model_validate({**plain, "folds": folds, "dataset": {config.dataset.name: params}})


def find_suspects(job: TrialJob, tell: Tell) -> Findings:
    """Train what is not yet trained of the folds of `job`, which `in_folds` gave, and judge every label by them.

    The last epoch of each fold answers: a choice of epochs would be made on the labels in question. Nothing is written
    outside the job's folder. `tell` is given each epoch. An interruption saves, and the same call goes on from there.
    ConfigError where cleanlab is missing or a fold diverges.
    Source: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021.
    """
    if find_spec("cleanlab") is None:
        raise ConfigError("cleanlab is not installed", f"`{install_extra('clean')}`")
    make_private(Path(job.folder).parent)
    job = replace(job, counts="last")
    _train(job, tell)
    return judge_labels(_joined([_out_of_fold(job, fold) for fold in range(job.trial_config().num_folds)]))


def judge_labels(answers: OutOfFold) -> Findings:
    """Confident learning on out-of-fold answers; suspects of equal confidence are ranked by sample id."""
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise not_imported("cleanlab", error, f"`{install_extra('clean')}`") from error

    labels, probabilities = answers.labels, answers.probabilities
    is_suspect = find_label_issues(labels, probabilities, n_jobs=1)
    confidence = probabilities[np.arange(len(labels)), labels]
    order = np.lexsort((answers.sample_ids, confidence))
    known = bool((answers.true_labels >= 0).all())
    positions = [int(position) for position in order if is_suspect[position]]
    return Findings(
        classes=answers.classes,
        num_examined=len(labels),
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        most_frequent_fraction=float(np.bincount(labels).max() / len(labels)),
        suspects=tuple(_suspect(answers, position, rank) for rank, position in enumerate(positions, start=1)),
        num_mislabelled=int((answers.true_labels != labels).sum()) if known else None,
    )


def _train(job: TrialJob, tell: Tell) -> None:
    config = job.trial_config()
    with open_trainer(job) as trainer:
        try:
            _refuse_divergence(trainer.history)
            while trainer.epochs_done < config.epochs * config.num_folds:
                report = trainer.step()
                tell(report)
                _refuse_divergence([report])
        except KeyboardInterrupt:
            trainer.save()
            raise
    stop_keeping_freed_memory()


def _refuse_divergence(reports: Sequence[EpochReport]) -> None:
    diverged = [report.fold for report in reports if report.diverged]
    if diverged:
        raise ConfigError(
            f"the loss of fold `{diverged[0]}` is not finite", "set a smaller rate, such as `--set optimizer.lr=1e-4`"
        )


def _out_of_fold(job: TrialJob, fold: int) -> OutOfFold:
    predictor = load_predictor(TrialArtifacts.at(job.folder).fold(fold).best, job.device, threads=job.threads)
    held_out: PackedSamples = open_job_inputs(replace(job, config=predictor.config.to_json())).val
    probabilities = predictor.logits(held_out).double().softmax(dim=1).numpy()
    del predictor
    give_memory_back()
    return OutOfFold(
        held_out.sample_ids,
        held_out.names,
        held_out.labels,
        held_out.true_labels,
        probabilities,
        held_out.classes,
    )


def _joined(folds: Sequence[OutOfFold]) -> OutOfFold:
    """All folds in the order of sample ids."""
    sample_ids = np.concatenate([fold.sample_ids for fold in folds])
    order = np.argsort(sample_ids)
    names = [name for fold in folds for name in fold.names]
    return OutOfFold(
        sample_ids[order],
        tuple(names[position] for position in order),
        np.concatenate([fold.labels for fold in folds])[order],
        np.concatenate([fold.true_labels for fold in folds])[order],
        np.concatenate([fold.probabilities for fold in folds])[order],
        folds[0].classes,
    )


def _suspect(answers: OutOfFold, position: int, rank: int) -> Suspect:
    label, true_label = int(answers.labels[position]), int(answers.true_labels[position])
    return Suspect(
        rank=rank,
        sample_id=int(answers.sample_ids[position]),
        name=answers.names[position],
        label=label,
        suggested=int(answers.probabilities[position].argmax()),
        self_confidence=float(answers.probabilities[position, label]),
        truly_mislabelled=None if true_label < 0 else true_label != label,
    )
