"""What a sweep's trials are trained and judged on, kept in its study: values on other images do not compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import TrialState

from ferray.errors import ResumeMismatch
from ferray.study.records import DATA_ATTR, DataIdentity
from ferray.text.counting import counted

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


def compare_data(store: BaseStorage, study: str, called: str, now: Sequence[DataIdentity]) -> list[str]:
    """What has changed since the study's trials were trained, a sentence each; nothing where it has none that ended.

    ResumeMismatch where validation images are others, as the values of former and of coming trials would then be ranked
    together. A study from before this was kept, or without this data set, says nothing.
    """
    known = {summary.study_name for summary in store.get_all_studies()}
    if study not in known:
        return []
    number = store.get_study_id_from_name(study)
    finished = len(store.get_all_trials(number, deepcopy=False, states=_FINISHED))
    before: dict[str, Any] = store.get_study_user_attrs(number).get(DATA_ATTR, {})
    notes = []
    for data in now if finished else ():
        former = DataIdentity(**before[data.key]) if data.key in before else data
        if former.val != data.val:
            raise _refusal(former, data, called, finished)
        if former.train != data.train:
            told = _counts(former.num_train, data.num_train)
            notes.append(f"the training images of `{data.dataset}` have changed since {called} began: {told}")
    return notes


def doubt(known: Mapping[str, DataIdentity], now: DataIdentity) -> str:
    """Why a test split may hold images that trials have seen, one sentence; "" where nothing speaks for that."""
    former = known.get(now.key)
    if former is None or (former.train, former.val) == (now.train, now.val):
        return ""
    parts = (
        ("train", former.train == now.train, former.num_train, now.num_train),
        ("val", former.val == now.val, former.num_val, now.num_val),
    )
    told = "; ".join(
        f"{part} {before:,} as then" if is_same else f"{part} {_counts(before, count)}"
        for part, is_same, before, count in parts
    )
    return f"`{now.dataset}` has changed since the sweep began ({told}): test images may be among those it has seen"


def keep_data(store: BaseStorage, study: str, now: Sequence[DataIdentity]) -> None:
    """Write down what the study's trials are judged on; what is known of it stays, once a trial has ended."""
    number = store.get_study_id_from_name(study)
    finished = store.get_all_trials(number, deepcopy=False, states=_FINISHED)
    before: dict[str, Any] = store.get_study_user_attrs(number).get(DATA_ATTR, {})
    fresh = {data.key: asdict(data) for data in now}
    kept = {**fresh, **before} if finished else {**before, **fresh}
    if kept != before:
        store.set_study_user_attr(number, DATA_ATTR, kept)


def _refusal(former: DataIdentity, data: DataIdentity, called: str, finished: int) -> ResumeMismatch:
    judged = counted(finished, "trial was", "trials were")
    message = (
        f"the validation images of `{data.dataset}` are not those that {judged} judged on in {called}: "
        f"{_counts(former.num_val, data.num_val)}"
    )
    hint = "put the images back as they were; or start anew with `--fresh`, or with a `--name` of its own"
    return ResumeMismatch(message, hint)


def _counts(before: int, now: int) -> str:
    return f"{before:,} then, {now:,} now" if before != now else f"{now:,} as then, but others"
