"""A checkpoint that is whole, and whose parts are not those of its trial: named, and never judged or gone on from."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ferray.artifacts.address import file_at
from ferray.config.job import TrialJob
from ferray.errors import CheckpointError, ConfigError
from ferray.models.weights import read_state_dict
from ferray.testing.trials import demo_config, demo_job
from ferray.training.checkpoint import digest_checkpoint, read_checkpoint, write_checkpoint
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.predictor import load_predictor

State = dict[str, Any]
Spoil = Callable[[State], object]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> TrialJob:
    """A trial of two epochs with the last.pt of its first and the best.pt of its second."""
    job = demo_job(tmp_path_factory.mktemp("trained"), cache, demo_config())
    with NetworkTrainer(job) as trainer:
        trainer.step()
        trainer.save()
        last = (job.path / "last.pt").read_bytes()
        trainer.step()
    (job.path / "last.pt").write_bytes(last)
    return job


def spoilt(trained: TrialJob, folder: Path, kind: Any, spoil: Spoil) -> Path:
    """A copy of a checkpoint, changed after it was read and written whole again."""
    state = read_checkpoint(trained.path / f"{kind}.pt", kind)
    spoil(state)
    path = folder / f"{kind}.pt"
    write_checkpoint(file_at(str(path)), kind, state)
    return path


def weights_of(state: State) -> dict[str, Any]:
    found: dict[str, Any] = state["model"] if "model" in state else state["learner"]["model"]
    return found


def head_of(state: State) -> str:
    return next(name for name in weights_of(state) if name.startswith("head.") and name.endswith("weight"))


def put(value: Callable[[torch.Tensor], object]) -> Spoil:
    """Replaces the head's weight by what `value` makes of it."""

    def spoil(state: State) -> None:
        weights, name = weights_of(state), head_of(state)
        weights[name] = value(weights[name])

    return spoil


BAD_WEIGHTS = {
    "nan": (put(lambda weight: weight * torch.nan), r"`head.*weight` holds \S+ of \S+ numbers that are not finite"),
    "one infinite": (put(lambda weight: weight.index_fill(0, torch.tensor([0]), torch.inf)), "that are not finite"),
    "whole numbers": (put(lambda weight: weight.long()), r"`head.*weight` holds int64, not float32"),
    "complex": (put(lambda weight: weight.to(torch.complex64)), r"holds complex64, not float32"),
    "another shape": (put(lambda weight: weight[:-1]), r"`head.*weight` is \(6, \d+\), not \(7, \d+\)"),
    "one number for all": (put(lambda _: torch.zeros(1).expand(10**5, 10**9)), r"is \(100000, 1000000000\), not"),
    "text": (put(lambda _: "weights"), r"`head.*weight` is a str, not a tensor"),
    "missing": (lambda state: weights_of(state).pop(head_of(state)), r"does not fit .*: no `head"),
    "one too many": (lambda state: weights_of(state).update(gain=torch.ones(1)), r"no place for `gain`"),
}
BAD_PARTS: dict[str, Spoil] = {
    "no configuration": lambda state: state.pop("config"),
    "an unknown configuration": lambda state: state["config"].update(optimizer={"lr": "fast"}),
    "a configuration of text": lambda state: state.update(config="demo"),
    "an epoch of text": lambda state: state.update(epoch="three"),
    "removed ids of another kind": lambda state: state.update(removed_ids=3),
    "class counts of other classes": lambda state: state.update(class_counts=[1, 2]),
    "class counts of another kind": lambda state: state.update(class_counts="many"),
    "no classes": lambda state: state.pop("classes"),
    "no input specification": lambda state: state.pop("input_spec"),
}
BAD_STATE: dict[str, Spoil] = {
    "no epoch": lambda state: state.pop("epoch"),
    "a history of text": lambda state: state.update(history=["{"]),
    "a best of another kind": lambda state: state.update(best=3),
    "no optimiser": lambda state: state["learner"].pop("optimizer"),
    "moments of other weights": lambda state: state["learner"]["optimizer"]["state"][0].update(exp_avg=torch.ones(3)),
    "no random state": lambda state: state["rng"].update(cpu=torch.zeros(3, dtype=torch.uint8)),
    "removed ids of another kind": lambda state: state.update(removed_ids=3),
}


@pytest.mark.parametrize(("spoil", "said"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_weights_that_are_not_the_networks_are_not_judged(
    trained: TrialJob, tmp_path: Path, spoil: Spoil, said: str
) -> None:
    path = spoilt(trained, tmp_path, "best", spoil)
    with pytest.raises(CheckpointError, match=said) as caught:
        load_predictor(path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("spoil", BAD_PARTS.values(), ids=BAD_PARTS)
def test_a_best_pt_of_other_parts_is_not_judged(trained: TrialJob, tmp_path: Path, spoil: Spoil) -> None:
    path = spoilt(trained, tmp_path, "best", spoil)
    with pytest.raises(CheckpointError, match="whose parts are not as ferray writes them"):
        load_predictor(path)


def test_a_checkpoint_of_a_component_that_is_gone_says_to_put_it_back(trained: TrialJob, tmp_path: Path) -> None:
    path = spoilt(trained, tmp_path, "best", lambda state: state["config"].update(backbone={"mynet": {}}))
    with pytest.raises(CheckpointError, match="`backbone`: `mynet` is not a backbone") as caught:
        load_predictor(path)
    assert caught.value.hint.startswith("put back the component")


@pytest.mark.parametrize(
    "spoil", [*(spoil for spoil, _ in BAD_WEIGHTS.values()), *BAD_STATE.values()], ids=[*BAD_WEIGHTS, *BAD_STATE]
)
def test_a_last_pt_of_other_parts_costs_its_epochs_and_is_named(
    trained: TrialJob, tmp_path: Path, cache: Path, spoil: Spoil
) -> None:
    path = spoilt(trained, tmp_path, "last", spoil)
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        report = trainer.step()
    assert (report.epoch, report.note.startswith(f"`{path}`")) == (1, True)
    assert report.note.endswith("it starts from the beginning")


def test_the_checkpoint_before_a_misshapen_one_is_gone_on_from(trained: TrialJob, tmp_path: Path, cache: Path) -> None:
    spoilt(trained, tmp_path, "last", put(lambda weight: weight[:-1]))
    job = demo_job(tmp_path, cache, demo_config(), resume_from=str(trained.path / "last.pt"))
    with NetworkTrainer(job) as trainer:
        report = trainer.step()
    assert (report.epoch, report.note.endswith("; it goes on after epoch 1")) == (2, True)


def test_an_unspoilt_checkpoint_is_judged(trained: TrialJob) -> None:
    assert load_predictor(trained.path / "best.pt").checkpoint.epoch in (1, 2)


def test_a_checkpoint_that_inflates_is_refused_by_its_table_of_contents(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("best/data/0", bytes(10**7))
    with pytest.raises(CheckpointError, match="is torn, or not a checkpoint"):
        digest_checkpoint(path)
    with pytest.raises(ConfigError, match=r"is torn: a file of \S+ bytes says to hold 10,000,000"):
        read_state_dict(path)


def test_a_sparse_file_of_many_tebibytes_is_not_hashed(tmp_path: Path) -> None:
    with (tmp_path / "best.pt").open("wb") as file:
        file.truncate(10 * 2**40)
    with pytest.raises(CheckpointError, match="is torn, or not a checkpoint"):
        digest_checkpoint(tmp_path / "best.pt")


@pytest.mark.parametrize("content", [b"hello\n", b"hello = 1\nworld\n", b"", b"\x80\x02", b"(" * 100_000, b"{}\n" * 9])
def test_a_text_file_is_no_file_of_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(ConfigError, match="is not a file of plain weights"):
        read_state_dict(tmp_path / "w.pt")
