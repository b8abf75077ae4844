from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ferray.errors import ConfigError
from ferray.papers.compare import ComparedRow, Comparison, compare
from ferray.papers.comparison_text import text_of
from ferray.results.confirmation import Confirmation, write_confirmation
from ferray.results.finalists import Finalist
from ferray.stats.differences import WELCH
from ferray.study.records import SweepRecord
from ferray.testing.fake_arms import arms_record, arms_spec, fold_record, hold_out
from ferray.text.commands import command

ON_VAL: dict[str, Any] = {"row": "plain", "arm": "plain", "value": 0.38, "split": "val", "n": 215}
ON_TEST: dict[str, Any] = {"row": "cleaned", "arm": "cleaned", "value": 0.46, "n": 216}
FAILED = f"failed: `{command('trials two --failed')}`"
CONFIRMED = Finalist("plain", 4, "1f3a9c2e", (0, 1), (0.7, 0.8), 40, 0.75, 0.0707, (0.6, 0.85), validation=0.75)
RIGHT = {"plain": (40, 44), "cleaned": (50, 48)}


def compared(folder: Path, *rows: dict[str, Any], record: SweepRecord | None = None, **given: Any) -> Comparison:
    spec = arms_spec(published=list(rows), **given)
    return compare(spec, record or arms_record(spec, RIGHT), folder, space="papers/two")


def only_row(comparison: Comparison) -> ComparedRow:
    (row,) = comparison.rows
    return row


def not_run(option: str, folder: Path) -> str:
    return f"not run: `{command(f'sweep papers/two {option} --output', folder.parent)}`"


def test_ours_stands_beside_theirs(tmp_path: Path) -> None:
    row = only_row(compared(tmp_path, ON_VAL))
    assert row.ours is not None
    assert row.difference is not None
    assert (row.ours.value, row.difference.value, row.difference.method) == (
        pytest.approx(0.42),
        pytest.approx(0.04),
        WELCH,
    )
    assert (row.is_comparable, row.why_not) == (True, "")


def test_a_row_on_the_test_split_asks_for_evaluate(tmp_path: Path) -> None:
    row = only_row(compared(tmp_path, ON_TEST))
    assert (row.ours, row.missing) == (None, f"not judged: `{command('evaluate two --all')}`")


def test_a_row_on_the_test_split_is_what_evaluate_left(tmp_path: Path) -> None:
    spec = arms_spec(published=[ON_TEST])
    record = arms_record(spec, {"cleaned": (50, 48)})
    hold_out(tmp_path, record.trials[0], right=60, n=100)
    hold_out(tmp_path, record.trials[1], right=64, n=100)
    row = only_row(compare(spec, record, tmp_path, space="papers/two"))
    assert row.ours is not None
    assert row.ours.value == pytest.approx(0.62)


def test_an_arm_that_was_not_run_names_the_command(tmp_path: Path) -> None:
    folder, record = tmp_path / "two", arms_record(arms_spec(), {"plain": (40,)})
    assert only_row(compared(folder, ON_TEST, record=record)).missing == not_run("", folder)


def test_an_arm_that_failed_says_so(tmp_path: Path) -> None:
    record = arms_record(arms_spec(), {"cleaned": (40,)})
    record = replace(record, trials=(replace(record.trials[0], state="failed"),))
    assert only_row(compared(tmp_path, ON_TEST, record=record)).missing == FAILED


def test_a_quoted_row_is_only_quoted(tmp_path: Path) -> None:
    assert only_row(compared(tmp_path, {"row": "other", "value": 0.5})).missing == "quoted only"


def test_a_row_without_a_number_has_no_difference(tmp_path: Path) -> None:
    row = only_row(compared(tmp_path, {"row": "plain", "arm": "plain", "split": "val", "why": "overfits"}))
    assert (row.theirs, row.difference, row.ours is None) == (None, None, False)


def test_why_a_row_is_not_comparable_is_kept(tmp_path: Path) -> None:
    row = only_row(compared(tmp_path, {**ON_VAL, "comparable": False, "why": "another split"}))
    assert (row.is_comparable, row.why_not) == (False, "another split")


def test_a_sweep_with_other_keys_is_a_cut(tmp_path: Path) -> None:
    record = arms_record(arms_spec(base={"epochs": 2}), RIGHT)
    comparison = compared(tmp_path, ON_VAL, record=record)
    assert comparison.cut == ("epochs 2 for 9",)
    assert only_row(comparison).why_not == "a cut, not a reproduction"


def test_a_quick_sweep_is_a_cut(tmp_path: Path) -> None:
    spec = arms_spec(published=[ON_VAL])
    found = compare(spec, arms_record(spec, RIGHT), tmp_path, space="papers/two", is_quick=True)
    assert only_row(found).is_comparable is False


def test_an_arm_that_quick_leaves_out_is_run_without_it(tmp_path: Path) -> None:
    spec = arms_spec(published=[ON_TEST], quick={"arms": ["plain"]})
    found = compare(spec, arms_record(spec, {"plain": (40,)}), tmp_path, space="papers/two", is_quick=True)
    assert only_row(found).missing == not_run("", tmp_path)


def test_an_arm_that_quick_runs_is_run_with_it(tmp_path: Path) -> None:
    folder, spec = tmp_path / "two", arms_spec(published=[ON_TEST], quick={"seeds": 1})
    found = compare(spec, arms_record(spec, {"plain": (40,)}), folder, space="papers/two", is_quick=True)
    assert only_row(found).missing == not_run("--quick", folder)


def test_printed_folds_have_their_own_interval(tmp_path: Path) -> None:
    row = {**ON_VAL, "split": "cv", "value": 0.409, "n": 675, "folds": [0.385, 0.4, 0.415, 0.415, 0.43]}
    theirs = only_row(compared(tmp_path, row)).theirs
    assert theirs is not None
    assert theirs.interval == pytest.approx((0.409 - 0.031854, 0.409 + 0.031854), abs=1e-6)


def test_folds_of_ours_stand_beside_theirs(tmp_path: Path) -> None:
    spec = arms_spec(published=[{**ON_VAL, "split": "cv"}])
    record = arms_record(spec, {"plain": (40,)})
    folds = tuple(fold_record(fold, right=right, n=100, num_train=200) for fold, right in enumerate((40, 50, 60)))
    trial = replace(record.trials[0], folds=folds, config={**record.trials[0].config, "folds": {"k": 3}})
    row = only_row(compare(spec, replace(record, trials=(trial,)), tmp_path, space="papers/two"))
    assert row.ours is not None
    assert (row.ours.value, row.ours.num_folds, row.ours.n) == (pytest.approx(0.5), 3, 300)


def test_a_trial_without_folds_is_named(tmp_path: Path) -> None:
    assert only_row(compared(tmp_path, {**ON_VAL, "split": "cv"})).missing == "run without folds"


def test_classes_stand_beside_theirs_whatever_their_case(tmp_path: Path) -> None:
    comparison = compared(tmp_path, {**ON_VAL, "hits": {"happy": [7, 20], "Fear": [12, 20]}})
    happy, fear = comparison.classes
    assert (happy.their_hits, happy.our_hits, fear.our_hits) == ((7, 20), (42, 100), None)


def test_arms_are_paired(tmp_path: Path) -> None:
    (pair,) = compared(tmp_path, ON_VAL, {**ON_TEST, "ours": "val"}).arm_pairs
    assert pair.difference.value == pytest.approx(0.07)


def test_json_is_plain(tmp_path: Path) -> None:
    document = compared(tmp_path, ON_VAL, {**ON_VAL, "row": "b", "arm": "cleaned", "value": 0.5}).to_json()
    assert document["rows"][0]["ours"]["seeds"] == 2
    assert document["published_pairs"][0]["n"] == 215
    assert document["arm_pairs"][0]["difference"]["pairs"] == 2


def test_a_space_without_rows_or_arms_cannot_be_compared(tmp_path: Path) -> None:
    spec = arms_spec(arms={}, published=[])
    nothing = SweepRecord("two", "val/accuracy", "max", ())
    with pytest.raises(ConfigError, match="no published numbers"):
        compare(spec, nothing, tmp_path, space="papers/two")


def test_a_cut_is_one_before_its_test_split_is_judged(tmp_path: Path) -> None:
    spec = arms_spec(published=[ON_TEST])
    row = only_row(compare(spec, arms_record(spec, RIGHT), tmp_path, space="papers/two", is_quick=True))
    assert (row.ours, row.is_comparable) == (None, False)


def test_arms_of_a_space_without_a_paper_are_compared_with_the_first(tmp_path: Path) -> None:
    comparison = compared(tmp_path)
    assert [(row.published.row, row.ours and row.ours.num_seeds) for row in comparison.rows] == [
        ("plain", 2),
        ("cleaned", 2),
    ]
    (pair,) = comparison.arm_pairs
    assert (pair.first, pair.second, pair.difference.value) == ("plain", "cleaned", pytest.approx(0.07))


def test_arms_ranked_by_a_loss_are_no_fractions_to_compare(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="quotes no published numbers, and has no `arms`"):
        compared(tmp_path, objective={"metric": "val/loss"})


def test_what_was_confirmed_stands_below_arms_that_validation_images_chose(tmp_path: Path) -> None:
    found = Confirmation("one", "two", "uar", "test", (0, 1), ("A", "B"), (CONFIRMED,), ())
    write_confirmation(tmp_path, found)
    comparison = compared(tmp_path)
    (note,) = [note for note in text_of(comparison).notes if "Confirmed: " in note]
    assert (note.endswith(found.sentence), comparison.to_json()["confirmed"]) == (True, found.sentence)


def test_a_sweep_that_was_never_confirmed_says_nothing_of_it(tmp_path: Path) -> None:
    assert not [note for note in text_of(compared(tmp_path)).notes if "Confirmed" in note]
