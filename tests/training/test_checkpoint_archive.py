"""The file of a checkpoint whose tensors were written before is the one that torch writes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ferray.artifacts.address import file_at
from ferray.training import checkpoint_archive
from ferray.training.checkpoint import read_checkpoint, write_checkpoint
from ferray.training.checkpoint_archive import KeptTensors, write_archive


def frozen() -> dict[str, Tensor]:
    """Weights and running statistics of every kind that a backbone has, of fixed numbers."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Linear(4, 3).double(), nn.Linear(2, 2).bfloat16())
    return {name: tensor.detach() for name, tensor in net.state_dict().items()}


def state_of(weights: dict[str, Tensor]) -> dict[str, Any]:
    """With what else a checkpoint has: a head, parts of one storage, nothing, and plain containers."""
    rows = torch.arange(12.0).view(3, 4)
    others = {"head": torch.full((3,), 0.5), "rows": rows, "row": rows[1], "turned": rows.t(), "none": torch.empty(0)}
    return {"ferray": "best/2", "model": {**weights, **others}, "metrics": {"val/uar": 0.5}, "classes": ["Angry", None]}


def parts_of(content: io.BytesIO) -> dict[str, bytes]:
    """By name, but for torch's hash of all others, and for the pickle, which may say one thing in two ways."""
    with zipfile.ZipFile(content) as archive:
        names = [name for name in archive.namelist() if not name.endswith(("serialization_id", "data.pkl"))]
        return {name: archive.read(name) for name in names}


def loaded(content: io.BytesIO) -> dict[str, Any]:
    content.seek(0)
    state: dict[str, Any] = torch.load(content, weights_only=True)
    return state


def test_parts_are_those_that_torch_writes() -> None:
    weights, ours, torchs = frozen(), io.BytesIO(), io.BytesIO()
    write_archive(state_of(weights), ours, KeptTensors(weights.values()))
    torch.save(state_of(weights), torchs)
    assert parts_of(ours) == parts_of(torchs)


def test_tensors_share_what_they_share_in_the_file_of_torch() -> None:
    weights, ours, torchs = frozen(), io.BytesIO(), io.BytesIO()
    write_archive(state_of(weights), ours, KeptTensors(weights.values()))
    torch.save(state_of(weights), torchs)
    places = [
        [tensor.untyped_storage().data_ptr() for tensor in loaded(content)["model"].values()]
        for content in (ours, torchs)
    ]
    assert [places[0].index(place) for place in places[0]] == [places[1].index(place) for place in places[1]]


def test_second_file_is_that_of_its_own_state() -> None:
    weights, first, second = frozen(), io.BytesIO(), io.BytesIO()
    kept = KeptTensors(weights.values())
    write_archive(state_of(weights), first, kept)
    write_archive({**state_of(weights), "metrics": {"val/uar": 0.75}}, second, kept)
    assert [loaded(content)["metrics"] for content in (first, second)] == [{"val/uar": 0.5}, {"val/uar": 0.75}]


def test_checkpoint_is_read_back_with_its_checksums(tmp_path: Path) -> None:
    weights = frozen()
    write_checkpoint(file_at(str(tmp_path / "best.pt")), "best", state_of(weights), KeptTensors(weights.values()))
    torch.testing.assert_close(read_checkpoint(tmp_path / "best.pt", "best")["model"], state_of(weights)["model"])


def test_tensors_begin_where_torch_can_map_them(tmp_path: Path) -> None:
    weights = frozen()
    write_checkpoint(file_at(str(tmp_path / "best.pt")), "best", state_of(weights), KeptTensors(weights.values()))
    mapped = torch.load(tmp_path / "best.pt", weights_only=True, mmap=True)["model"]
    torch.testing.assert_close(mapped, state_of(weights)["model"])


@pytest.mark.parametrize("bound", ["MOST_BYTES", "MOST_PARTS"])
def test_what_is_too_large_is_left_to_torch(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(checkpoint_archive, bound, 1)
    weights, content = frozen(), io.BytesIO()
    write_archive(state_of(weights), content, KeptTensors(weights.values()))
    with zipfile.ZipFile(content) as archive:
        assert "archive/.data/serialization_id" in archive.namelist()


def test_weights_that_were_changed_after_all_are_written_as_they_are(tmp_path: Path) -> None:
    weights = frozen()
    kept = KeptTensors(weights.values())
    weights["0.weight"].fill_(0.25)
    write_checkpoint(file_at(str(tmp_path / "best.pt")), "best", state_of(weights), kept)
    assert set(read_checkpoint(tmp_path / "best.pt", "best")["model"]["0.weight"].flatten().tolist()) == {0.25}
