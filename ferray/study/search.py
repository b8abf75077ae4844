"""Which search a study is of: written when it begins, and checked by whoever goes on with it."""

from __future__ import annotations

from typing import Any, Literal

import optuna
from optuna.study import StudyDirection
from pydantic import ValidationError

from ferray.config.sweep import SweepSpec
from ferray.errors import ResumeMismatch
from ferray.study.records import SCHEMA, SPEC_ATTR

# What `Study.set_metric_names` writes; that method is experimental and warns.
METRIC_NAMES = "study:metric_names"


def direction_of(mode: Literal["max", "min"]) -> StudyDirection:
    """Which way the objective is to go."""
    return StudyDirection.MAXIMIZE if mode == "max" else StudyDirection.MINIMIZE


def remember_search(study: optuna.Study, spec: SweepSpec) -> None:
    """Write what a new study is, and what its objective is called; ResumeMismatch where another search was quicker."""
    refuse_other_search(study, spec)
    if SPEC_ATTR not in study.user_attrs:
        plain = spec.model_dump(mode="json")
        facts = {"schema": SCHEMA, "identity": spec.identity, "spec": plain}
        study.set_user_attr(SPEC_ATTR, {**facts, "objective": plain["objective"]})
    names, storage = [spec.objective.metric], study._storage
    if storage.get_study_system_attrs(study._study_id).get(METRIC_NAMES) != names:
        storage.set_study_system_attr(study._study_id, METRIC_NAMES, names)


def refuse_other_search(study: optuna.Study, spec: SweepSpec) -> None:
    """ResumeMismatch where the study is of something else than `spec`."""
    kept = study.user_attrs.get(SPEC_ATTR)
    if kept is None and (study.get_trials(deepcopy=False) or study.direction is not direction_of(spec.objective.mode)):
        message = f"the store holds a study `{study.study_name}` that was not written by ferray"
        raise ResumeMismatch(message, "give the sweep a name of its own with `--name`")
    if kept is None:
        return
    if kept["schema"] != SCHEMA:
        message = f"the store of `{spec.name}` has schema `{kept['schema']}`, this ferray reads `{SCHEMA}`"
        raise ResumeMismatch(message, "continue it with the ferray that wrote it, or start anew with `--fresh`")
    if kept["identity"] != spec.identity and _identity_of(kept["spec"]) != spec.identity:
        keys = _changed_keys(SweepSpec.canonical_of(kept["spec"]), spec.canonical())
        called = called_with_origin(spec.name, study.study_name)
        message = f"the sweep {called} was started with other settings of {', '.join(keys) or 'its space'}"
        raise ResumeMismatch(message, "give this one a name of its own with `--name`, or start anew with `--fresh`")


def called_with_origin(name: str, study_name: str) -> str:
    """A sweep's name in backticks, and the one that it had before."""
    return f"`{name}`" + (f" (which began as `{study_name}`)" if study_name != name else "")


def _identity_of(spec: dict[str, Any]) -> str:
    """That of a search as it was written, read today: parameters that came since have their defaults."""
    try:
        return SweepSpec.model_validate(spec).identity
    except ValidationError:
        return ""


def _changed_keys(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    parts = ("dataset", "objective", "sampler", "pruner", "base", "space", "arms")
    changed = []
    for part in parts:
        before, after = old.get(part), new.get(part)
        if before == after:
            continue
        if part in ("base", "space", "arms") and isinstance(before, dict) and isinstance(after, dict):
            changed += [f"`{part}.{key}`" for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        else:
            changed.append(f"`{part}`")
    return changed
