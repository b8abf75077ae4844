"""Which attempts share a run in W&B."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ferray.results.run_contents import chains
from ferray.testing.fake_sweep import sweep_record


@pytest.mark.parametrize(("outcome", "last"), [("running", (5, 6)), ("waiting", (5,))])
def test_an_attempt_that_waits_is_none_of_the_run_of_those_before(outcome: str, last: tuple[int, ...]) -> None:
    record = sweep_record()
    again = replace(record.trials[6], outcome=outcome)
    found = chains(replace(record, trials=(*record.trials[:6], again)))
    assert tuple(trial.number for trial in list(found)[-1]) == last
