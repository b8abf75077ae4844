"""What the record costs when it is large: reading, continuing, reporting and asking in a study of 10,000 trials.

    python -m bench.store [--trials 10000] [--quick]

prints one JSON document. The study has nine parameters, seven of them in every trial; trials of 10 to 30 epochs that
tell every epoch (the study keeps those that reach one of its twelve steps); trials that completed, were pruned,
diverged, failed, or were interrupted and asked again; four are left running, as a killed driver leaves them.

The journal is made of real lines (`bench/store_file.py`): ferray's `Study` runs a hundred trials, and their lines are
written again and again with other numbers, parameters and values. Each pair of sampler and pruner gets a journal of its
own making, as both leave notes in it. Every measurement is a process of its own that has imported what it needs.

- `leaderboard_s`: `ferray leaderboard --json` beyond its imports.
- `page_s`: `ferray report` beyond its imports, of trials that left no epochs in their folders; `page_mib` is its page
  and `page_peak_mib` the most memory of its process (`bench.report` has the epochs too).
- `continue_s`: opening the store and the study, orphans settled; `driver_rss_mib` is the process then, and
  `store_rss_mib` what opening added to it.
- `report_ms`: `Study.report` of an epoch that the pruner decides on, for each pruner.
- `ask_ms`: `Study.ask` for each sampler while a dozen trials run.
Seconds are by the wall; `_cpu_s` beside them tell what a busy machine added.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from typing import Any

from bench.record import Record, Recording, recording

TARGETS = {"leaderboard_s": 3.0, "page_s": 6.0, "continue_s": 10.0, "report_ms": 5.0, "ask_ms": 100.0}
NUM_TRIALS = 10_000
QUICK_TRIALS = 200
RUNNING = 8
NUM_ASKS = 40
NUM_REPORTED = 12
# Sampler, pruner, what is measured on their journal; in this order, as reports and asks add to it.
PLAN = (
    ("tpe", "hyperband", ("leaderboard", "page", "continue", "reports", "asks")),
    ("random", "none", ("reports", "asks")),
    ("random", "median", ("reports",)),
    ("random", "percentile", ("reports",)),
    ("random", "patient", ("reports",)),
    ("random", "asha", ("reports",)),
    ("cmaes", "none", ("asks",)),
    ("gp", "none", ("asks",)),
)


def rss_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def spread(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: the middle one, the 95th of 100, the worst."""
    ordered = sorted(1000 * value for value in seconds)
    figures = {"median": median(ordered), "p95": ordered[math.ceil(0.95 * len(ordered)) - 1], "worst": ordered[-1]}
    return {**{name: round(value, 2) for name, value in figures.items()}, "of": len(ordered)}


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that `act` took, and what it returned."""
    begin = time.perf_counter()
    result = act()
    return time.perf_counter() - begin, result


def measure_leaderboard(folder: Path, *_: str) -> dict[str, Any]:
    import ferray.results.leaderboard
    import ferray.study.history  # noqa: F401
    from ferray.cli.app import run

    command = ["leaderboard", folder.name, "--output", str(folder.parent), "--json"]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        busy, (seconds, code) = time.process_time(), timed(lambda: run(command))
    return {
        "leaderboard_s": round(seconds, 3),
        "leaderboard_cpu_s": round(time.process_time() - busy, 3),
        "exit_code": code,
    }


def measure_page(folder: Path, sampler: str, pruner: str) -> dict[str, Any]:
    import ferray.apps.report
    import ferray.study.importance
    from bench.store_file import spec
    from ferray.cli.app import run
    from ferray.config.place import RESOLVED_NAME
    from ferray.files.atomic import write_json

    ferray.study.importance.import_evaluators()
    write_json(folder / RESOLVED_NAME, spec(sampler=sampler, pruner=pruner).model_dump(mode="json"))
    command = ["report", folder.name, "--output", str(folder.parent), "--to", str(folder / "page.html"), "--json"]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        busy, (seconds, code) = time.process_time(), timed(lambda: run(command))
    figures = {"page_s": seconds, "page_cpu_s": time.process_time() - busy}
    size, peak = (folder / "page.html").stat().st_size / 2**20, getrusage(RUSAGE_SELF).ru_maxrss / 1024
    sizes = {"page_mib": round(size, 1), "page_peak_mib": round(peak)}
    return {**{name: round(value, 3) for name, value in figures.items()}, **sizes, "exit_code": code}


def measure_continue(folder: Path, sampler: str, pruner: str) -> dict[str, Any]:
    from bench.store_file import spec
    from ferray.study.store import open_store
    from ferray.study.study import Study

    before, busy = rss_mib(), time.process_time()
    seconds, study = timed(lambda: Study(spec(sampler=sampler, pruner=pruner), open_store(folder)))
    after = rss_mib()
    study.close()
    cpu = time.process_time() - busy
    figures = {"continue_s": seconds, "continue_cpu_s": cpu, "driver_rss_mib": after, "store_rss_mib": after - before}
    return {**{name: round(value, 3) for name, value in figures.items()}, "finished": study.num_finished}


def measure_reports(folder: Path, sampler: str, pruner: str) -> dict[str, Any]:
    """Every epoch of some new trials that reaches a new step; the others cost nothing."""
    from bench.store_file import epoch_report, spec
    from ferray.events import Decision, Outcome, OutcomeKind
    from ferray.study.pruners import step_of
    from ferray.study.store import open_store
    from ferray.study.study import Study

    study, seconds = Study(spec(sampler=sampler, pruner=pruner), open_store(folder)), []
    warm_up(study)
    for _ in range(NUM_REPORTED):
        trial, decision, epoch = study.ask(), Decision.CONTINUE, 0
        while decision is Decision.CONTINUE and epoch < trial.config.epochs:
            epoch += 1
            begin = time.perf_counter()
            decision = study.report(trial.number, epoch_report(trial.config, epoch, trial.number))
            if step_of(epoch, trial.config.epochs) > step_of(epoch - 1, trial.config.epochs):
                seconds.append(time.perf_counter() - begin)
        kind = OutcomeKind.PRUNED if decision is Decision.STOP else OutcomeKind.COMPLETED
        study.finish(trial.number, Outcome(kind))
    study.close()
    return spread(seconds)


def warm_up(study: Any) -> None:
    """Past the orphans' parameters, which no sampler is asked for, and the first asks, which import components."""
    from bench.store_file import LEFT_RUNNING

    for _ in range(LEFT_RUNNING + 2):
        study.ask()


def measure_asks(folder: Path, sampler: str, pruner: str) -> dict[str, Any]:
    """Each new trial takes the place of one that has just completed."""
    from bench.store_file import epoch_report, spec
    from ferray.events import Outcome, OutcomeKind
    from ferray.study.store import open_store
    from ferray.study.study import Study

    study, running, seconds = Study(spec(sampler=sampler, pruner=pruner), open_store(folder)), [], []
    warm_up(study)
    for _ in range(NUM_ASKS):
        took, trial = timed(study.ask)
        seconds.append(took)
        running.append(trial)
        if len(running) == RUNNING:
            done = running.pop(0)
            study.report(done.number, epoch_report(done.config, done.config.epochs, done.number))
            study.finish(done.number, Outcome(OutcomeKind.COMPLETED))
    study.close()
    return spread(seconds)


MEASUREMENTS: dict[str, Callable[[Path, str, str], dict[str, Any]]] = {
    "leaderboard": measure_leaderboard,
    "page": measure_page,
    "continue": measure_continue,
    "reports": measure_reports,
    "asks": measure_asks,
}


def in_own_process(what: str, folder: Path, sampler: str, pruner: str) -> dict[str, Any]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "bench.store", "--measure", what, str(folder), sampler, pruner]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure_all(folder: Path, num_trials: int) -> dict[str, Any]:
    """The whole plan, one journal after another."""
    from bench.store_file import NAME, write_journal

    figures: dict[str, Any] = {"report_ms": {}, "ask_ms": {}}
    for sampler, pruner, measurements in PLAN:
        place = folder / f"{sampler}-{pruner}" / NAME
        size = write_journal(place, num_trials, sampler=sampler, pruner=pruner)
        figures.setdefault("journal", size)
        for what in measurements:
            found = in_own_process(what, place, sampler, pruner)
            if what == "reports":
                figures["report_ms"][pruner] = found
            elif what == "asks":
                figures["ask_ms"][sampler] = found
            else:
                figures.update(found)
    return figures


def state_all(record: Recording, figures: dict[str, Any]) -> None:
    """The figures that something is promised of; of reports and asks the median of every pruner and sampler."""
    for name in ("leaderboard_s", "page_s", "continue_s"):
        record.state(name.removesuffix("_s"), figures[name], "s", at_most=TARGETS[name])
    record.state("page_peak", figures["page_peak_mib"], "MiB")
    record.state("driver_rss", figures["driver_rss_mib"], "MiB")
    for name in ("report_ms", "ask_ms"):
        for who, found in figures[name].items():
            record.state(f"{name.removesuffix('_ms')} {who}", found["median"], "ms", at_most=TARGETS[name])


def measure(quick: bool = False, trials: int = NUM_TRIALS) -> Record:
    with recording("store", quick=quick) as record, tempfile.TemporaryDirectory(prefix="ferray-bench-") as scratch:
        figures = measure_all(Path(scratch), QUICK_TRIALS if quick else trials)
        state_all(record, figures)
        record.details.update(trials=trials, **figures)
    return record.document()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=NUM_TRIALS)
    parser.add_argument("--quick", action="store_true", help="200 trials: to see that it works")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        what, folder, sampler, pruner = given.measure
        print(json.dumps(MEASUREMENTS[what](Path(folder), sampler, pruner)))
        return
    print(json.dumps(measure(given.quick, given.trials), indent=2))


if __name__ == "__main__":
    main()
