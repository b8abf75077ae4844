from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.testing.predictors import (
    case_id,
    check_an_export_answers_alike,
    check_answers_as_its_network,
    network_cases,
    predictor_cases,
)


@pytest.mark.parametrize("case", predictor_cases(), ids=case_id)
def test_a_predictor_answers_as_its_network(case: dict[str, Any], tmp_path: Path) -> None:
    check_answers_as_its_network(case, tmp_path)


@pytest.mark.parametrize("case", network_cases(), ids=case_id)
def test_an_export_answers_alike(case: dict[str, Any], tmp_path: Path) -> None:
    check_an_export_answers_alike(case, tmp_path)
