import pickle
from pathlib import Path

import pytest
import torch

from ferray.artifacts.address import file_at
from ferray.errors import DataError
from ferray.training.checkpoint import SavePacer, copy_weights, expected_cost_s, read_checkpoint, write_checkpoint


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    write_checkpoint(file_at(str(tmp_path / "last.pt")), "last", {"epoch": 3, "weights": torch.arange(3)})
    assert read_checkpoint(tmp_path / "last.pt", "last")["weights"].tolist() == [0, 1, 2]


def test_loads_with_weights_only(tmp_path: Path) -> None:
    write_checkpoint(file_at(str(tmp_path / "best.pt")), "best", {"metrics": {"val/uar": 0.5}, "classes": ["Angry"]})
    assert torch.load(tmp_path / "best.pt", weights_only=True)["classes"] == ["Angry"]


def test_leaves_no_other_file_behind(tmp_path: Path) -> None:
    write_checkpoint(file_at(str(tmp_path / "last.pt")), "last", {"epoch": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


def test_a_failed_write_leaves_the_older_file(tmp_path: Path) -> None:
    write_checkpoint(file_at(str(tmp_path / "last.pt")), "last", {"epoch": 1})
    with pytest.raises(AttributeError):
        write_checkpoint(file_at(str(tmp_path / "last.pt")), "last", {"epoch": lambda: 2})
    assert read_checkpoint(tmp_path / "last.pt", "last")["epoch"] == 1


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: No such file"):
        write_checkpoint(file_at(str(tmp_path / "gone" / "last.pt")), "last", {})


def test_a_torn_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    write_checkpoint(file_at(str(path)), "last", {"weights": torch.arange(1000)})
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match="is torn"):
        read_checkpoint(path, "last")


def test_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    write_checkpoint(file_at(str(path)), "last", {"weights": torch.arange(1000)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # in the middle of the weights
    path.write_bytes(content)
    with pytest.raises(DataError, match="is torn"):
        read_checkpoint(path, "last")


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


def test_a_foreign_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "last.pt", "last")


def test_a_foreign_torch_file_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {}}, tmp_path / "last.pt")
    with pytest.raises(DataError, match=r"is not a `last\.pt`"):
        read_checkpoint(tmp_path / "last.pt", "last")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"last\.pt` cannot be read"):
        read_checkpoint(tmp_path / "last.pt", "last")


def test_copied_weights_do_not_follow_training() -> None:
    weights = {"w": torch.zeros(2)}
    copied = copy_weights(weights)
    weights["w"] += 1
    assert copied["w"].tolist() == [0, 0]


def test_a_save_is_due_after_twenty_times_its_cost() -> None:
    times = iter([0.0, 19.9, 20.0])
    pacer = SavePacer(1.0, clock=lambda: next(times))
    assert [pacer.is_due, pacer.is_due] == [False, True]


def test_the_measured_cost_replaces_the_expected_one() -> None:
    times = iter([0.0, 100.0, 139.0, 140.0])
    pacer = SavePacer(1.0, clock=lambda: next(times))
    pacer.saved(2.0)
    assert [pacer.is_due, pacer.is_due] == [False, True]


def test_a_larger_network_is_expected_to_cost_more() -> None:
    # 4 copies of 50 million bytes at 200 MB a second, and the file itself.
    assert expected_cost_s([torch.zeros(12_500_000)]) == pytest.approx(1.01)
