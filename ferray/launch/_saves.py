"""Checkpoints that Ray's workers write of trials which end for now, side by side."""

from __future__ import annotations

import time
from typing import Any

import ray
from ray.exceptions import RayError

from ferray.artifacts.trial import TrialArtifacts
from ferray.sweeps.launcher import NotSaved

SAVE_LIMIT_S = 120.0
SAVE_PATIENCE_S = 5.0  # of the ten seconds in which Ctrl-C ends


class Saves:
    """The checkpoints asked for and not yet written; the driver goes on meanwhile."""

    def __init__(self) -> None:
        self._answers: dict[Any, int] = {}

    def expect(self, number: int, answer: Any) -> None:
        """Remember that the trial's worker saves; an actor does that before whatever it is asked later."""
        self._answers[answer] = number

    def wait(self) -> list[NotSaved]:
        """Until all have been written; those that could not be."""
        answers, self._answers = self._answers, {}  # a wait that is interrupted is not begun again
        if not answers:
            return []
        ended, late = ray.wait(list(answers), num_returns=len(answers), timeout=SAVE_LIMIT_S)
        problems = {answer: _problem(answer) for answer in ended}
        problems |= dict.fromkeys(late, f"no word for {SAVE_LIMIT_S:g} s")
        return [NotSaved(answers[answer], why) for answer, why in problems.items() if why]


def _problem(answer: Any) -> str:
    try:
        return str(ray.get(answer))
    except RayError as error:
        return f"its worker was lost ({type(error).__name__})"


def let_workers_save(running: list[TrialArtifacts]) -> None:
    """Ask every running trial for its checkpoint and wait a few seconds for those whose epoch ends in time."""
    for artifacts in running:
        artifacts.request_stop()
    until = time.monotonic() + SAVE_PATIENCE_S
    try:
        while time.monotonic() < until and any(artifacts.stop_is_requested() for artifacts in running):
            time.sleep(0.05)
    finally:
        for artifacts in running:
            artifacts.acknowledge_stop()
