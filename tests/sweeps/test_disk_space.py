"""Room on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ferray.config.trial import TrialConfig
from ferray.models.known_networks import KnownNetworks
from ferray.sweeps.disk_space import DiskNeed, disk_need, nearest_existing, num_kept


def config(**changes: Any) -> TrialConfig:
    small = {"dataset": "demo", "backbone": {"tiny_cnn": {"width": 4, "depth": 3}}, "image_size": 32}
    return TrialConfig.model_validate({**small, **changes})


def test_folds_keep_a_checkpoint_each(tmp_path: Path) -> None:
    one, five = (
        disk_need([config(folds=folds)], 7, tmp_path, KnownNetworks(tmp_path)).kept for folds in (None, {"k": 5})
    )
    assert one is not None
    assert five == (5 * one[0], 5 * one[1])


def test_the_smallest_and_the_largest_network_are_told(tmp_path: Path) -> None:
    wide = config(backbone={"tiny_cnn": {"width": 16, "depth": 3}})
    alone = [disk_need([each], 7, tmp_path, KnownNetworks(tmp_path)).kept for each in (config(), wide)]
    both = disk_need([config(), wide], 7, tmp_path, KnownNetworks(tmp_path)).kept
    assert alone[0] is not None
    assert alone[1] is not None
    assert both == (alone[0][0], alone[1][0])


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "a" / "b") == tmp_path
    assert disk_need([config()], 7, tmp_path / "a" / "b", KnownNetworks(tmp_path)).free > 0


def test_an_estimator_keeps_no_network(tmp_path: Path) -> None:
    assert (
        disk_need([config(estimator="svm", descriptor="phog", epochs=1)], 7, tmp_path, KnownNetworks(tmp_path)).kept
        is None
    )


def test_checkpoints_that_are_there_already_are_counted(tmp_path: Path) -> None:
    for name in ("trials/0000-a/best.pt", "trials/0001-b/fold-0/best.pt", "trials/0002-c/last.pt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert (num_kept(tmp_path), num_kept(tmp_path / "nowhere")) == (2, 0)


def test_all_trials_keep_the_most_and_running_ones_need_more() -> None:
    assert DiskNeed(free=0, kept=(10, 20), running=100).of_all(trials=3, slots=2) == 3 * 20 + 2 * 100


def test_trials_that_do_not_keep_their_checkpoints_need_them_until_they_have_ended() -> None:
    # 2 that are kept and the 3 that end at once hold a best.pt of 20 each, those 3 a last.pt of 100 too.
    assert DiskNeed(free=0, kept=(10, 20), running=100, most=2).of_all(trials=60, slots=3) == 5 * 20 + 3 * 100


def test_fewer_trials_than_are_kept_need_what_they_need() -> None:
    assert DiskNeed(free=0, kept=(10, 20), running=100, most=50).of_all(trials=3, slots=2) == 3 * 20 + 2 * 100


def test_a_warning_says_what_was_asked_to_be_kept() -> None:
    need = DiskNeed(free=2**20, kept=(2**20, 2**20), running=2**20, most=2)
    assert need.warning(Path("runs"), trials=60, slots=1) == (
        "`runs` has 1.0 MiB free; checkpoints of 60 trials (`--keep best=2`) may take up to 4.0 MiB"
    )


def test_a_disk_that_may_become_full_is_warned_of() -> None:
    need = DiskNeed(free=2**30, kept=(2**20, 2**29), running=2**20)
    assert need.warning(Path("runs"), trials=60, slots=2) == (
        "`runs` has 1 GiB free; checkpoints of 60 trials may take up to 30 GiB"
    )


def test_a_disk_with_room_is_no_reason_to_warn() -> None:
    assert DiskNeed(free=2**40, kept=(1, 1), running=1).warning(Path("runs"), trials=60, slots=2) == ""
