"""What an epoch costs by the parameters of its trial."""

from __future__ import annotations

import pytest

from ferray.stats.epoch_costs import EpochCosts, Known

NETS = [
    Known({"backbone": name, "lr": 0.1 * place}, cost) for name, cost in (("a", 1.0), ("b", 10.0)) for place in (1, 2)
]


def test_each_backbone_costs_what_it_did() -> None:
    costs = EpochCosts(NETS * 5)
    assert costs.epoch_s({"backbone": "a", "lr": 0.7}) == pytest.approx(1.0, rel=0.05)
    assert costs.epoch_s({"backbone": "b", "lr": 0.7}) == pytest.approx(10.0, rel=0.05)


def test_a_backbone_that_no_trial_had_costs_the_mean() -> None:
    assert EpochCosts(NETS).epoch_s({"backbone": "c"}) == pytest.approx(10**0.5)  # of 1 and 10, by their logarithms


def test_costs_grow_by_a_power_of_the_size() -> None:
    known = [Known({"image_size": size}, (size / 100) ** 2) for size in (64, 100, 128, 160) * 20]
    assert EpochCosts(known).epoch_s({"image_size": 224}) == pytest.approx(2.24**2, rel=0.05)


def test_few_trials_say_their_mean() -> None:
    assert EpochCosts([Known({"backbone": "a"}, 4.0), Known({"backbone": "b"}, 9.0)]).epoch_s({"backbone": "a"}) == 6.0


def test_real_numbers_and_epochs_make_no_epoch_longer() -> None:
    known = [Known({"lr": 0.1 * place, "epochs": place}, 2.0**place) for place in range(1, 7)]
    costs = EpochCosts(known)
    assert costs.epoch_s({"lr": 0.1, "epochs": 1}) == costs.epoch_s({"lr": 0.9, "epochs": 40})


def test_nothing_is_known_without_a_trial() -> None:
    costs = EpochCosts([Known({}, 0.0)])
    assert (costs.is_known, costs.epoch_s({"backbone": "a"})) == (False, 1.0)
