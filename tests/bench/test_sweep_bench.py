"""The arithmetic of the sweep benchmark, on made-up times."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bench.processes import Watch, nearest
from bench.sweep import BARE, SPACE, noise_of, per_epoch
from bench.sweep_run import (
    TrialTimes,
    best_value,
    first_epochs,
    idle_tail_s,
    slot_seconds,
    summarise,
    trial_times,
)
from ferray.config.load import load_space
from ferray.config.overrides import Overrides

# Two slots, held from 0 s and from 2 s on, with two trials each; the second slot's last trial ends 2 s early.
TRIALS = [
    TrialTimes(began=0, ended=9, epochs=4, epoch_s=8),
    TrialTimes(began=2, ended=8, epochs=3, epoch_s=6),
    TrialTimes(began=10, ended=20, epochs=5, epoch_s=10),
    TrialTimes(began=8.5, ended=18, epochs=4, epoch_s=8),
]


def write_history(folder: Path, *seconds: float, ended: float) -> Path:
    """A trial's folder whose last file was written at `ended`."""
    folder.mkdir(parents=True)
    lines = [json.dumps({"metrics": {"seconds": value}}) for value in seconds]
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n")
    os.utime(folder / "history.jsonl", (ended, ended))
    return folder


def test_slots_are_held_from_their_first_epoch_to_the_end_of_the_sweep() -> None:
    assert slot_seconds(TRIALS, slots=2) == (20 - 0) + (20 - 2)


def test_idle_tail_is_what_slots_wait_for_the_last_trial() -> None:
    assert idle_tail_s(TRIALS, slots=2) == 2


def test_summary_gives_slot_seconds_an_epoch() -> None:
    assert summarise(TRIALS, slots=2)["slot_s_per_epoch"] == 38 / 16


def test_overhead_is_neither_epoch_nor_tail() -> None:
    assert summarise(TRIALS, slots=2)["outside_epochs_s_per_trial"] == (38 - 32 - 2) / 4


def test_first_epoch_began_its_seconds_before_its_line_was_written(tmp_path: Path) -> None:
    write_history(tmp_path / "bench/trials/0000-a", 1.5, ended=100.0)
    assert first_epochs(tmp_path, {}) == {"0000-a": 98.5}


def test_start_of_a_first_epoch_is_read_once(tmp_path: Path) -> None:
    write_history(tmp_path / "bench/trials/0000-a", 1.5, 1.5, ended=200.0)
    assert first_epochs(tmp_path, {"0000-a": 98.5}) == {"0000-a": 98.5}


def test_trial_ends_with_its_last_file(tmp_path: Path) -> None:
    folder = write_history(tmp_path / "trial", 1.5, 2.0, ended=100.0)
    assert trial_times(folder, began=96.0) == TrialTimes(began=96.0, ended=100.0, epochs=2, epoch_s=3.5)


def test_means_weigh_by_epochs() -> None:
    assert per_epoch([{"epochs": 1, "s": 4.0}, {"epochs": 3, "s": 2.0}], "s") == 2.5


def test_best_value_is_of_any_epoch_of_any_trial(tmp_path: Path) -> None:
    for name, values in {"0000-a": (0.2, 0.5), "0001-b": (0.4,)}.items():
        (tmp_path / "trials" / name).mkdir(parents=True)
        lines = [json.dumps({"metrics": {"val/uar": value}}) for value in values]
        (tmp_path / "trials" / name / "history.jsonl").write_text("\n".join(lines))
    assert best_value(tmp_path) == 0.5


def test_noise_is_two_standard_errors_of_a_difference() -> None:
    # each share has a variance of 0.25 / 100; two of them 0.005
    assert noise_of(0.5, 0.5, 100) == pytest.approx(2 * 0.005**0.5)


def test_space_is_one_that_ferray_reads(tmp_path: Path) -> None:
    (tmp_path / "bench.yaml").write_text(SPACE.format(**BARE))
    spec, _ = load_space(str(tmp_path / "bench.yaml"), Overrides())
    assert (spec.name, spec.budget.trials) == ("bench", 24)


def test_nearest_look_counts() -> None:
    assert nearest([(1.0, 10.0), (2.0, 20.0), (5.0, 50.0)], 3.0) == 20.0


def test_watch_sees_the_memory_of_its_root() -> None:
    watch = Watch(os.getpid())
    watch.look()
    assert 0.005 < watch.peaks_gib()["driver"] < 64
