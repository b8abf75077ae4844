"""What the driver costs, on small loads, and what is made of the figures."""

from __future__ import annotations

from bench.driver import with_wandb
from bench.driver_costs import Load, play


def test_all_epochs_are_heard_and_all_acts_timed() -> None:
    found = play(Load(slots=2, trials=3, epochs=2))
    assert found["reports"] == 2 * 2  # the first trial is the warm-up
    assert min(found[f"{act}_ms"] for act in ("ask", "report", "end")) > 0


def test_wandbs_threads_count_as_the_drivers() -> None:
    # 1,000 reports in 1 s of the driver's, and 10 trials of 100 ms each: 2 s in all.
    figures = {"reports": 1000, "reports_a_processor_second": 1000.0, "wandb_ms_a_trial": 100.0, "trials": 10}
    assert with_wandb(figures) == 500.0
