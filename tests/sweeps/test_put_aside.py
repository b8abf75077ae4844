from __future__ import annotations

from pathlib import Path

from ferray.sweeps.run import put_aside


def test_sweeps_put_aside_in_one_second_do_not_meet(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "sweep.yaml").write_text(str(number))
        put_aside(tmp_path / "mine", None)
    assert sorted(file.read_text() for file in tmp_path.glob("mine.*/sweep.yaml")) == ["0", "1", "2"]
