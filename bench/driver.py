"""The driver: what it costs, how many epochs one thread of it hears, and how many slots it keeps busy.

    python -m bench.driver [--quick]

prints one JSON document. Costs are those of `bench/driver_costs.py`, for real, with the console and with W&B offline,
and with a W&B that takes a second a request; the slots are those of `bench/driver_simulation.py`, in virtual time. Both
are commands with options of their own. Reports a second are by processor time: all epochs heard over all that the
driver's thread does for them and for their trials' asks and ends. They are of trials of 10 to 30 epochs of which
Hyperband prunes many. With W&B the time of the threads that hand its process what happens counts as the driver's.
"""

from __future__ import annotations

from typing import Any

from bench.driver_costs import Load, in_own_process
from bench.driver_simulation import Asked, simulate
from bench.record import Record, Recording, print_record, recording
from bench.virtual_cluster import World

DAY_S = 86_400.0
SIDES = ("none", "offline", "slow")
IDLE = 0.02
A_SECOND = 500.0


def measure(quick: bool = False) -> Record:
    """As fast as one thread goes, then paced against each W&B, then in virtual time."""
    with recording("driver", quick=quick) as record:
        _costs(record, trials=20 if quick else 200)
        _decisions(record, trials=10 if quick else 30)
        for slots, rounds in ((8, 1),) if quick else ((64, 4), (1000, 2)):
            _slots(record, slots, rounds)
    return record.document()


def _costs(record: Recording, *, trials: int) -> None:
    plain, full = (in_own_process(Load(wandb, trials=trials)) for wandb in ("none", "offline"))
    record.details["costs"] = {"console": plain, "console and W&B": full}
    for act in ("ask", "report", "end"):
        record.state(f"{act}, processor", plain[f"{act}_ms"], "ms")
        record.state(f"{act}, processor, with W&B", full[f"{act}_ms"], "ms")
    record.state("threads of W&B in the driver, a trial", full["wandb_ms_a_trial"], "ms")
    record.state("processes of W&B, a trial", round(1000 * full["wandb_processes_s"] / full["trials"], 1), "ms")
    record.state("reports a second", plain["reports_a_processor_second"], "1/s", at_least=A_SECOND)
    record.state("reports a second, with W&B", with_wandb(full), "1/s", at_least=A_SECOND)


def with_wandb(figures: dict[str, Any]) -> float:
    """Reports a second of a process whose threads take turns: the driver's, and all of W&B's."""
    driver_s = figures["reports"] / figures["reports_a_processor_second"]
    return round(float(figures["reports"] / (driver_s + figures["wandb_ms_a_trial"] / 1000 * figures["trials"])), 1)


def _decisions(record: Recording, *, trials: int) -> None:
    for wandb in SIDES:
        found = in_own_process(Load(wandb, slots=16, trials=trials, epochs=10, a_second=20.0))
        record.details[f"decisions, W&B {wandb}"] = found
        record.state(f"decision, W&B {wandb}, median", found["decision_ms"]["median"], "ms")
        record.state(f"decision, W&B {wandb}, 99 of 100", found["decision_ms"]["p99"], "ms")


def _slots(record: Recording, slots: int, rounds: int) -> None:
    row = simulate(Asked(rounds, 0, "tpe", "hyperband"), World(slots, preempted_every_s=DAY_S, failing=0.01))
    record.details[f"{slots} slots"] = row
    promise = {"at_most": IDLE} if slots <= 64 else {}
    record.state(f"idle share of {slots} slots, epochs of a minute", row["gpu_idle"], "", **promise)


if __name__ == "__main__":
    print_record(measure, __doc__)
