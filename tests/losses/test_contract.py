from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from ferray.losses import Loss
from ferray.registry import ROOMS, Params
from ferray.testing import losses as contract
from ferray.testing.corners import case_id, cases


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "params"), cases(ROOMS["loss"]), ids=case_id)
def test_loss_keeps_its_promises(name: str, params: Params, check: Callable[[Loss], None]) -> None:
    check(ROOMS["loss"].load(name)(params))


def test_every_check_of_the_contract_is_run() -> None:
    defined = {value for name, value in inspect.getmembers(contract) if name.startswith("check_")}
    assert defined == set(contract.CHECKS)
