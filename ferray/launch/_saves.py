"""Checkpoints that Ray's workers write of trials which end for now, side by side."""

from __future__ import annotations

from typing import Any

import ray
from ray.exceptions import RayError

from ferray.sweeps.driver import SweepDriver

SAVE_LIMIT_S = 120.0


class Saves:
    """The checkpoints asked for and not yet written; the driver goes on meanwhile."""

    def __init__(self, driver: SweepDriver) -> None:
        self._driver = driver
        self._answers: dict[Any, int] = {}

    def ask(self, number: int, actor: Any) -> None:
        """Have the trial's worker save; an actor does that before whatever it is asked later, to stop at last."""
        self._answers[actor.save_now.remote()] = number

    def wait(self) -> None:
        """Until all have been written; the user hears of those that could not be."""
        if not self._answers:
            return
        ended, late = ray.wait(list(self._answers), num_returns=len(self._answers), timeout=SAVE_LIMIT_S)
        for answer in ended:
            if problem := _problem(answer):
                self._driver.could_not_save(self._answers[answer], problem)
        for answer in late:
            self._driver.could_not_save(self._answers[answer], f"no word for {SAVE_LIMIT_S:g} s")
        self._answers.clear()


def _problem(answer: Any) -> str:
    try:
        return str(ray.get(answer))
    except RayError as error:
        return f"its worker was lost ({type(error).__name__})"
