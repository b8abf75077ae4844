from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ferray.registry import ROOMS, Params
from ferray.testing import datasets as contract
from ferray.testing.corners import case_id, cases
from ferray.testing.datasets import Layout, Opener


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {layout.dataset + layout.title: layout.write(tmp_path_factory.mktemp("data")) for layout in contract.LAYOUTS}


@pytest.mark.parametrize(
    ("layout", "check"),
    [(layout, check) for layout in contract.LAYOUTS for check in contract.checks_of(layout)],
    ids=lambda value: f"{value.dataset}-{value.title}" if isinstance(value, Layout) else value.__name__,
)
def test_dataset_keeps_its_promises(layout: Layout, written: dict[str, Path], check: Callable[[Opener], None]) -> None:
    check(partial(layout.open, written[layout.dataset + layout.title]))


@pytest.mark.parametrize("name", ROOMS["dataset"].names())
def test_missing_data_are_told(name: str, tmp_path: Path) -> None:
    layout = next(layout for layout in contract.LAYOUTS if layout.dataset == name)
    contract.check_missing_files_are_told(layout.open(tmp_path), tmp_path)


@pytest.mark.parametrize(("name", "params"), cases(ROOMS["dataset"]), ids=case_id)
def test_params_survive_json(name: str, params: Params) -> None:
    assert ROOMS["dataset"].params(name).model_validate_json(params.model_dump_json()) == params


def test_every_dataset_has_a_layout_in_the_contract() -> None:
    assert {layout.dataset for layout in contract.LAYOUTS} == set(ROOMS["dataset"].names())
