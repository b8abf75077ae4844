"""Nothing is lost on the way to W&B: drivers killed at random epochs, a slow and broken server, then `ferray sync`.

`python -m bench.wandb_sync` prints JSON: for each delay of the stand-in server, with errors and connections that break
by chance, what differs between the server's runs and the record after every kill and sync; and the time of a sweep with
a slow W&B over that of the same sweep without, in pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.stage import TRIALS, Ran, Stage
from ferray.testing.wandb_agreement import disagreements
from ferray.testing.wandb_faults import Faults
from ferray.testing.wandb_server import WandbServer

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
EPOCHS = 30
ERRORS = BREAKS = 0.05
ONLINE = ("--tracker", "wandb", "--no-publish")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="in all, dealt out to the delays in turn")
    parser.add_argument("--delays", type=float, nargs="*", default=[0.0, 0.2, 1.0, 3.0], help="seconds a request")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--pair-delay", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fb-") as folder:
        shares = {delay: len(range(place, asked.kills, len(asked.delays))) for place, delay in enumerate(asked.delays)}
        killed = [
            play_kills(Path(folder) / f"delay-{delay}", delay, kills, asked.seed) for delay, kills in shares.items()
        ]
        pairs = [play_pair(Path(folder) / f"pair-{n}", asked.pair_delay) for n in range(asked.pairs)]
    print(json.dumps({"kills": killed, "pairs": _of_pairs(pairs, asked.pair_delay)}, indent=2))


def play_kills(folder: Path, delay_s: float, kills: int, seed: int) -> dict[str, Any]:
    """A sweep whose driver is killed so many times, synced after each, then brought to its end and synced twice."""
    stage, draw = Stage(folder), random.Random(f"{seed}/{delay_s}")
    stage.write_space(epochs=EPOCHS)
    faults = Faults(delay_s, ERRORS, BREAKS, seed)
    rounds = []
    with WandbServer(faults=faults) as server:
        _variables(stage, server.url)
        for _ in range(kills):
            at = _epochs(stage) + draw.randint(1, EPOCHS)
            running = stage.start(*ONLINE)
            running.until(lambda at=at: _epochs(stage) >= at)  # type: ignore[misc]
            os.kill(running.process.pid, signal.SIGKILL)
            running.wait()
            rounds.append({"killed_at_epoch": _epochs(stage), **_synced(stage, server)})
        ran = stage.sweep(*ONLINE)
        last = {
            "sweep": ran.code,
            "sweep_s": round(ran.seconds, 1),
            "said_by_sweep": _words(ran),
            **_synced(stage, server),
        }
        again = stage.ferray("sync")
        states = [server.record.state(run) for run in server.record.runs]
    return {
        "delay_s": delay_s,
        "rounds": rounds,
        "end": last,
        "again": again.saw("nothing to upload|error"),
        "lost_by_the_store": stage.lost(TRIALS),
        "states": {state: states.count(state) for state in states},
    }


def _synced(stage: Stage, server: WandbServer) -> dict[str, Any]:
    """One `ferray sync`, and what differs after it."""
    synced = stage.ferray("sync")
    found = disagreements(server.record, stage.sweep_folder)
    said = synced.saw("nothing to upload|^of |error")
    return {"sync": synced.code, "sync_s": round(synced.seconds, 1), "said": said, "disagreements": found}


def _words(ran: Ran) -> list[str]:
    return [line for line in ran.err.splitlines() if "W&B" in line]


def play_pair(folder: Path, delay_s: float) -> dict[str, float]:
    """Seconds of a sweep with a W&B that takes so long a request, and without W&B, from start to end of the process."""
    slow, without = Stage(folder / "slow"), Stage(folder / "without")
    for stage in (slow, without):
        stage.write_space(epochs=EPOCHS)
    with WandbServer(delay_s=delay_s) as server:
        _variables(slow, server.url)
        started = time.monotonic()
        slow.sweep(*ONLINE)
        slow_s = time.monotonic() - started
    started = time.monotonic()
    without.sweep()
    without_s = time.monotonic() - started
    spans = {"slow_trials_s": _trials_s(slow), "without_trials_s": _trials_s(without)}
    return {"slow_s": round(slow_s, 1), "without_s": round(without_s, 1), **spans}


def _trials_s(stage: Stage) -> float:
    """From the first trial's start to the last one's last epoch, by the files they wrote."""
    ends = sorted(path.stat().st_mtime for path in stage.sweep_folder.glob("trials/*/history.jsonl"))
    starts = sorted(path.stat().st_mtime for path in stage.sweep_folder.glob("trials/*/config.json"))
    return round(ends[-1] - starts[0], 1)


def _of_pairs(pairs: list[dict[str, float]], delay_s: float) -> dict[str, Any]:
    if not pairs:
        return {}
    ratios = [pair["slow_trials_s"] / pair["without_trials_s"] for pair in pairs]
    more = [pair["slow_s"] - pair["without_s"] for pair in pairs]
    return {
        "delay_s": delay_s,
        "load": os.getloadavg()[0],
        "pairs": pairs,
        "trials_slow_over_without": round(statistics.median(ratios), 3),
        "seconds_more_in_all": round(statistics.median(more), 1),
    }


def _epochs(stage: Stage) -> int:
    """How many epochs the trials have written down."""
    return sum(path.read_text().count("\n") for path in stage.sweep_folder.glob("trials/*/history.jsonl"))


def _variables(stage: Stage, url: str) -> None:
    home = stage.folder / "home"
    home.mkdir(exist_ok=True)
    stage.variables |= {"WANDB_BASE_URL": url, "WANDB_API_KEY": KEY, "WANDB_MODE": "online", "HOME": str(home)}


if __name__ == "__main__":
    main()
