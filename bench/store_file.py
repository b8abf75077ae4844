"""A journal of any number of trials, made of the lines that ferray's own `Study` writes."""

from __future__ import annotations

import json
import math
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ferray.artifacts.sweep import trial_folder
from ferray.config.place import JOURNAL_NAME
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.emotions import Emotion
from ferray.events import Decision, EpochReport, FailureReason, Outcome, OutcomeKind
from ferray.study.journal import Journal
from ferray.study.records import RESULT_ATTR, TRIAL_ATTR
from ferray.study.store import open_store
from ferray.study.study import Study

NAME = "bench"
BLOCK = 100
LEFT_RUNNING = 4  # by a killed driver
NUM_VAL_EACH = 60
SPACE: dict[str, Any] = {
    "optimizer.lr": {"log_uniform": [1e-5, 1e-1]},
    "optimizer.weight_decay": {"log_uniform": [1e-6, 1e-1]},
    "head.dropout": {"uniform": [0.0, 0.8]},
    "batch_size": {"choice": [16, 32, 64, 128]},
    "epochs": {"int_uniform": [10, 30]},
    "imbalance": {"one_of": ["none", "weighted_sampler", {"focal": {"gamma": {"uniform": [0.5, 4.0]}}}]},
    "outliers": {"one_of": ["none", {"bdr": {"k": {"uniform": [0.5, 3.0]}}}]},
}


def spec(*, sampler: str = "tpe", pruner: str = "hyperband") -> SweepSpec:
    """Nine names are suggested at most, seven in every trial."""
    plain = {"name": NAME, "dataset": "demo", "sampler": sampler, "pruner": pruner, "budget": {"trials": 1_000_000}}
    return SweepSpec.model_validate({**plain, "space": SPACE})


def epoch_report(config: TrialConfig, epoch: int, number: int) -> EpochReport:
    """An epoch as the trainer tells it, seven classes; scores rise to a ceiling that the learning rate decides."""
    ceiling = 0.6 - 0.1 * abs(math.log10(config.optimizer.lr) + 3) + 0.02 * (number % 7)
    score = ceiling * (1 - math.exp(-4 * epoch / config.epochs))
    classes = tuple(emotion.name.title() for emotion in Emotion)
    hits = round(score * NUM_VAL_EACH)
    wrong = (NUM_VAL_EACH - hits) // (len(classes) - 1)
    confusion = tuple(tuple(hits if row == column else wrong for column in range(7)) for row in range(7))
    names = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "val/uar", "val/macro_f1")
    scores = {**dict.fromkeys(names, score), **{f"val/recall/{name}": score for name in classes}}
    metrics = {**scores, "lr": config.optimizer.lr, "seconds": 12.345678, "images_per_s": 1234.5678}
    return EpochReport(epoch, config.epochs, metrics, confusion, classes, num_train=2000, is_best=True)


def write_journal(folder: Path, num_trials: int, *, sampler: str, pruner: str) -> dict[str, int]:
    """A journal of at least so many trials in `folder`; how many it has, of how many lines and bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        study_lines, block = _real_block(Path(scratch), spec(sampler=sampler, pruner=pruner))
    trials_each = 1 + max(line.get("trial_id", 0) for line in block)
    copies = -(-num_trials // trials_each)
    generator, written = random.Random(0), len(study_lines) + copies * len(block)
    journal = folder / JOURNAL_NAME
    folder.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(b"")
    Journal(journal).append_logs(list(_all_lines(study_lines, block, copies, trials_each, generator)))
    return {"trials": copies * trials_each, "lines": written, "bytes": journal.stat().st_size}


def _real_block(folder: Path, wanted: SweepSpec) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lines of a real study of BLOCK trials: those about the study, those about its trials."""
    study = Study(wanted, open_store(folder))
    for _ in range(BLOCK):
        _run_trial(study)
    study.close()
    lines = list(Journal(folder / JOURNAL_NAME).read_logs(0))
    of_trials = [line for line in lines if "trial_id" in line or "datetime_start" in line]
    return [line for line in lines if "trial_id" not in line and "datetime_start" not in line], of_trials


def _run_trial(study: Study) -> None:
    trial = study.ask()
    ends = {
        3: Outcome(OutcomeKind.FAILED, "RuntimeError: a bug", f"{trial.folder}/error.txt", FailureReason.BUG),
        7: Outcome(OutcomeKind.INTERRUPTED, "the worker died", reason=FailureReason.WORKER_LOST),
        11: Outcome(OutcomeKind.DIVERGED, "the loss was not finite in epoch 4"),
    }
    early = ends.get(trial.number % 20)
    last = 4 if early else trial.config.epochs
    decision, epoch = Decision.CONTINUE, 0
    while decision is Decision.CONTINUE and epoch < last:
        epoch += 1
        decision = study.report(trial.number, epoch_report(trial.config, epoch, trial.number))
    kind = OutcomeKind.PRUNED if decision is Decision.STOP else OutcomeKind.COMPLETED
    study.finish(trial.number, early or Outcome(kind))


def _all_lines(
    study_lines: list[dict[str, Any]],
    block: list[dict[str, Any]],
    copies: int,
    trials_each: int,
    generator: random.Random,
) -> Iterator[dict[str, Any]]:
    yield from study_lines
    for copy in range(copies):
        factor = generator.uniform(0.8, 1.2)
        for line in block:
            varied = _varied(line, copy * trials_each, factor, generator)
            is_left = copy == copies - 1 and line.get("trial_id", 0) >= trials_each - LEFT_RUNNING
            if not (is_left and _ends_a_trial(line)):
                yield varied


def _ends_a_trial(line: dict[str, Any]) -> bool:
    return "datetime_complete" in line or RESULT_ATTR in line.get("user_attr", {})


def _varied(line: dict[str, Any], offset: int, factor: float, generator: random.Random) -> dict[str, Any]:
    """The same operation on a trial `offset` later, its values times `factor`, its real numbers drawn anew."""
    line = {**line, **({"trial_id": line["trial_id"] + offset} if "trial_id" in line else {})}
    if "intermediate_value" in line:
        line["intermediate_value"] *= factor
    if line.get("values"):
        line["values"] = [value * factor for value in line["values"]]
    if "param_name" in line:
        line["param_value_internal"] = _redrawn(line, generator)
    for key in ("user_attr", "user_attrs"):
        if key in line:
            line[key] = _shifted(line[key], offset, factor)
    return line


def _redrawn(line: dict[str, Any], generator: random.Random) -> float:
    kind = json.loads(line["distribution"])
    if kind["name"] != "FloatDistribution":
        return float(line["param_value_internal"])
    low, high = kind["attributes"]["low"], kind["attributes"]["high"]
    if kind["attributes"]["log"]:
        return math.exp(generator.uniform(math.log(low), math.log(high)))
    return generator.uniform(low, high)


def _shifted(attrs: dict[str, Any], offset: int, factor: float) -> dict[str, Any]:
    attrs = {name: value + offset if name in ("retry_of", "root") else value for name, value in attrs.items()}
    if TRIAL_ATTR in attrs:
        facts = attrs[TRIAL_ATTR]
        number = int(facts["folder"].split("/")[1].split("-")[0]) + offset
        attrs[TRIAL_ATTR] = {**facts, "folder": trial_folder(number, facts["recipe"])}
    if RESULT_ATTR in attrs and attrs[RESULT_ATTR]["value"] is not None:
        result = attrs[RESULT_ATTR]
        scaled = {name: value * factor for name, value in result["metrics"].items()}
        attrs[RESULT_ATTR] = {**result, "value": result["value"] * factor, "metrics": scaled}
    return attrs
