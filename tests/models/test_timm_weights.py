"""Where pretrained weights are looked for, with and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from ferray.errors import ConfigError
from ferray.models.backbones import _timm_weights
from ferray.models.backbones.timm import Timm

CLOSED = "http://127.0.0.1:9"
SMALL = "edgenext_xx_small"
TAGGED = f"{SMALL}.in1k"


def factory(name: str) -> Timm:
    return Timm(Timm.Params(name=name, pretrained=True))


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that does not answer, and caches in which nothing is; the hub's cache."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", CLOSED)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    _timm_weights._answers_now.cache_clear()
    return tmp_path / "hub"


def keep_weights(hub: Path, name: str) -> dict[str, torch.Tensor]:
    """Random weights of a model where a download would have left them."""
    repository = hub / f"models--timm--{name}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc")
    (repository / "snapshots" / "abc").mkdir(parents=True)
    weights = timm.create_model(name, pretrained=False).state_dict()
    save_file(weights, repository / "snapshots" / "abc" / "model.safetensors")
    return weights


def test_hub_that_does_not_answer_is_named_before_timm_is_asked_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_timm_weights, "_weights_of")
    with pytest.raises(ConfigError, match=f"nor to be reached: `{CLOSED}` does not answer within 3 s"):
        _timm_weights.check_pretrained(SMALL)


def test_hub_is_asked_once_for_all_models(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(_timm_weights, "status_of", asked.append)
    for name in (SMALL, "resnet18", "resnet34"):
        with pytest.raises(ConfigError):
            _timm_weights.check_pretrained(name)
    assert asked == [CLOSED]


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_as_asked_is_no_question_to_the_network(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "yes")
    monkeypatch.delattr(_timm_weights, "status_of")
    with pytest.raises(ConfigError, match="HF_HUB_OFFLINE is set"):
        factory(SMALL).check()


def test_hub_without_the_model_is_told_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_timm_weights, "status_of", lambda address: 404 if "resolve" in address else 200)
    with pytest.raises(ConfigError, match=r"gives no pretrained weights of `edgenext_xx_small`: HTTP 404"):
        factory(SMALL).check()


def test_hub_that_has_the_model_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_timm_weights, "status_of", lambda _: 200)
    assert factory(SMALL).check() is None


def test_weights_that_were_downloaded_need_no_network(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = keep_weights(nowhere, TAGGED)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", None)  # asks the hub for a newer file, for half a minute
    monkeypatch.setattr("timm.models._hub.hf_hub_download", None)
    built = factory(SMALL).build()
    name, first = next(iter(built.net.named_parameters()))  # type: ignore[union-attr,operator]
    assert torch.equal(first, weights[name])


def test_other_downloads_do_not_hide_that_these_are_missing(nowhere: Path) -> None:
    keep_weights(nowhere, "mobilenetv3_small_050.lamb_in1k")
    with pytest.raises(ConfigError, match="does not answer"):
        factory(SMALL).check()


def test_model_with_weights_at_an_address_of_its_own_does_not_depend_on_the_hub(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_timm_weights, "status_of", lambda address: None if address == CLOSED else 200)
    assert factory("gcvit_xxtiny").check() is None


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("resnet18", True),
        ("resnet18.tv_in1k", True),
        ("gcvit_xxtiny", False),  # an address of its own
        ("vit_huge_patch14_gap_224", False),  # the same, in a file that speaks of the hub
        ("resnetblur18", False),  # no weights
        ("mobilenet_edgetpu_100", False),  # the hub only in a comment
    ],
)
def test_source_says_which_models_are_on_the_hub(name: str, is_there: bool) -> None:
    weights = timm.get_pretrained_cfg(name)
    assert weights is not None
    assert _timm_weights._is_on_hub(name) is is_there is bool(weights.hf_hub_id)
