from __future__ import annotations

from pathlib import Path

from ferray.sweeps.disk_use import DiskUse, disk_use


def test_what_a_sweep_holds_is_told_with_its_checkpoints(tmp_path: Path) -> None:
    sizes = {"study.journal": 2**20, "trials/0000-a/best.pt": 2**21, "trials/0001-b/last.pt": 2**20}
    folds = {f"trials/0002-c/fold-{fold}/best.pt": 2**20 for fold in (0, 1)}
    for name, size in (sizes | folds).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    assert disk_use(tmp_path).sentence("runs/demo") == (
        "`runs/demo` holds 6.0 MiB, 4.0 MiB of it the checkpoints of 2 trials"
    )


def test_a_sweep_without_checkpoints_says_so() -> None:
    assert DiskUse(held=2**20, kept=0, trials=0).sentence("runs/demo") == (
        "`runs/demo` holds 1.0 MiB and no checkpoint of a trial that has ended"
    )


def test_many_large_checkpoints_are_large() -> None:
    uses = (DiskUse(2**31, 2**30, 60), DiskUse(2**31, 2**30, 3), DiskUse(2**31, 2**29, 60))
    assert [use.is_large for use in uses] == [True, False, False]
