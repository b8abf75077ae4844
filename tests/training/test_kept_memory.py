"""What a training frees in one step it has again in the next, until it ends."""

from __future__ import annotations

import platform
import resource
from pathlib import Path

import numpy as np
import psutil
import pytest

from ferray.system.allocator import stop_keeping_freed_memory
from ferray.testing.trials import demo_config, demo_job
from ferray.training import freshness, process_state
from ferray.training.freshness import Freshness
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.predictor import Predictor, load_predictor

MIB = 2**20
LARGE = {"image_size": 128, "batch_size": 64, "backbone": {"tiny_cnn": {"width": 8, "depth": 2}}}
pytestmark = [
    pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told what to keep"),
    pytest.mark.usefixtures("default_allocator"),
]


def large_trial(folder: Path, cache: Path) -> NetworkTrainer:
    """Its steps free some 100 MiB, in blocks that glibc would map anew in every step."""
    config = demo_config(num_train=64, num_val=35, epochs=3, **LARGE)
    return NetworkTrainer(demo_job(folder, cache, config))


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def num_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def test_epochs_of_the_same_shape_fault_little(tmp_path: Path, cache: Path) -> None:
    with large_trial(tmp_path / "trial", cache) as trainer:
        trainer.step()
        trainer.step()
        before = num_faults()
        trainer.step()
        assert num_faults() - before < 5000  # 23,000 without


def test_next_trial_of_a_process_takes_what_the_last_one_freed(tmp_path: Path, cache: Path) -> None:
    with large_trial(tmp_path / "first", cache) as first:
        first.step()
    before = num_faults()
    with large_trial(tmp_path / "second", cache) as second:
        second.step()
    assert num_faults() - before < 10000  # 35,000 without


def test_more_than_a_next_trial_may_have_is_given_back(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_state, "SPARE_BYTES", 16 * MIB)
    trainer = large_trial(tmp_path / "trial", cache)
    trainer.step()
    kept = resident()
    trainer.close()
    assert kept - resident() > 48 * MIB


def test_losses_are_those_of_memory_that_is_not_kept(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with large_trial(tmp_path / "kept", cache) as kept:
        losses = [kept.step().metrics["val/loss"] for _ in range(3)]
    stop_keeping_freed_memory()
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=8")
    with large_trial(tmp_path / "not-kept", cache) as plain:
        assert [plain.step().metrics["val/loss"] for _ in range(3)] == losses


def test_what_a_training_keeps_wears_no_worker_out(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "MOST_GROWTH_BYTES", 48 * MIB)
    fresh = Freshness()
    stop_keeping_freed_memory()
    fresh.count()
    with large_trial(tmp_path / "trial", cache) as trainer:
        trainer.step()
        assert not fresh.is_gone


@pytest.fixture
def predictor(tmp_path: Path, cache: Path) -> Predictor:
    """Of a network whose answers to a batch free 72 MiB in its first layer."""
    changes = {"backbone": {"tiny_cnn": {"width": 16, "depth": 2}}, "image_size": 192, "batch_size": 16}
    with NetworkTrainer(demo_job(tmp_path / "asked", cache, demo_config(epochs=1, **changes))) as trainer:
        trainer.step()
    stop_keeping_freed_memory()
    return load_predictor(tmp_path / "asked")


def faults_of_answers(predictor: Predictor) -> int:
    images = np.full((320, 192, 192, 3), 7, dtype=np.uint8)  # ten batches
    before = num_faults()
    predictor(images)
    return num_faults() - before


def test_batches_of_a_predictor_have_what_the_one_before_freed(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = faults_of_answers(predictor)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=8")
    assert kept < 0.6 * faults_of_answers(predictor)


def test_predictor_gives_back_what_it_kept(predictor: Predictor) -> None:
    faults_of_answers(predictor)
    stop_keeping_freed_memory()
    before = resident()
    faults_of_answers(predictor)
    assert resident() - before < 36 * MIB  # 72 without


def test_backbone_that_was_looked_through_leaves_its_memory(tmp_path: Path, cache: Path) -> None:
    config = demo_config(num_train=280, num_val=35, finetune="head", **{**LARGE, "image_size": 192})
    with NetworkTrainer(demo_job(tmp_path / "first", cache, config)):
        before = resident()
    with NetworkTrainer(demo_job(tmp_path / "second", cache, config.model_copy(update={"seed": 1}))):
        assert resident() - before < 48 * MIB
