"""A stand-in for torch's compiler doubles what a network answers, so that one sees who was asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ferray.errors import ConfigError
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble
from ferray.training.compiled_network import CompiledNetwork


class InductorError(Exception):
    __module__ = "torch._inductor.exc"


def doubling(model: nn.Module, *, dynamic: bool) -> Callable[[Tensor], Tensor]:
    assert not dynamic
    return lambda inputs: 2 * model(inputs)


def failing(error: Exception) -> Callable[..., Any]:
    def compiled(_: Tensor) -> Tensor:
        raise error

    return lambda *_, **__: compiled


@pytest.fixture
def parts(tmp_path: Path, cache: Path) -> Assembly:
    parts = assemble(demo_job(tmp_path, cache, demo_config(head={"linear": {"dropout": 0.0}})))
    parts.learner.compiled = CompiledNetwork(parts.learner.model, 4, doubling)
    return parts


def images(count: int) -> Tensor:
    return torch.full((count, 32, 32, 3), 100, dtype=torch.uint8)


@pytest.mark.parametrize(("count", "times"), [(4, 2), (3, 1)], ids=["whole", "last"])
def test_whole_batches_of_a_training_are_compiled(count: int, times: int, parts: Assembly) -> None:
    parts.learner.model.train()
    plain = parts.learner.model(parts.learner.preprocessing(images(count)))
    torch.testing.assert_close(parts.learner.logits(images(count)), times * plain)


def test_evaluation_is_not_compiled(parts: Assembly) -> None:
    parts.learner.model.eval()
    plain = parts.learner.model(parts.learner.preprocessing(images(4)))
    assert torch.equal(parts.learner.logits(images(4)), plain)


def test_no_fold_or_trial_of_a_process_is_one_too_many_for_the_compiler(
    parts: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = ModuleType("torch._dynamo")
    limits = compiler.config = SimpleNamespace(recompile_limit=8, accumulated_recompile_limit=256)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch._dynamo", compiler)
    monkeypatch.setattr(torch, "_dynamo", compiler, raising=False)
    monkeypatch.setattr(torch, "compile", doubling)
    CompiledNetwork(parts.learner.model, 4)
    assert min(vars(limits).values()) > 200 * 50  # trials of a worker, and folds


def test_weights_are_kept_under_their_own_names(parts: Assembly) -> None:
    assert list(parts.learner.state_dict()["model"]) == list(parts.learner.model.state_dict())


def test_what_cannot_be_compiled_is_said_in_a_sentence(parts: Assembly) -> None:
    network = CompiledNetwork(parts.learner.model, 4, failing(InductorError("no C++ compiler\n\nSet TORCHDYNAMO...")))
    with pytest.raises(ConfigError, match=r"compile: torch cannot compile this network here: no C\+\+ compiler\n"):
        network(torch.zeros(4, 3, 32, 32))


def test_any_other_error_is_its_own(parts: Assembly) -> None:
    network = CompiledNetwork(parts.learner.model, 4, failing(torch.OutOfMemoryError("out of memory")))
    with pytest.raises(torch.OutOfMemoryError):
        network(torch.zeros(4, 3, 32, 32))
