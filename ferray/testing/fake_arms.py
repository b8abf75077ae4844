"""A sweep of arms and seeds that never ran: records whose confusion matrices say how many images were right.

Two classes, Happy and Sad, with as many images each; a trial with `right` of `n` has them spread evenly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.sweep import SweepSpec
from ferray.results.held_out import HeldOut, write_held_out
from ferray.study.records import FoldRecord, SweepRecord, TrialRecord

CLASSES = ("Happy", "Sad")
Confusion = tuple[tuple[int, ...], ...]


def arms_spec(**changes: Any) -> SweepSpec:
    """A space of two arms, `plain` and `cleaned`, with two seeds."""
    given = {
        "name": "two",
        "dataset": "demo",
        "objective": {"metric": "val/accuracy"},
        "base": {"epochs": 9},
        "arms": {"plain": {}, "cleaned": {"outliers": "bdr"}},
        "seeds": 2,
    }
    return SweepSpec.model_validate({**given, **changes})


def confusion_of(right: int, n: int) -> Confusion:
    """`right` of `n` images, even numbers both, half of them of each class."""
    hits, misses = right // 2, (n - right) // 2
    return ((hits, misses), (misses, hits))


def arm_trial(spec: SweepSpec, number: int, *, arm: str, seed: int, right: int, n: int) -> TrialRecord:
    """A complete trial with `right` of `n` validation images."""
    config = spec.config(lambda name, _: arm if name == "arm" else seed)
    confusion = confusion_of(right, n)
    return TrialRecord(
        number=number,
        state="complete",
        outcome="completed",
        value=right / n,
        epochs=config.epochs,
        epochs_asked=config.epochs,
        best_epoch=3,
        recipe=config.recipe,
        params={"seed": seed, "arm": arm},
        config=config.to_json(),
        metrics=scores("val", right, n),
        confusion=confusion,
        classes=CLASSES,
        num_val=n,
        folder=f"trials/{number:04d}-{config.recipe}",
        checkpoint=f"trials/{number:04d}-{config.recipe}/best.pt",
    )


def scores(split: str, right: int, n: int) -> dict[str, float]:
    """Accuracy, UAR and macro-F1, which are one number where both classes are alike, and the loss."""
    share = right / n
    names = ("accuracy", "uar", "macro_f1", "recall/Happy", "recall/Sad")
    return {**{f"{split}/{name}": share for name in names}, f"{split}/loss": 1 - share}


def fold_record(fold: int, *, right: int, n: int, num_train: int) -> FoldRecord:
    """One fold with `right` of `n` images."""
    return FoldRecord(fold, right / n, 9 * (fold + 1), num_train, n, scores("val", right, n), confusion_of(right, n))


def arms_record(spec: SweepSpec, right: Mapping[str, Sequence[int]], n: int = 100) -> SweepRecord:
    """The sweep in which each arm had so many of `n` validation images right, by seed."""
    runs = [(arm, seed, hits) for arm, of_seeds in right.items() for seed, hits in enumerate(of_seeds)]
    trials = [
        arm_trial(spec, number, arm=arm, seed=seed, right=hits, n=n) for number, (arm, seed, hits) in enumerate(runs)
    ]
    return SweepRecord(spec.name, spec.objective.metric, spec.objective.mode, tuple(trials))


def hold_out(folder: Path, trial: TrialRecord, *, right: int, n: int) -> None:
    """Leave in the sweep's `folder` what `ferray evaluate` would: `right` of `n` test images."""
    own = SweepArtifacts.of(folder).trial(trial.folder)
    own.make()
    held_out = HeldOut(
        trial=trial.number,
        recipe=trial.recipe,
        epoch=trial.best_epoch,
        n=n,
        metrics=scores("test", right, n),
        confusion=confusion_of(right, n),
        classes=CLASSES,
        checkpoint="",
        data="",
    )
    write_held_out(own, held_out)
