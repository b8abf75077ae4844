"""What the switches of the trainer cost, and that the plain training is torch's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bench.switches import SWITCHES, bare_epoch, epoch_of, figures
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import Assembly, assemble


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_every_switch_is_a_training_of_another_recipe(switch: dict[str, Any]) -> None:
    assert demo_config(**switch).recipe != demo_config().recipe


def test_all_off_is_the_loop_of_torch_alone_bit_for_bit(tmp_path: Path) -> None:
    def assembled() -> Assembly:
        config = demo_config(num_train=28, num_val=14, image_size=16, head={"linear": {"dropout": 0.0}})
        return assemble(demo_job(tmp_path / "trial", tmp_path / "cache", config))

    bare, off = assembled(), assembled()
    for epoch in (1, 2):
        bare_epoch(bare)(epoch)
        epoch_of(off)(epoch)
    weights = off.learner.model.state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in bare.learner.model.state_dict().items())


def test_a_cost_is_what_a_round_took_beyond_the_plain_training_in_it() -> None:
    found = figures({"bare": [0.001, 0.002, 0.004], "off": [0.001, 0.002, 0.004], "ema": [0.002, 0.003, 0.005]})
    assert found["off"]["times"] == 1.0
    # each round a millisecond more; 2, 1.5 and 1.25 times as long
    assert found["switches"]["ema"] == {"ms_an_image": 3.0, "extra_ms_an_image": 1.0, "times": 1.5}
