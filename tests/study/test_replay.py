"""The quick reading of a journal says what Optuna's own says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend

from bench.store_file import write_journal
from ferray.errors import DataError
from ferray.study.history import load_sweep, read_sweep
from ferray.study.records import SCHEMA, TRIAL_ATTR
from ferray.study.replay import Replay
from ferray.study.store import JOURNAL_NAME
from ferray.testing.journals import without_checksums

FLOAT = optuna.distributions.distribution_to_json(optuna.distributions.FloatDistribution(0.0, 1.0))
CHOICE = optuna.distributions.distribution_to_json(optuna.distributions.CategoricalDistribution(["a", "b"]))
NOW = "2026-01-01T00:00:00.000000+00:00"
WORKER = {"worker_id": "another"}


class Lines(BaseJournalBackend):
    """A journal in memory."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self.lines = lines

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        return json.loads(json.dumps(self.lines[log_number_from:]))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        raise AssertionError(logs)


studies = st.integers(0, 2)
trials = st.integers(0, 5)
attrs = st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 9), min_size=1, max_size=1)
states = st.sampled_from([0, 1, 2, 3, 4])
operations = st.one_of(
    st.fixed_dictionaries({"op_code": st.just(0), "study_name": st.sampled_from("abc"), "directions": st.just([1])}),
    st.fixed_dictionaries({"op_code": st.just(1), "study_id": studies}),
    st.fixed_dictionaries({"op_code": st.just(2), "study_id": studies, "user_attr": attrs}),
    st.fixed_dictionaries({"op_code": st.just(4), "study_id": studies, "datetime_start": st.just(NOW)}),
    st.fixed_dictionaries(
        {
            "op_code": st.just(4),
            "study_id": studies,
            "datetime_start": st.just(None),
            "state": st.just(4),
            "params": st.just({"p": 0.5}),
            "distributions": st.just({"p": FLOAT}),
            "user_attrs": attrs,
        }
    ),
    st.fixed_dictionaries(
        {
            "op_code": st.just(5),
            "trial_id": trials,
            "param_name": st.just("p"),
            "param_value_internal": st.floats(0, 1),
            "distribution": st.just(FLOAT),
        }
    ),
    st.fixed_dictionaries(
        {
            "op_code": st.just(5),
            "trial_id": trials,
            "param_name": st.just("c"),
            "param_value_internal": st.sampled_from([0, 1]),
            "distribution": st.just(CHOICE),
        }
    ),
    st.fixed_dictionaries(
        {
            "op_code": st.just(6),
            "trial_id": trials,
            "state": states,
            "values": st.just(None),
            "datetime_start": st.just(NOW),
            "datetime_complete": st.just(NOW),
        }
    ),
    st.fixed_dictionaries(
        {"op_code": st.just(7), "trial_id": trials, "step": st.just(1), "intermediate_value": st.just(0.5)}
    ),
    st.fixed_dictionaries({"op_code": st.just(8), "trial_id": trials, "user_attr": attrs}),
    st.fixed_dictionaries({"op_code": st.just(9), "trial_id": trials, "system_attr": attrs}),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(operations, max_size=40))
def test_any_journal_amounts_to_what_optuna_makes_of_it(lines: list[dict[str, Any]]) -> None:
    lines = [{**line, **WORKER} for line in lines]
    storage = JournalStorage(Lines(lines))
    theirs = {
        study.study_name: (
            storage.get_study_user_attrs(study._study_id),
            [
                (t.number, t.state, t.params, t.user_attrs, t.intermediate_values, t.datetime_complete)
                for t in storage.get_all_trials(study._study_id)
            ],
        )
        for study in storage.get_all_studies()
    }
    ours = Replay()
    ours.apply(json.loads(json.dumps(lines)))
    assert {
        study.name: (
            study.user_attrs,
            [
                (t.number, t.state, t.params, t.user_attrs, t.intermediate_values, t.datetime_complete)
                for t in study.trials
            ],
        )
        for study in ours.studies
    } == theirs


def test_a_sweep_with_every_outcome_reads_as_optuna_reads_it(tmp_path: Path) -> None:
    write_journal(tmp_path / "bench", 200, sampler="random", pruner="hyperband")
    optunas = JournalStorage(JournalFileBackend(str(tmp_path / "bench" / JOURNAL_NAME)))
    record = load_sweep(tmp_path / "bench")
    assert record == read_sweep(optunas, "bench")
    assert {trial.outcome for trial in record.trials} >= {"completed", "pruned", "diverged", "failed", "interrupted"}


def test_a_store_of_another_schema_is_not_read(tmp_path: Path) -> None:
    write_journal(tmp_path / "bench", 100, sampler="random", pruner="none")
    path = tmp_path / "bench" / JOURNAL_NAME
    path.write_text(without_checksums(path.read_text()).replace(f'"schema":{SCHEMA}', '"schema":0'))
    with pytest.raises(DataError, match=f"has schema `0`, this ferray reads `{SCHEMA}`"):
        load_sweep(tmp_path / "bench")


def test_the_end_of_a_trial_has_its_time_in_any_zone() -> None:
    whole = {"op_code": 6, "trial_id": 0, "state": 1, "values": [0.5], "datetime_complete": "2026-01-01T01:00:00+01:00"}
    lines = [
        {"op_code": 0, "study_name": "a", "directions": [1]},
        {"op_code": 4, "study_id": 0, "datetime_start": NOW},
        whole,
    ]
    replay = Replay()
    replay.apply([{**line, **WORKER} for line in lines])
    ended = replay.studies[0].trials[0].datetime_complete
    assert ended is not None
    assert ended.timestamp() == 1767225600.0  # 2026-01-01T00:00:00Z


def test_parts_of_configurations_that_are_alike_are_held_once_and_others_apart() -> None:
    replay = Replay()
    replay.apply([{"op_code": 0, "study_name": "s", "directions": [2]}])
    for number, value in enumerate((0, 0, False)):
        attrs = {TRIAL_ATTR: {"config": {"part": {"value": value}}}}
        replay.apply([{"op_code": 4, "study_id": 0}, {"op_code": 8, "trial_id": number, "user_attr": attrs}])
    first, second, other = (trial.user_attrs[TRIAL_ATTR]["config"]["part"] for trial in replay.studies[0].trials)
    assert first is second
    assert other["value"] is False
