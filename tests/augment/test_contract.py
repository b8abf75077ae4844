from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial

import pytest

from ferray.registry import ROOMS, Params
from ferray.testing import augment as contract
from ferray.testing.corners import case_id, cases


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "params"), cases(ROOMS["augment"]), ids=case_id)
def test_policy_keeps_its_promises(name: str, params: Params, check: Callable[[contract.Fresh], None]) -> None:
    check(partial(ROOMS["augment"].load(name), params, contract.IMAGE_SIZE))


def test_every_check_of_the_contract_is_run() -> None:
    defined = {value for name, value in inspect.getmembers(contract) if name.startswith("check_")}
    assert defined == set(contract.CHECKS)
