from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import OneCycleLR

from ferray.config.optimizer import OptimizerConfig
from ferray.config.schedule import ScheduleConfig
from ferray.training.optimizer import EpochSchedule, build_optimizer


def parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.tensor([1.0, 2.0]))]


def rates(config: ScheduleConfig, *, steps_per_epoch: int, epochs: int) -> list[float]:
    """The learning rate each optimiser step is made with, for a base rate of 1."""
    optimizer = SGD(parameters(), lr=1.0)
    schedule = EpochSchedule(config, optimizer, steps_per_epoch=steps_per_epoch, epochs=epochs)
    seen = []
    for _ in range(steps_per_epoch * epochs):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


@pytest.mark.parametrize(("name", "kind"), [("adam", Adam), ("adamw", AdamW), ("sgd", SGD)])
def test_name_chooses_the_optimiser(name: str, kind: type) -> None:
    assert type(build_optimizer(OptimizerConfig(name=name), parameters())) is kind


def test_adam_takes_rate_and_decay() -> None:
    group = build_optimizer(OptimizerConfig(name="adam", lr=0.2, weight_decay=0.3), parameters()).param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.2, 0.3)


def test_sgd_step_is_the_textbooks() -> None:
    (parameter,) = weights = parameters()
    optimizer = build_optimizer(OptimizerConfig(name="sgd", lr=0.1, weight_decay=0.5, momentum=0.9), weights)
    for _ in range(2):
        parameter.grad = torch.tensor([1.0, 0.0])
        optimizer.step()
    # g1 = 1 + .5*1 = 1.5 -> 0.85; g2 = 1 + .5*.85 = 1.425, v = .9*1.5 + 1.425 = 2.775 -> 0.5725
    # g1 = .5*2 = 1 -> 1.9; g2 = .5*1.9 = .95, v = .9 + .95 = 1.85 -> 1.715
    torch.testing.assert_close(parameter.detach(), torch.tensor([0.5725, 1.715]))


def test_constant_stays() -> None:
    assert rates(ScheduleConfig(name="constant"), steps_per_epoch=2, epochs=2) == [1.0] * 4


def test_cosine_falls_from_full_rate_towards_zero() -> None:
    # (1 + cos(pi t)) / 2 at t = 0, 1/4, 1/2, 3/4
    expected = [1.0, 0.853553, 0.5, 0.146447]
    assert rates(ScheduleConfig(name="cosine"), steps_per_epoch=2, epochs=2) == pytest.approx(expected, abs=1e-6)


def test_step_falls_at_whole_epochs() -> None:
    config = ScheduleConfig(name="step", step_epochs=2, gamma=0.5)
    assert rates(config, steps_per_epoch=2, epochs=5) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_warmup_rises_linearly_and_reaches_full_rate_at_its_end() -> None:
    config = ScheduleConfig(name="constant", warmup_epochs=1.5)
    # 3 warm-up steps of 2 an epoch: 1/4, 2/4, 3/4, then 1
    assert rates(config, steps_per_epoch=2, epochs=3) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_cosine_begins_after_the_warmup() -> None:
    config = ScheduleConfig(name="cosine", warmup_epochs=1)
    # the cosine spans epochs 1 to 3: t = 0, 1/4, 1/2, 3/4 at its four steps
    expected = [1 / 3, 2 / 3, 1.0, 0.853553, 0.5, 0.146447]
    assert rates(config, steps_per_epoch=2, epochs=3) == pytest.approx(expected, abs=1e-6)


def test_warmup_longer_than_the_trial_only_rises() -> None:
    config = ScheduleConfig(name="cosine", warmup_epochs=4)
    assert rates(config, steps_per_epoch=1, epochs=2) == pytest.approx([0.2, 0.4])


def test_cosine_stays_at_zero_beyond_the_last_epoch() -> None:
    optimizer = SGD(parameters(), lr=1.0)
    schedule = EpochSchedule(ScheduleConfig(name="cosine"), optimizer, steps_per_epoch=1, epochs=1)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.0


def test_state_loads_as_weights_only(tmp_path: Path) -> None:
    schedule = EpochSchedule(ScheduleConfig(), SGD(parameters(), lr=1.0), steps_per_epoch=1, epochs=1)
    path = tmp_path / "state.pt"
    torch.save(schedule.state_dict(), path)
    assert torch.load(path, weights_only=True)["last_epoch"] == 0


def test_epoch_with_fewer_steps_is_still_a_whole_epoch_of_the_schedule() -> None:
    optimizer = SGD(parameters(), lr=1.0)
    schedule = EpochSchedule(ScheduleConfig(name="cosine"), optimizer, steps_per_epoch=4, epochs=2)
    for epochs_done, steps in enumerate([4, 2]):
        schedule.begin_epoch(epochs_done, steps)
        for _ in range(steps):
            optimizer.step()
            schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-9)


def test_nesterov_step_is_the_textbooks() -> None:
    (parameter,) = weights = parameters()
    optimizer = build_optimizer(OptimizerConfig(name="sgd", lr=0.1, weight_decay=0, nesterov=True), weights)
    parameter.grad = torch.tensor([1.0, 0.0])
    optimizer.step()
    # v = 1; the step is g + .9 v = 1.9
    torch.testing.assert_close(parameter.detach(), torch.tensor([0.81, 2.0]))


def test_momentum_reaches_the_optimisers_of_timm() -> None:
    group = build_optimizer(OptimizerConfig(name="lars", lr=0.2, momentum=0.5), parameters()).param_groups[0]
    assert (group["lr"], group["momentum"]) == (0.2, 0.5)


def test_nesterov_without_momentum_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing to look ahead by"):
        OptimizerConfig(name="sgd", momentum=0, nesterov=True)


def test_a_slip_in_a_name_is_offered_the_nearest() -> None:
    with pytest.raises(ValidationError, match="`addamw` is not an optimiser; did you mean `adamw`"):
        OptimizerConfig(name="addamw")


def test_a_name_that_is_near_several_is_told_where_all_are() -> None:
    with pytest.raises(ValidationError, match=r"`adamm` is not an optimiser; .*list optimizers` says which there are"):
        OptimizerConfig(name="adamm")


def test_linear_falls_to_zero_by_the_end() -> None:
    assert rates(ScheduleConfig(name="linear"), steps_per_epoch=2, epochs=2) == [1.0, 0.75, 0.5, 0.25]


def test_polynomial_falls_as_a_power_of_what_is_left() -> None:
    config = ScheduleConfig(name="polynomial", power=2)
    assert rates(config, steps_per_epoch=2, epochs=2) == [1.0, 0.5625, 0.25, 0.0625]


def test_one_cycle_is_torchs() -> None:
    optimizer = SGD(parameters(), lr=1.0)
    # torch counts to the last step of all, so that its 9th step is at the end that comes after our 8th.
    theirs = OneCycleLR(optimizer, max_lr=1.0, total_steps=9, pct_start=3 / 8, cycle_momentum=False)
    expected = []
    for _ in range(8):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    # torch's rise ends one step before `pct_start` of its steps
    config = ScheduleConfig(name="one_cycle", rise_fraction=(3 / 8 * 9 - 1) / 8)
    assert rates(config, steps_per_epoch=4, epochs=2) == pytest.approx(expected, abs=1e-6)


def test_warmup_in_steps_is_that_in_epochs() -> None:
    for name in ("cosine", "constant", "linear", "one_cycle"):
        in_steps = rates(ScheduleConfig(name=name, warmup_steps=3), steps_per_epoch=2, epochs=3)
        assert in_steps == rates(ScheduleConfig(name=name, warmup_epochs=1.5), steps_per_epoch=2, epochs=3)


def test_two_lengths_of_warmup_are_refused() -> None:
    with pytest.raises(ValidationError, match="warmup_steps: is `3`, and `warmup_epochs` is `1`: give one"):
        ScheduleConfig(warmup_steps=3, warmup_epochs=1)


def test_the_rate_told_is_the_one_without_a_share() -> None:
    optimizer = SGD([{"params": parameters(), "lr": 0.2, "lr_scale": 0.5}], lr=0.4)
    schedule = EpochSchedule(ScheduleConfig(), optimizer, steps_per_epoch=1, epochs=1)
    assert schedule.lr == pytest.approx(0.4)


def test_each_group_keeps_its_share_of_the_rate_over_the_schedule() -> None:
    optimizer = SGD([{"params": parameters(), "lr": 0.2}, {"params": parameters(), "lr": 0.4}], lr=0.4)
    schedule = EpochSchedule(ScheduleConfig(), optimizer, steps_per_epoch=2, epochs=1)
    optimizer.step()
    schedule.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.1, 0.2])
