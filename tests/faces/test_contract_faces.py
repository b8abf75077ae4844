from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ferray.registry import ROOMS, Params
from ferray.testing import faces as contract
from ferray.testing.corners import case_id, cases
from ferray.testing.faces import Opener


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "params"), cases(ROOMS["faces"]), ids=case_id)
def test_finder_keeps_its_promises(name: str, params: Params, check: Callable[[Opener], None], tmp_path: Path) -> None:
    check(contract.opener(name, params, tmp_path))


@pytest.mark.parametrize(("name", "params"), cases(ROOMS["faces"]), ids=case_id)
def test_params_survive_json(name: str, params: Params) -> None:
    assert ROOMS["faces"].params(name).model_validate_json(params.model_dump_json()) == params
