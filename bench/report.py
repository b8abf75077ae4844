"""`python -m bench.report`: how large the page of a sweep is, and how long it takes to make and to open.

For each size a study of made-up curves is run (nothing is trained), its page made by `ferray report`, whose processor
time and most memory are those of the whole command, rendered once more in this process, and opened in a headless
Chromium: from the request to the end of the page's own script, and again with a filter. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ferray.config.place import DataPlace
from ferray.reports.page import write_report
from ferray.results.sweep import load
from ferray.testing.browser import CHROMIUM, Browser, browser
from ferray.testing.studied_sweep import study_sweep

SIZES = (300, 500, 5000)
EPOCHS = (20, 60)  # of each trial


def measure(folder: Path, num_trials: int, epochs: tuple[int, int], started: Browser | None) -> dict[str, Any]:
    """One size; without a browser what it would have shown is left out."""
    sweep = load(study_sweep(folder / f"trials-{num_trials}", num_trials, epochs=epochs))
    began = time.process_time()
    file = write_report(sweep, folder / f"{num_trials}.html", data=DataPlace(folder, folder))
    rendered = time.process_time() - began
    found = {
        "trials": num_trials,
        "epochs": sum(trial.record.epochs for trial in sweep.trials),
        "bytes": file.stat().st_size,
        "render_cpu_s": round(rendered, 2),
        **command_costs(sweep.folder),
    }
    return {**found, **(opening(started, file) if started else {})}


def command_costs(sweep: Path) -> dict[str, float]:
    """Seconds of processor and MiB at the most of `ferray report`, its start among them."""
    command = [sys.executable, "-m", "ferray", "report", sweep.name, "--output", str(sweep.parent)]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)  # nobody else waits for it
    if started.returncode:
        raise RuntimeError(f"ferray report ended with exit code {started.returncode}")
    return {"command_cpu_s": round(used.ru_utime + used.ru_stime, 2), "peak_mib": round(used.ru_maxrss / 1024)}


def opening(started: Browser, file: Path) -> dict[str, Any]:
    """Seconds until the page is drawn, and until a filter has gone through; what its console said and it asked for."""
    began = time.perf_counter()
    opened = started.open(file)
    drawn = time.perf_counter() - began
    began = time.perf_counter()
    opened.page.fill("#filter", "lenet lr<1e-2")
    filtered = time.perf_counter() - began
    shown, said = opened.texts("#shown")[0], {"heard": opened.heard, "asked": opened.asked}
    opened.page.context.close()
    return {"open_s": round(drawn, 2), "filter_s": round(filtered, 2), "shown": shown, **said}


def main() -> None:
    """Measure each size, one after another."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=list(SIZES), help="sizes of the sweeps")
    parser.add_argument("--epochs", type=int, nargs=2, default=list(EPOCHS), help="fewest and most of a trial")
    asked = parser.parse_args()
    epochs = (asked.epochs[0], asked.epochs[1])
    with tempfile.TemporaryDirectory() as folder:
        if not CHROMIUM:
            found = [measure(Path(folder), count, epochs, None) for count in asked.trials]
        else:
            with browser() as started:
                found = [measure(Path(folder), count, epochs, started) for count in asked.trials]
    print(json.dumps({"sizes": found}, indent=2))


if __name__ == "__main__":
    main()
