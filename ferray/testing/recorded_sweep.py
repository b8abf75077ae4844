"""A sweep on synthetic curves with a store, histories in its trials' folders and a tracker: all but the training.

Run as a program it may be killed at an epoch as by SIGKILL, and goes on when it is run again.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from ferray.artifacts.history import history_line
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import RESOLVED_NAME
from ferray.config.sweep import SweepSpec
from ferray.events import EpochReport, Listener, TrialStarted
from ferray.files.atomic import json_document, write_text
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.track.wandb import Wandb

NAME = "curves"  # of the sweep, and so of its folder


class Histories(Listener):
    """Writes each epoch where its worker would, at a pace of so many seconds."""

    def __init__(self, *, pace_s: float = 0.0) -> None:
        self._folders: dict[int, str] = {}
        self._pace_s = pace_s

    def trial_started(self, trial: TrialStarted) -> None:
        self._folders[trial.number] = trial.folder
        TrialArtifacts.at(trial.folder).make()

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        TrialArtifacts.at(self._folders[number]).history.append_text(f"{history_line(report)}\n")
        time.sleep(self._pace_s)


class Death(Listener):
    """The end of the process, after so many epochs that all others have heard of."""

    def __init__(self, after: int) -> None:
        self._left = after

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def spec_of(*, trials: int, epochs: int = 4, **changes: Any) -> SweepSpec:
    """The sweep: so many trials of so many epochs, of which a pruner stops some."""
    asked = {"budget": {"trials": trials}, "base": {"epochs": epochs}, "pruner": {"median": {"startup_trials": 2}}}
    return small_spec(name=NAME, **{**asked, **changes})


def run_recorded(
    folder: Path, spec: SweepSpec, *, slots: int = 2, pace_s: float = 0.0, kill_after: int | None = None, tracked: bool
) -> None:
    """Run the sweep in `folder`, which is called NAME, or go on with it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / RESOLVED_NAME, json_document(spec.model_dump(mode="json")))
    deaths = [Death(kill_after)] if kill_after is not None else []
    trackers = [Wandb(folder)] if tracked else []
    driver = open_driver(folder, spec, Histories(pace_s=pace_s), *trackers, *deaths)
    with closing(driver.study), closing(driver.listeners):
        run_curves(driver, slots=slots)


def main() -> None:
    """`python -m ferray.testing.recorded_sweep FOLDER --trials 6 [--kill-after 9] [--pace 0.05] [--untracked]`"""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--kill-after", type=int)
    parser.add_argument("--untracked", action="store_true")
    asked = parser.parse_args()
    spec = spec_of(trials=asked.trials, epochs=asked.epochs)
    run_recorded(asked.folder, spec, pace_s=asked.pace, kill_after=asked.kill_after, tracked=not asked.untracked)


if __name__ == "__main__":
    main()
