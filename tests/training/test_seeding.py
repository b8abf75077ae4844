import numpy as np
import pytest
import torch

from ferray.training.seeding import TorchRandomness, derive_generator, derive_seed

CPU = torch.device("cpu")


def test_seed_depends_on_its_arguments_alone() -> None:
    assert derive_seed(3, "augment", 1, 2) == derive_seed(3, "augment", 1, 2)


@pytest.mark.parametrize("other", [(4, "augment", 1, 2), (3, "order", 1, 2), (3, "augment", 2, 1), (3, "augment", 1)])
def test_seed_changes_with_every_argument(other: tuple[int, str]) -> None:
    assert derive_seed(3, "augment", 1, 2) != derive_seed(*other)


def test_generator_leaves_numpys_global_state_alone() -> None:
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    derive_generator(0, "order", 1).random()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_scope_restores_torchs_global_state() -> None:
    before = torch.get_rng_state()
    with TorchRandomness(0, CPU).active():
        torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)


def test_draws_do_not_depend_on_what_others_drew() -> None:
    with TorchRandomness(5, CPU).active():
        first = torch.rand(3)
    torch.rand(7)
    with TorchRandomness(5, CPU).active():
        second = torch.rand(3)
    assert torch.equal(first, second)


def test_scopes_of_one_trial_continue_each_other() -> None:
    whole, parts = TorchRandomness(5, CPU), TorchRandomness(5, CPU)
    with whole.active():
        expected = torch.rand(4)
    with parts.active():
        first = torch.rand(2)
    with parts.active():
        second = torch.rand(2)
    assert torch.equal(torch.cat([first, second]), expected)


def test_state_continues_in_another_process() -> None:
    begun, resumed = TorchRandomness(5, CPU), TorchRandomness(6, CPU)
    with begun.active():
        torch.rand(2)
    resumed.load_state_dict(begun.state_dict())
    with begun.active():
        expected = torch.rand(2)
    with resumed.active():
        assert torch.equal(torch.rand(2), expected)


def test_an_exception_leaves_the_trials_state_as_it_was() -> None:
    trial = TorchRandomness(5, CPU)
    before = trial.state_dict()["cpu"].clone()
    with pytest.raises(ZeroDivisionError), trial.active():
        1 / (0 * len(torch.rand(2)))
    assert torch.equal(trial.state_dict()["cpu"], before)
