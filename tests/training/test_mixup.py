from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ferray.config.mixup import MixupConfig
from ferray.testing.trials import demo_config, packed_samples
from ferray.training.batches import Batch, TrainingBatches
from ferray.training.mixup import Mixture, draw_mixture, mixed, mixed_targets, smoothed
from ferray.training.training_set import TrainingSet

SIDES = (12, 12, 3)
LABELS = [0, 1, 2, 3, 4, 5, 6]


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, *SIDES), dtype=np.uint8)


def targets() -> np.ndarray:
    return np.eye(7, dtype=np.float32)[LABELS]


def drawn(count: int = 400, **keys: Any) -> list[Mixture | None]:
    generator = np.random.default_rng(0)
    return [draw_mixture(MixupConfig(**keys), SIDES, generator) for _ in range(count)]


def batches(**changes: Any) -> TrainingBatches:
    config = demo_config(**changes)
    return TrainingBatches(config, TrainingSet(packed_samples(LABELS), config.imbalance), 8)


def prepare(*, epoch: int = 1, index: int = 0, **changes: Any) -> Batch:
    return batches(**changes).prepare(np.arange(7), epoch=epoch, index=index)


@pytest.fixture(scope="module")
def timms() -> Any:
    """timm's mixup of a batch, given a share and a box."""
    from timm.data import mixup  # takes seconds, and collecting must not

    def mix(mixture: Mixture, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
        theirs = mixup.FastCollateMixup(num_classes=7, label_smoothing=smoothing)
        top, left, below, right = mixture.box or (0, 0, 0, 0)
        theirs._params_per_batch = lambda: (mixture.share, mixture.box is not None)
        boxes = SimpleNamespace(of=lambda *_, **__: ((top, below, left, right), mixture.share))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mixup, "cutmix_bbox_and_lam", boxes.of)
            pairs = [(image.transpose(2, 0, 1), label) for image, label in zip(images()[:6], LABELS, strict=False)]
            mixed_NCHW, target_NC = theirs(pairs)
        return mixed_NCHW.numpy().transpose(0, 2, 3, 1), target_NC.numpy()

    return mix


@pytest.mark.parametrize("mixture", [Mixture(0.3), Mixture(0.75, (2, 3, 8, 9))], ids=["mixup", "cutmix"])
def test_a_batch_is_mixed_as_timm_mixes_it(mixture: Mixture, timms: Any) -> None:
    ours = mixed(images()[:6], mixture), mixed_targets(targets()[:6], mixture)
    theirs = timms(mixture, 0.1)
    assert np.abs(ours[0].astype(int) - theirs[0]).max() <= 1  # of float32 and float64 that stand near a half
    np.testing.assert_allclose(smoothed(ours[1], 0.1), theirs[1], atol=1e-6)


def test_the_middle_of_an_odd_batch_is_its_own_partner() -> None:
    mixed_NHWC, mixed_NC = mixed(images(), Mixture(0.3)), mixed_targets(targets(), Mixture(0.3))
    assert np.array_equal(mixed_NHWC[3], images()[3])
    assert np.array_equal(mixed_NC[3], targets()[3])


def test_shares_are_drawn_from_the_beta_distribution() -> None:
    shares = np.array([mixture.share for mixture in drawn(alpha=2.0)])
    # Beta(2, 2) has mean 1/2 and variance 1/20; of 400 draws the mean has a standard error of 0.011
    assert shares.mean() == pytest.approx(0.5, abs=0.04)
    assert shares.var() == pytest.approx(0.05, abs=0.01)


def test_a_batch_is_mixed_with_its_probability() -> None:
    # 100 of 400 expected, standard deviation 8.7
    assert sum(mixture is not None for mixture in drawn(prob=0.25)) == pytest.approx(100, abs=30)


def test_both_kinds_come_by_the_probability_of_a_switch() -> None:
    mixtures = drawn(alpha=0.4, cutmix_alpha=1.0, switch_prob=0.75)
    # 300 of 400 expected, standard deviation 8.7
    assert sum(mixture.box is not None for mixture in mixtures) == pytest.approx(300, abs=30)


def test_cutmix_alone_never_blends() -> None:
    assert all(mixture.box is not None for mixture in drawn(alpha=0.0, cutmix_alpha=1.0, switch_prob=0.0))


def test_the_share_of_a_paste_is_that_of_its_pixels() -> None:
    for mixture in drawn(alpha=0.0, cutmix_alpha=1.0):
        top, left, below, right = mixture.box
        assert 0 <= top <= below <= 12
        assert 0 <= left <= right <= 12
        assert mixture.share == pytest.approx(1 - (below - top) * (right - left) / 144)


def test_targets_of_a_batch_follow_its_mixture() -> None:
    batch = prepare(mixup={"alpha": 1.0})
    assert batch.targets.sum(dim=1).tolist() == pytest.approx([1.0] * 7)
    assert torch.equal(batch.labels, batch.targets.argmax(dim=1))
    assert (batch.targets > 0).sum(dim=1).tolist() == [2, 2, 2, 1, 2, 2, 2]


def test_a_batch_that_is_not_mixed_keeps_its_labels() -> None:
    batch = prepare(mixup={"prob": 0.0})
    assert batch.labels.tolist() == LABELS
    assert torch.equal(batch.targets, torch.eye(7))


def test_each_batch_is_mixed_by_its_own_draw() -> None:
    shares = {float(prepare(mixup={"alpha": 1.0}, epoch=e, index=i).targets[0, 0]) for e in (1, 2) for i in (0, 1)}
    assert len(shares) == 4


def test_a_batch_is_the_same_whatever_came_before() -> None:
    used = batches(mixup={"alpha": 1.0, "cutmix_alpha": 1.0}, random_erasing={"probability": 1.0})
    for index in range(3):
        used.prepare(np.arange(7), epoch=1, index=index)
    again, fresh = (
        each.prepare(np.arange(7), epoch=2, index=1)
        for each in (used, batches(mixup={"alpha": 1.0, "cutmix_alpha": 1.0}, random_erasing={"probability": 1.0}))
    )
    assert torch.equal(again.images, fresh.images)
    assert torch.equal(again.targets, fresh.targets)


def test_the_global_generator_is_left_alone() -> None:
    before = repr(np.random.get_state())  # noqa: NPY002 (this is what must not move)
    prepare(mixup={"alpha": 1.0, "cutmix_alpha": 1.0})
    assert repr(np.random.get_state()) == before  # noqa: NPY002


def test_smoothing_spreads_its_share_over_all_classes() -> None:
    # 1 - 0.14 + 0.14 / 7 = 0.88 on the label, 0.14 / 7 = 0.02 on every other class
    expected = torch.full((7, 7), 0.02) + 0.86 * torch.eye(7)
    torch.testing.assert_close(prepare(label_smoothing=0.14).targets, expected)


def test_smoothing_leaves_pixels_and_labels() -> None:
    smooth, hard = prepare(label_smoothing=0.1), prepare()
    assert torch.equal(smooth.images, hard.images)
    assert torch.equal(smooth.labels, hard.labels)


def test_with_everything_off_a_batch_has_no_targets_of_its_own() -> None:
    assert prepare().targets is None


def test_nothing_to_mix_is_refused() -> None:
    with pytest.raises(ValueError, match="mixup: null"):
        MixupConfig(alpha=0)
