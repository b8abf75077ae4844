"""A model soup of one recipe's seeds, judged by the test split once and compared with its best ingredient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ferray.apps.ensemble import has_test_images, measure_gain
from ferray.apps.judge import Jury
from ferray.apps.trial_job import trial_job
from ferray.artifacts.sweep import SOUP, SweepArtifacts
from ferray.artifacts.trial import best_checkpoint_in
from ferray.artifacts.validation_logits import ValidationLogits, write_validation_logits
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError
from ferray.results.gain import Gain
from ferray.results.leaderboard import rank
from ferray.stats.metrics import metrics_of
from ferray.stats.ranking import is_better
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.counting import counted
from ferray.training.checkpoint import digest_checkpoint, write_checkpoint
from ferray.training.evaluation import Evaluation
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import NetworkPredictor
from ferray.training.soup import SoupPot

Tell = Callable[[str], None]
Kind = Literal["uniform", "greedy"]
Cooked = tuple[NetworkPredictor, Evaluation]


@dataclass(frozen=True)
class Soup:
    """Whose weights were averaged, and what that scores by `metric` on `num_val` validation images.

    `renewed` BatchNorm layers had their statistics taken anew. `gains` are those on the test split, if it was read.
    """

    kind: Kind
    recipe: str
    ingredients: tuple[int, ...]
    trials: tuple[int, ...]
    metric: str
    value: float
    best_trial: int
    best_value: float
    num_val: int
    renewed: int
    file: str
    gains: tuple[Gain, ...] = ()


def cook_soup(record: SweepRecord, folder: Path, runtime: Runtime, kind: Kind, *, test: bool, tell: Tell) -> Soup:
    """The soup of the best recipe that has several seeds, written to `soup/` among the sweep's artifacts.

    `uniform` averages all of them; `greedy` begins with the best and keeps each next one that does not lower the
    objective on validation images. ConfigError where no recipe has two networks of one shape.
    """
    trials, artifacts = _ingredients(record), SweepArtifacts.of(folder)
    job = trial_job(trials[0], folder, runtime)
    splits = open_job_inputs(job)
    pot = SoupPot([artifacts.file(trial.checkpoint) for trial in trials], splits, job.device, job.threads)
    if not _share_a_start(trials[0]):
        tell("note: each seed began with random weights of its own; soups are for trainings that began with the same")
    alone = pot.cook([0])
    chosen, (predictor, evaluation) = _mixed(record, pot, alone, kind)
    if pot.renewed and len(chosen) > 1:
        layers = counted(len(pot.renewed), "BatchNorm layer")
        tell(f"statistics of {layers} taken anew from {counted(len(splits.train), 'training image')}")
    place = artifacts.soup
    place.make()
    place.calibration.delete()
    val = splits.val
    kept = ValidationLogits(0, val.classes, val.sample_ids, val.labels, evaluation.logits.cpu().numpy())
    write_validation_logits(place, kept)
    write_checkpoint(place.best, "best", _checkpoint(predictor, evaluation, val.classes))
    soup = Soup(
        kind=kind,
        recipe=trials[0].recipe,
        ingredients=tuple(trials[index].number for index in chosen),
        trials=tuple(trial.number for trial in trials),
        metric=record.metric,
        value=_value(record, evaluation, val.classes),
        best_trial=trials[0].number,
        best_value=_value(record, alone[1], val.classes),
        num_val=len(val),
        renewed=len(pot.renewed) if len(chosen) > 1 else 0,
        file=str(place.best),
    )
    if not test:
        return soup
    if not has_test_images(trials[0], folder, runtime):
        tell("note: the data set has no labelled test images with this split: the gain is not measured")
        return soup
    as_trial = replace(trials[0], folder=SOUP, checkpoint=best_checkpoint_in(SOUP))
    jury = Jury("the soup", place, digest_checkpoint(place.best), (as_trial,), (1.0,))
    return replace(soup, gains=measure_gain(record, jury, trials[0], folder, runtime, tell))


def _share_a_start(trial: TrialRecord) -> bool:
    """Whether the recipe begins with weights that are the same whatever the seed."""
    config = trial.trial_config()
    params = config.backbone.params
    return bool(config.init_from or params.get("pretrained") or params.get("weights"))


def _ingredients(record: SweepRecord) -> list[TrialRecord]:
    """The trials of the first recipe of the leaderboard that has several, best first."""
    by_recipe: dict[str, list[TrialRecord]] = defaultdict(list)
    for trial in rank(record).complete:
        if trial.checkpoint and not trial.freed:
            by_recipe[trial.recipe].append(trial)
    several = [trials for trials in by_recipe.values() if len(trials) > 1]
    if not several:
        message = f"no recipe of `{record.name}` has two trials with a checkpoint"
        raise ConfigError(message, "run a space with `seeds: 3`, or confirm this sweep and take the confirmation")
    return several[0]


def _mixed(record: SweepRecord, pot: SoupPot, alone: Cooked, kind: Kind) -> tuple[list[int], Cooked]:
    """Which ingredients are in it, by their places, and what comes of them; `alone` is what comes of the best one."""
    everything = list(range(len(pot.checkpoints)))
    if kind == "uniform":
        return everything, pot.cook(everything)
    chosen, best = [0], alone
    for place in everything[1:]:
        tried = pot.cook([*chosen, place])
        classes = pot.checkpoints[0].classes
        # What ties is kept, as in the paper.
        if not is_better(_value(record, best[1], classes), _value(record, tried[1], classes), record.mode):
            chosen, best = [*chosen, place], tried
    return chosen, best


def _value(record: SweepRecord, evaluation: Evaluation, classes: tuple[str, ...]) -> float:
    """The objective; accuracy where it is one of training."""
    metrics = {"val/loss": evaluation.loss, **metrics_of(evaluation.confusion, classes)}
    return metrics.get(record.metric, metrics["val/accuracy"])


def _checkpoint(predictor: NetworkPredictor, evaluation: Evaluation, classes: tuple[str, ...]) -> dict[str, object]:
    """What a best.pt holds: the configuration is that of the best ingredient, the epoch none."""
    whole = predictor.whole_checkpoint()
    return replace(
        whole,
        epoch=0,
        metrics={"val/loss": evaluation.loss, **metrics_of(evaluation.confusion, classes)},
        confusion=tuple(map(tuple, evaluation.confusion.tolist())),
    ).to_state()
