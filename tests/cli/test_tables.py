"""The leaderboard's table in a narrow terminal, a wide one and a pipe."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ferray.cli.terminal.tables import print_leaderboard, stdout_console
from ferray.results.confirmation import write_confirmation
from ferray.results.leaderboard import rank
from ferray.study.history import DRIVER_DIED
from ferray.study.records import FoldRecord, SweepRecord, TrialRecord
from ferray.testing.fake_confirmation import fake_confirmation
from ferray.testing.fake_sweep import sweep_record


def rendered(
    record: SweepRecord,
    width: int = 160,
    limit: int | None = None,
    folder: Path = Path("runs/fake"),
    terminal: bool = False,
) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=terminal, color_system=None)
    print_leaderboard(rank(record), folder, limit=limit, console=console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def many_params() -> SweepRecord:
    params = {"augment.strength": 0.25, "head.dropout": 0.4, "batch_size": 32, "imbalance": "class_weights"}
    more = {f"outliers.bdr.guard_{letter}": letter for letter in "abcdef"}
    trials = [replace(trial, params=params | more) for trial in sweep_record().trials[:1]]
    return replace(sweep_record(), trials=(*trials, sweep_record().trials[4]))


def test_table_lines_fit_a_terminal_of_80_columns() -> None:
    table = rendered(many_params(), width=80).split("the same in all")[0].split("±, [")[0]
    assert max(map(len, table.splitlines())) <= 80


def test_narrow_table_keeps_every_parameter_and_figure() -> None:
    text = rendered(many_params(), width=80)
    assert [word for word in ("dropout=0.4", "guard_f=f", "n=40", "±0.148", "class_weights") if word not in text] == []


def test_wide_table_gives_parameters_columns_of_their_own() -> None:
    header = rendered(sweep_record(), width=160).splitlines()[2]
    assert header.split() == ["rank", "trial", "val/uar", "accuracy", "epoch", "recipe", "lr"]


def test_best_checkpoint_is_one_unbroken_line(tmp_path: Path) -> None:
    path = tmp_path / "trials/0004-1f3a9c2e/best.pt"
    path.parent.mkdir(parents=True)
    path.touch()
    assert f"best checkpoint: {path}" in rendered(sweep_record(), width=40, folder=tmp_path).splitlines()


def test_a_deleted_checkpoint_is_not_offered() -> None:
    lines = rendered(sweep_record()).splitlines()
    assert "the best checkpoint is gone: runs/fake/trials/0004-1f3a9c2e/best.pt" in lines


def with_folds(trial: TrialRecord) -> TrialRecord:
    value = trial.value or 0.0
    confusion = ((20, 20), (20, 20))
    folds = [
        FoldRecord(fold, value + fold / 100, 9, 100, 40, {"val/accuracy": value, "val/uar": value}, confusion)
        for fold in range(5)
    ]
    return replace(trial, folds=tuple(folds), epochs=200, best_epoch=187)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_word_is_broken_on_a_terminal(width: int) -> None:
    record = many_params()
    record = replace(record, trials=tuple(map(with_folds, record.trials)))
    folded = rendered(record, width=width, terminal=True)
    assert folded.split() == rendered(record, width=width).split()
    assert max(map(len, folded.splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80])
def test_headers_stand_above_their_figures_with_folds(width: int) -> None:
    record = many_params()
    lines = rendered(replace(record, trials=tuple(map(with_folds, record.trials))), width=width).splitlines()
    header, first = lines[1], lines[2]
    assert header.index("val/uar") == first.index("0.750 ±")
    assert len(header) <= width


def test_figures_that_do_not_fit_follow_by_name() -> None:
    record = many_params()
    text = rendered(replace(record, trials=tuple(map(with_folds, record.trials))), width=60)
    assert ("epoch 187/200" in text, "recipe 1f3a9c2e" in text) == (True, True)


def test_trials_that_did_not_complete_are_listed_apart() -> None:
    lines = rendered(sweep_record()).splitlines()
    assert lines[-6:] == [
        "pruned: 1 (0.250 ±0.132 after 1/3)",
        "diverged: 3 (the loss is not finite)",
        "running: 6 (0.500 after 1/2 epochs)",
        "interrupted: 5 (after 1/2 epochs, asked again as 6)",
        "failed: 2 (RuntimeError: out of memory)",
        "7 trials: 2 completed, 1 pruned, 1 diverged, 1 running, 1 failed, 1 interrupted",
    ]


def test_trials_that_wait_for_a_worker_are_listed_by_number() -> None:
    waits = replace(sweep_record().trials[6], state="waiting", outcome="waiting")
    lines = rendered(replace(sweep_record(), trials=(waits, replace(waits, number=7)))).splitlines()
    assert lines[-2:] == ["waiting: 6; 7", "2 trials: 2 waiting"]


def test_trials_that_a_dead_driver_left_are_told_of_once_with_what_to_do() -> None:
    left = replace(sweep_record().trials[6], state="interrupted", outcome="interrupted", message=DRIVER_DIED)
    record = replace(sweep_record(), trials=(left, replace(left, number=7)))
    assert "interrupted, its driver died; run the same command again to go on: 6 (0.500 after 1/2 epochs); 7 (" in (
        rendered(record)
    )


def test_pruned_trial_that_scored_above_the_best_is_pointed_out() -> None:
    record = sweep_record()
    trials = tuple(replace(trial, value=0.99) if trial.number == 1 else trial for trial in record.trials)
    assert "pruned above the best complete trial: 1\n" in rendered(replace(record, trials=trials))


def test_a_confirmation_is_told_below_the_ranking(tmp_path: Path) -> None:
    write_confirmation(tmp_path, fake_confirmation())
    assert f"confirmed: {fake_confirmation().sentence}\n" in rendered(sweep_record(), folder=tmp_path, width=900)


def test_a_damaged_confirmation_hides_no_ranking(tmp_path: Path) -> None:
    (tmp_path / "confirmation.json").write_text("{}")
    text = rendered(sweep_record(), folder=tmp_path)
    assert ("the confirmation cannot be read: " in text, "0.750" in text) == (True, True)


def test_the_weights_of_a_pruned_trial_above_the_winner_are_named(tmp_path: Path) -> None:
    record = sweep_record()
    trials = tuple(replace(trial, value=0.99) if trial.number == 1 else trial for trial in record.trials)
    weights = tmp_path / record.trials[1].folder / "best-so-far.pt"
    weights.parent.mkdir(parents=True)
    weights.touch()
    text = rendered(replace(record, trials=trials), folder=tmp_path, width=300)
    assert f"pruned above the best complete trial: 1 (weights: {weights})\n" in text


def test_long_lists_are_cut_and_counted() -> None:
    pruned = sweep_record().trials[1]
    record = replace(sweep_record(), trials=tuple(replace(pruned, number=number) for number in range(8)))
    assert "and 3 more" in rendered(record)


def test_limit_says_what_it_hides() -> None:
    assert "1 more complete trials not shown" in rendered(sweep_record(), limit=1)


def test_names_with_brackets_are_not_markup() -> None:
    assert "[red]x[/red]: val/uar" in rendered(replace(sweep_record(), name="[red]x[/red]"))


def test_a_single_trial_is_counted_in_the_singular() -> None:
    record = sweep_record()
    assert rendered(replace(record, trials=record.trials[:1])).splitlines()[-1] == "1 trial: 1 completed"


def test_sweep_without_trials_says_so() -> None:
    assert "no trials yet" in rendered(replace(sweep_record(), trials=()))


def test_pipe_gets_no_colour_and_room_for_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_leaderboard(rank(sweep_record()), Path("runs/fake"))
    assert "\x1b" not in capsys.readouterr().out


def test_width_of_a_pipe_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert stdout_console().width == 90
