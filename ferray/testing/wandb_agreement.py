"""Whether the runs that the stand-in W&B server holds agree with a sweep's record and its trials' histories."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ferray.artifacts.history import read_history
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import read_place
from ferray.events import EpochReport
from ferray.results.leaderboard import rank
from ferray.results.progress import with_progress
from ferray.study.history import load_sweep
from ferray.testing.wandb_replies import Record
from ferray.track.wandb_runs.payload import SWEEP_JOB, run_id

_STATES = {"failed": "failed", "interrupted": "failed", "orphaned": "failed"}


def disagreements(server: Record, folder: Path) -> list[str]:
    """What differs, a line each: runs, rows, summary, config, tags, names and states; [] where all is the same.

    By what `leaderboard --json` prints and the files say, and not by what `sync` itself compares.
    """
    entries = rank(with_progress(load_sweep(folder), folder)).to_json()["trials"]
    told = {entry["number"]: entry for entry in entries if entry["outcome"] != "waiting"}
    place = read_place(folder)
    identity = f"{place.study}\n{place.identity}"
    wanted = {run_id(identity, numbers[0]): numbers for numbers in _chains(told)}
    trials = [run for run, facts in server.runs.items() if facts.get("jobType") != SWEEP_JOB]
    lines = [f"{run}: not a trial's" for run in trials if run not in wanted]
    for run, numbers in wanted.items():
        lines += [f"trial {numbers[-1]}: {line}" for line in _of_run(server, run, [told[n] for n in numbers], folder)]
    return lines


def _chains(told: Mapping[int, Mapping[str, Any]]) -> Iterator[list[int]]:
    followers = {entry["superseded_by"] for entry in told.values()}
    for first in (number for number in told if number not in followers):
        numbers = [first]
        while told[numbers[-1]]["superseded_by"] in told:
            numbers.append(told[numbers[-1]]["superseded_by"])
        yield numbers


def _of_run(server: Record, run: str, attempts: list[dict[str, Any]], folder: Path) -> Iterator[str]:
    if run not in server.runs:
        yield "no run"
        return
    entry, summary, config = attempts[-1], server.summaries.get(run, {}), server.config(run)
    histories = [read_history(TrialArtifacts.at(str(folder / attempt["folder"]))) for attempt in attempts]
    reports: dict[int, list[EpochReport]] = defaultdict(list)
    for report in chain.from_iterable(histories):
        reports[report.epoch].append(report)
    yield from _of_rows(server.rows[run], reports)
    yield from _differing("summary", _summary(entry), summary)
    yield from _differing("config", {"trial": entry["number"], "recipe": entry["recipe"]}, config)
    searched = {f"p/{name.replace('.', '/')}": value for name, value in entry["params"].items()}
    yield from _differing("config", searched, config)
    if entry["outcome"] not in server.runs[run]["tags"]:
        yield f"tags {server.runs[run]['tags']}"
    if not server.runs[run]["displayName"].startswith(f"{folder.name}-{entry['number']:04d} "):
        yield f"name {server.runs[run]['displayName']}"
    if server.state(run) != _STATES.get(entry["outcome"], "finished"):
        yield f"state {server.state(run)}"


def _of_rows(rows: list[dict[str, Any]], reports: Mapping[int, list[EpochReport]]) -> Iterator[str]:
    """Each epoch once, as one of the attempts has written it: one that was trained again took another time."""
    epochs = [row.get("epoch") for row in rows]
    if sorted(map(str, epochs)) != sorted(map(str, reports)):
        yield f"epochs {epochs}, not {sorted(reports)}"
        return
    for row in rows:
        differing = [
            list(_differing(f"epoch {row['epoch']}", _metrics(report), row)) for report in reports[row["epoch"]]
        ]
        yield from min(differing, key=len)


def _metrics(report: EpochReport) -> dict[str, float]:
    return {name: value for name, value in report.metrics.items() if math.isfinite(value)}


def _summary(entry: Mapping[str, Any]) -> dict[str, Any]:
    is_complete = entry["outcome"] == "completed"
    low, high = entry["value_interval"] or (None, None)
    return {
        "outcome": entry["outcome"],
        "score": entry["value"] if is_complete else None,
        "score_so_far": None if is_complete else entry["value"],
        "score_low": low,
        "score_high": high,
        "n_val": entry["num_val"] or None,
        "epochs": entry["epochs"],
        "seconds": entry["seconds"],
        "rank": entry["rank"],
        "message": entry["message"] or None,
        "state": None,
        **{f"best/{name}": value for name, value in entry["metrics"].items()},
    }


def _differing(what: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for key, value in wanted.items():
        if found.get(key) != value:
            yield f"{what} {key}: {found.get(key)}, not {value}"
