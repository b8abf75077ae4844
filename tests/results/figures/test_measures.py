from __future__ import annotations

import pytest

from ferray.results.figures.measures import measure_of


@pytest.mark.parametrize(
    ("rule", "params", "label"),
    [
        ("bdr", {"error": "ce"}, "cross-entropy (nats)"),
        ("bdr", {"error": "one_minus_p"}, "1 − probability of the label"),
        ("gmm_loss", {}, "cross-entropy scaled to [0, 1]"),
        ("trimmed_loss", {}, "cross-entropy (nats)"),
        ("aum", {}, "negative mean margin (logits)"),
    ],
)
def test_the_error_is_called_by_what_the_rule_measures(rule: str, params: dict[str, object], label: str) -> None:
    assert measure_of(rule, params).label == label


def test_a_variance_has_the_square_of_the_unit() -> None:
    assert measure_of("bdr", {}).variance == "variance of the cross-entropy (nats²)"


def test_the_variance_of_a_pure_number_has_no_unit() -> None:
    assert measure_of("gmm_loss", {}).variance == "variance of the cross-entropy scaled to [0, 1]"
