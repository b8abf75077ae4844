from __future__ import annotations

import torch

from ferray.models.backbones.tiny_cnn import TinyCnn


def test_features_are_the_last_channels_at_three_by_three_places() -> None:
    # 8 channels doubled twice are 32, at 9 places
    assert TinyCnn(TinyCnn.Params(width=8, depth=3)).build().num_features == 288


def test_smallest_image_passes_the_deepest_network() -> None:
    backbone = TinyCnn(TinyCnn.Params(width=4, depth=5)).build().eval()
    assert backbone(torch.zeros(1, 3, 16, 16)).isfinite().all()


def test_each_stage_is_one_of_depth() -> None:
    assert len(TinyCnn(TinyCnn.Params(depth=3)).build().stages()) == 3
