from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ferray.errors import ConfigError
from ferray.models.weights import (
    LITE_MODELS,
    lite_weights_file,
    load_strictly,
    read_state_dict,
    refuse_misfit,
    rename_lite,
)

STATE = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_safetensors_file_is_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.safetensors")
    assert same(read_state_dict(tmp_path / "w.safetensors"), STATE)


def test_torch_file_is_read(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pt")
    assert same(read_state_dict(tmp_path / "w.pt"), STATE)


def test_checkpoint_of_a_parallel_trainer_is_read(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {f"module.{key}": value for key, value in STATE.items()}}, tmp_path / "w.pt")
    assert same(read_state_dict(tmp_path / "w.pt"), STATE)


@pytest.mark.parametrize(
    "nest",
    [
        *(
            lambda state, key=key: {"epoch": 3, key: state}
            for key in ("net", "model", "model_state_dict", "state_dict")
        ),
        lambda state: {"model": {"state_dict": state}, "optimizer": {"state": {}}},
        lambda state: {"net": {f"module.{key}": value for key, value in state.items()}},
        lambda state: {"mine": state, "epoch": 3},
        lambda state: {"model": state, "ema": {key: value + 1 for key, value in state.items()}},
    ],
)
def test_weights_are_found_wherever_a_trainer_keeps_them(tmp_path: Path, nest: Any) -> None:
    torch.save(nest(STATE), tmp_path / "w.pt")
    assert same(read_state_dict(tmp_path / "w.pt"), STATE)


def test_a_file_without_weights_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "args": {"lr": 0.1}}, tmp_path / "w.pt")
    with pytest.raises(ConfigError, match="holds no weights, only `epoch`, `args`"):
        read_state_dict(tmp_path / "w.pt")


@pytest.mark.parametrize("prefix", ["model.", "encoder.backbone.", "_orig_mod."])
def test_what_a_wrapper_puts_before_all_names_is_taken_off(prefix: str) -> None:
    layer = nn.Linear(3, 2)
    load_strictly(
        layer, {f"{prefix}{key}": value for key, value in STATE.items()} | {"fc.weight": torch.ones(7)}, source="w"
    )
    assert torch.equal(layer.weight, STATE["weight"])


def test_a_network_on_the_meta_device_tells_what_fits() -> None:
    with pytest.raises(ConfigError, match=r"`weight` is \(2, 3\), not \(2, 4\)"):
        refuse_misfit(nn.Linear(4, 2, device="meta"), STATE, source="w.pt")


def test_whole_network_gives_its_backbone(tmp_path: Path) -> None:
    whole = {f"backbone.net.{key}": value for key, value in STATE.items()} | {"head.1.weight": torch.ones(7, 2)}
    torch.save({"model": whole}, tmp_path / "w.pt")
    assert same(read_state_dict(tmp_path / "w.pt"), STATE)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no weights file `.*w.pt`"):
        read_state_dict(tmp_path / "w.pt")


def test_file_with_code_in_it_is_refused(tmp_path: Path) -> None:
    torch.save({"model": nn.Linear(3, 2)}, tmp_path / "w.pt")
    with pytest.raises(ConfigError, match="is not a file of plain weights"):
        read_state_dict(tmp_path / "w.pt")


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_file_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(ConfigError, match="is not a file of plain weights"):
        read_state_dict(tmp_path / name)


def test_plain_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(pickle.dumps([1, 2], protocol=2))
    with pytest.raises(ConfigError, match="is not a file of plain weights"):
        read_state_dict(tmp_path / "w.pt")


def test_fitting_weights_are_loaded() -> None:
    layer = nn.Linear(3, 2)
    load_strictly(layer, STATE, source="w.pt")
    assert same(dict(layer.state_dict()), STATE)


def test_layer_to_leave_out_is_left_out() -> None:
    load_strictly(nn.Linear(3, 2), {**STATE, "fc.weight": torch.ones(1)}, source="w.pt", without=("fc",))


def test_layer_whose_name_only_begins_alike_is_not_left_out() -> None:
    with pytest.raises(ConfigError, match=r"no place for `fc_norm.weight`"):
        load_strictly(nn.Linear(3, 2), {**STATE, "fc_norm.weight": torch.ones(1)}, source="w.pt", without=("fc",))


def test_all_that_does_not_fit_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no `bias`, no place for `gain`, `weight` is \(5, 3\), not \(2, 3\)"):
        load_strictly(nn.Linear(3, 2), {"weight": torch.ones(5, 3), "gain": torch.ones(1)}, source="w.pt")


def test_model_without_a_wheel_has_no_file() -> None:
    assert lite_weights_file("resnet18") is None


@pytest.mark.parametrize("name", LITE_MODELS)
def test_lite_names_agree_with_the_order_of_timms(name: str) -> None:
    file = lite_weights_file(name)
    if file is None:
        pytest.skip("ferray[lite-weights] is not installed")
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        names = list(timm.create_model(name).state_dict())
    # the two publishers list their layers in the same order, which the renaming does not use
    assert list(rename_lite(read_state_dict(file), names)) == names
