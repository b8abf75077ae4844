"""A sweep read back into Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ferray
from ferray.errors import ConfigError
from ferray.results.leaderboard import rank
from ferray.results.sweep import Sweep, load, opened
from ferray.study.history import load_sweep
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.testing.fake_sweep import TRIALS, append_history, sweep_record


def fake(folder: Path) -> Sweep:
    """The sweep of seven trials that never ran, with the histories that they would have left."""
    for trial, record in zip(TRIALS, sweep_record().trials, strict=True):
        for report in trial.reports:
            append_history(folder / record.folder, report)
    return opened(sweep_record(), folder)


def curves(output: Path) -> Path:
    """A sweep with a store of its own."""
    driver = open_driver(output / "curves", small_spec())
    run_curves(driver)
    return output / "curves"


def test_a_sweep_is_found_by_its_folder(tmp_path: Path) -> None:
    assert load(curves(tmp_path)).name == "curves"


def test_a_sweep_is_found_by_its_name(tmp_path: Path) -> None:
    curves(tmp_path)
    assert ferray.load("curves", output=tmp_path).name == "curves"


def test_a_wrong_path_names_the_sweeps_that_there_are(tmp_path: Path) -> None:
    curves(tmp_path)
    with pytest.raises(ConfigError) as raised:
        ferray.load("curvse", output=tmp_path)
    assert (raised.value.message, raised.value.hint) == (
        f"there is no sweep `curvse` in `{tmp_path}`",
        "did you mean `curves`?",
    )


def test_reading_writes_nothing(tmp_path: Path) -> None:
    folder = curves(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    sweep = ferray.load(folder)
    assert [trial.history for trial in sweep.trials if trial.history or trial.removed] == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_trials_are_in_order_of_number(tmp_path: Path) -> None:
    assert [trial.number for trial in fake(tmp_path).trials] == [0, 1, 2, 3, 4, 5, 6]


def test_the_leaderboard_is_that_of_the_command(tmp_path: Path) -> None:
    folder = curves(tmp_path)
    assert ferray.load(folder).leaderboard() == rank(load_sweep(folder)).to_json()["trials"]


def test_the_best_trial_is_the_first_of_the_leaderboard(tmp_path: Path) -> None:
    best = fake(tmp_path).best
    assert best is not None
    assert (best.number, best.value, best.state) == (4, 0.75, "complete")


def test_there_is_no_best_trial_without_a_complete_one(tmp_path: Path) -> None:
    record = sweep_record()
    failed = [trial for trial in record.trials if trial.state == "failed"]
    assert Sweep(type(record)("x", "val/uar", "max", tuple(failed)), tmp_path).best is None


def test_a_number_that_no_trial_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`fake` has no trial `17`"):
        fake(tmp_path).trial(17)


def test_a_configuration_that_is_changed_is_that_of_nobody_else(tmp_path: Path) -> None:
    sweep = fake(tmp_path)
    sweep.trial(0).config["backbone"] = "mine"
    assert sweep.trial(0).config["backbone"] != "mine"


def test_a_trial_knows_its_interval(tmp_path: Path) -> None:
    # 15 of 20 right in each of two classes; Price and Bonett add one hit and two images to each: 16/22 = 0.727.
    reach = 1.959964 * ((16 / 22) * (6 / 22) / 22 / 2) ** 0.5
    assert fake(tmp_path).trial(4).interval == pytest.approx((16 / 22 - reach, 16 / 22 + reach), abs=1e-5)


def test_confusion_has_a_row_of_counts_for_each_class(tmp_path: Path) -> None:
    confusion = fake(tmp_path).trial(4).confusion
    assert (confusion.dtype, confusion.tolist()) == (np.int64, [[15, 5], [5, 15]])


def test_a_trial_without_an_epoch_has_an_empty_confusion(tmp_path: Path) -> None:
    assert fake(tmp_path).trial(2).confusion.shape == (0, 0)


def test_history_holds_every_epoch(tmp_path: Path) -> None:
    assert [epoch.metrics["val/uar"] for epoch in fake(tmp_path).trial(0).history] == [0.25, 0.4, 0.5]


def test_removed_samples_carry_their_epoch(tmp_path: Path) -> None:
    removed = fake(tmp_path).trial(0).removed
    assert [(gone.epoch, gone.sample.name) for gone in removed] == [(2, "happy_007.png"), (2, "sad_031.png")]


def test_a_trial_whose_folder_is_gone_has_no_history(tmp_path: Path) -> None:
    assert opened(sweep_record(), tmp_path).trial(0).history == ()


def test_a_frame_has_the_columns_of_the_csv(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    sweep = fake(tmp_path)
    header = rank(sweep.record).to_csv().splitlines()[0].split(",")
    assert sorted(sweep.frame().columns) == sorted(header)


def test_a_frame_has_a_row_each_trial(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    assert list(fake(tmp_path).frame()["number"]) == [4, 0, 1, 3, 6, 2, 5]


def test_a_checkpoint_is_a_path_or_none(tmp_path: Path) -> None:
    sweep = fake(tmp_path)
    assert (sweep.trial(4).checkpoint, sweep.trial(2).checkpoint) == (
        tmp_path / "trials/0004-1f3a9c2e/best.pt",
        None,
    )


def test_what_is_printed_says_what_it_is(tmp_path: Path) -> None:
    sweep = fake(tmp_path)
    assert [repr(sweep), repr(sweep.trial(4))] == [
        "<Sweep fake: 7 trials, best val/uar 0.750 (trial 4)>",
        "<Trial 4 of fake: completed, val/uar 0.750>",
    ]


def test_a_trial_without_a_checkpoint_has_no_predictor(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trial `2` ended as `failed` and left no checkpoint"):
        fake(tmp_path).trial(2).load()


def test_histories_have_a_row_each_epoch(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    frame = fake(tmp_path).histories()
    of_first = frame[frame["number"] == 0]
    assert (list(of_first["epoch"]), list(of_first["val/uar"])) == ([1, 2, 3], [0.25, 0.4, 0.5])


def test_histories_are_those_of_every_trial(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    sweep = fake(tmp_path)
    told = {trial.number: len(trial.history) for trial in sweep.trials if trial.history}
    assert sweep.histories()["number"].value_counts().to_dict() == told


def test_histories_without_an_epoch_have_their_columns(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    frame = opened(sweep_record(), tmp_path).histories()
    assert (len(frame), list(frame.columns)[:2]) == (0, ["number", "epoch"])


def test_figures_are_drawn_where_the_command_draws_them(tmp_path: Path) -> None:
    files = fake(tmp_path).figures()
    assert {path.parent for path in files} == {tmp_path / "figures" / "trial-4"}  # the best one
    assert {"curves.png", "curves.svg"} <= {path.name for path in files}


def test_figures_of_one_trial_go_where_one_asks(tmp_path: Path) -> None:
    files = fake(tmp_path).figures(tmp_path / "mine", trials=[0])
    assert {path.parent for path in files} == {tmp_path / "mine"}
    assert all(path.is_file() for path in files)
