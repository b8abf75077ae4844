"""A record's configuration is read by today's classes, or refused with the key that they do not take."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.config.trial import TrialConfig
from ferray.errors import DataError
from ferray.study.history import load_sweep
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.testing.fake_sweep import sweep_record
from ferray.testing.journals import without_checksums


def test_a_recorded_configuration_of_another_kind_is_named() -> None:
    trial = replace(sweep_record().trials[0], config={"dataset": "demo", "epochs": "many"})
    with pytest.raises(DataError, match="the record of trial 0 holds no configuration of this ferray: `epochs`"):
        trial.trial_config()


def test_a_recorded_configuration_reads_back() -> None:
    config = TrialConfig.model_validate({"dataset": "demo", "epochs": 3})
    assert replace(sweep_record().trials[0], config=config.to_json()).trial_config() == config


def test_a_confusion_matrix_of_anything_but_counts_is_named(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1})))
    journal = tmp_path / "curves" / "study.journal"
    journal.write_text(re.sub(r'"confusion":\[\[\d+', '"confusion":[[NaN', without_checksums(journal.read_text())))
    with pytest.raises(DataError, match="trial 0 counts `nan` validation images"):
        load_sweep(tmp_path / "curves")


def test_a_metric_that_is_no_number_is_named(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1})))
    journal = tmp_path / "curves" / "study.journal"
    text = re.sub(r'"val/accuracy":[^,}]+', '"val/accuracy":[]', without_checksums(journal.read_text()))
    journal.write_text(text)
    with pytest.raises(DataError, match="trial 0 has `val/accuracy` that is no number"):
        load_sweep(tmp_path / "curves")


def test_an_accuracy_beyond_one_is_named(tmp_path: Path) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1})))
    journal = tmp_path / "curves" / "study.journal"
    text = re.sub(r'"val/accuracy":[^,}]+', '"val/accuracy":1.5', without_checksums(journal.read_text()))
    journal.write_text(text)
    with pytest.raises(DataError, match=r"trial 0 has an accuracy of `1\.5`"):
        load_sweep(tmp_path / "curves")


@pytest.mark.parametrize(
    ("name", "damaged", "what"),
    [
        ("value", "[]", "number"),
        ("value", "true", "number"),
        ("epochs", '"six"', "number"),
        ("seconds", "{}", "number"),
        ("message", "3", "text"),
        ("reason", "[]", "text"),
    ],
)
def test_a_result_of_another_kind_is_named(tmp_path: Path, name: str, damaged: str, what: str) -> None:
    run_curves(open_driver(tmp_path / "curves", small_spec(budget={"trials": 1})))
    journal = tmp_path / "curves" / "study.journal"
    key, scalar = '"result":{', r'("[^"]*"|[^,}]+)'
    head, found, result = without_checksums(journal.read_text()).partition(key)
    journal.write_text(head + found + re.sub(rf'"{name}":{scalar}', f'"{name}":{damaged}', result, count=1))
    with pytest.raises(DataError, match=f"trial 0 has `{name}` that is no {what}"):
        load_sweep(tmp_path / "curves")
