"""TensorBoard logs, read back with TensorBoard's own reader."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ferray.errors import ConfigError
from ferray.testing.trackers import play
from ferray.track.tensorboard import TensorBoard


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    tracker = TensorBoard(tmp_path)
    play(tracker)
    tracker.close()
    return tmp_path / "tensorboard"


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def test_each_trial_has_a_folder(logs: Path) -> None:
    assert sorted(path.name[:4] for path in logs.iterdir()) == [f"{number:04d}" for number in range(7)]


def test_metrics_are_scalars_by_epoch(logs: Path) -> None:
    scalars = read(logs / "0004-1f3a9c2e").Scalars("val/uar")
    assert [(scalar.step, scalar.value) for scalar in scalars] == [(1, pytest.approx(0.6)), (2, 0.75)]


def test_variance_is_a_scalar_by_epoch(logs: Path) -> None:
    scalars = read(logs / "0000-1f3a9c2e").Scalars("outliers/variance")
    assert [(scalar.step, scalar.value) for scalar in scalars] == [(1, 0.5), (2, 0.25), (3, pytest.approx(0.5 / 3))]


def test_histogram_after_the_removal_is_there(logs: Path) -> None:
    (after,) = read(logs / "0000-1f3a9c2e").Histograms("outliers/loss_after")
    assert (after.step, after.histogram_value.bucket) == (2, [60.0, 38.0])


def test_without_tensorboard_the_hint_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 'tensorboard>="):
        TensorBoard(tmp_path)
