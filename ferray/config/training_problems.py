"""Switches of a training that cannot work together with what else a trial has."""

from __future__ import annotations

from ferray.config.trial import TrialConfig

OF_STEPS = ("clip", "ema", "early_stopping", "unfreeze")  # what a training without steps has no use for


def training_problems(config: TrialConfig) -> list[tuple[str, str, str]]:
    """Key, what is wrong and what to do, for each switch that could do nothing in this trial."""
    return [*_of_estimator(config), *_of_frozen(config), *_of_device(config)]


def _of_estimator(config: TrialConfig) -> list[tuple[str, str, str]]:
    if config.estimator.name == "none":
        return []
    problem = f"`{config.estimator.name}` is fitted once, without steps"
    asked = [*(key for key in OF_STEPS if getattr(config, key) is not None), *(["compile"] if config.compile else [])]
    return [(key, problem, f"leave `{key}` out") for key in asked]


def _of_frozen(config: TrialConfig) -> list[tuple[str, str, str]]:
    """What speaks of a backbone that is not trained."""
    if config.finetune != "head":
        return []
    problems = []
    if config.unfreeze is not None:
        problem = "has no stage to let join, as `finetune` is `head`"
        problems.append(("unfreeze", problem, "set `finetune: all`, or to a number of stages"))
    if config.clip is not None and config.clip.mode == "agc":
        problem = "`agc` leaves the head alone, and `finetune: head` trains nothing else"
        problems.append(("clip.mode", problem, "set `clip.mode: norm`"))
    return problems


def _of_device(config: TrialConfig) -> list[tuple[str, str, str]]:
    """A policy of another package that changes one image after another."""
    if config.augment_on == "host" or config.augment.load().is_batched:
        return []
    return [("augment_on", f"`{config.augment.name}` has no form for `device`", "set `augment_on: host`")]
