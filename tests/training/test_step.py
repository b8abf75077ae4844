from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble, epoch_batches
from ferray.training.batches import prepare_plain, split_batches
from ferray.training.step import train_epoch


@pytest.fixture
def parts(tmp_path: Path, cache: Path) -> Assembly:
    return assemble(demo_job(tmp_path, cache, demo_config()))


def val_batches(parts: Assembly, size: int) -> Iterator:
    val = parts.splits.val
    return (prepare_plain(val, positions) for positions in split_batches(np.arange(len(val)), size))


def test_images_are_normalised_by_the_backbones_input_spec(parts: Assembly) -> None:
    batch = next(val_batches(parts, 4))
    # tiny_cnn: mean 0.5, std 0.5, so 0 becomes -1 and 255 becomes 1.
    by_hand = batch.images.permute(0, 3, 1, 2) / 127.5 - 1
    parts.learner.model.eval()
    expected = parts.learner.model(by_hand)
    torch.testing.assert_close(parts.learner.logits(batch.images), expected, rtol=1e-4, atol=1e-4)


def test_training_loss_is_the_mean_over_images(parts: Assembly) -> None:
    tasks = [prepare_plain(parts.splits.train, batch) for batch in epoch_batches(parts.config, parts.training, 1)]
    trained = train_epoch(parts.learner, tasks, lambda logits, _: logits.sum() * 0 + len(logits))
    # 84 images in batches of 16 leave a last batch of 4: (5 * 16 * 16 + 4 * 4) / 84
    assert trained.loss == pytest.approx(1296 / 84)


def test_an_epoch_counts_its_images(parts: Assembly) -> None:
    tasks = [prepare_plain(parts.splits.train, batch) for batch in epoch_batches(parts.config, parts.training, 1)]
    assert train_epoch(parts.learner, tasks, F.cross_entropy).num_images == 84


def test_the_rate_reported_is_that_of_the_last_step(tmp_path: Path, cache: Path) -> None:
    config = demo_config(epochs=1, optimizer={"lr": 0.5}, schedule={"name": "cosine"})
    parts = assemble(demo_job(tmp_path, cache, config))
    tasks = [prepare_plain(parts.splits.train, batch) for batch in epoch_batches(config, parts.training, 1)]
    # Step 5 of 0 .. 5: 0.5 * (1 + cos(5 pi / 6)) / 2
    assert train_epoch(parts.learner, tasks, F.cross_entropy).lr == pytest.approx(0.0334936, rel=1e-5)


def test_epochs_visit_the_samples_in_different_orders(parts: Assembly) -> None:
    first, second = (np.concatenate(epoch_batches(parts.config, parts.training, epoch)).tolist() for epoch in (1, 2))
    assert first != second


def test_a_head_only_trial_leaves_the_backbone_as_it_was(tmp_path: Path, cache: Path) -> None:
    parts = assemble(demo_job(tmp_path, cache, demo_config(finetune="head")))
    before = {name: value.clone() for name, value in parts.learner.model.backbone.state_dict().items()}
    tasks = [prepare_plain(parts.splits.train, batch) for batch in epoch_batches(parts.config, parts.training, 1)]
    train_epoch(parts.learner, tasks, F.cross_entropy)
    after = parts.learner.model.backbone.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
