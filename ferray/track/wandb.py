"""Weights & Biases, from the driver: one run a trial, written by a process of its own so that no decision waits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ferray.config.place import words_for
from ferray.errors import FerrayError
from ferray.events import EpochReport, SweepStarted, TrialEnded, TrialStarted
from ferray.text.commands import command
from ferray.text.counting import counted
from ferray.text.sanitize import visible
from ferray.track import Tracker
from ferray.track.wandb_runs.link import KILLED_S, Link
from ferray.track.wandb_runs.messages import Event
from ferray.track.wandb_runs.mode import sync_advice
from ferray.track.wandb_runs.place import add_nothing_at_end

CLOSE_TIMEOUT_S = 60.0  # what is not sent by then is brought by `ferray sync`
PROGRESS_S = 10.0
_POLL_S = 0.2


class Voice:
    """Speaks to the user once: the first trouble says how to upload later, and what follows from it is no news.

    Never where `WANDB_SILENT` is `true`, as wandb itself.
    """

    def __init__(self) -> None:
        self._is_silent = os.environ.get("WANDB_SILENT", "").lower() == "true"
        self.has_spoken = self._is_silent

    def say(self, text: str) -> None:
        """One line on stderr, unless there was one before."""
        if not self.has_spoken:
            self.has_spoken = True
            self.report(text)

    def report(self, text: str) -> None:
        """One line on stderr, such as how far an upload is."""
        if not self._is_silent:
            print(visible(f"W&B: {text}"), file=sys.stderr, flush=True)


class Wandb(Tracker):
    """Weights & Biases: one run a trial, grouped by sweep, offline where there is no key or no network.

    The driver's thread only puts events into a queue. When writing fails, the next event raises FerrayError there.
    What a slow or broken server did not take is no failure: `ferray sync` brings it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(folder)
        self._clock = clock
        self._voice = Voice()
        self._link: Link | None = None

    def sweep_started(self, sweep: SweepStarted) -> None:
        self._link = Link(self.folder, sweep, self._voice.say)

    def trial_started(self, trial: TrialStarted) -> None:
        self._send(trial)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self._send((number, report))

    def trial_ended(self, trial: TrialEnded) -> None:
        self._send(trial)

    def close(self) -> None:
        """Write what is left, within CLOSE_TIMEOUT_S; FerrayError when writing failed and nobody has heard yet."""
        link, self._link = self._link, None
        if link is not None:
            link.tell(None)
            self._wait_for(link)
            self._raise_failure(link)

    def _wait_for(self, link: Link) -> None:
        """Until all is uploaded, the time is up or Ctrl-C is pressed; then no run may be taken for complete."""
        with suppress(KeyboardInterrupt):  # the sweep itself has ended, and what is said next holds
            self._wait_within(link, self._clock() + CLOSE_TIMEOUT_S)
        is_cut_short = link.is_alive()
        if is_cut_short:
            link.kill()
            link.join(KILLED_S)
            add_nothing_at_end(self.folder)
        if (link.num_lost or is_cut_short) and not link.failure:
            what = counted(link.num_lost, "run is", "runs are") if link.num_lost else "the runs are"
            self._voice.report(f"{what} not uploaded whole; {sync_advice(self.folder)}")

    def _wait_within(self, link: Link, until: float) -> None:
        told = self._clock()
        while link.is_alive() and self._clock() < until:
            link.join(_POLL_S)
            left = until - self._clock()
            if self._clock() - told >= PROGRESS_S and left >= 1 and link.is_alive():
                told = self._clock()
                what = (
                    f"{counted(link.num_open, 'run is', 'runs are')} still uploading" if link.num_open else "still busy"
                )
                words = command("sync", *words_for(self.folder))
                self._voice.report(f"{what}, at most {left:.0f} s more (Ctrl-C leaves it to `{words}`)")

    def _send(self, event: Event) -> None:
        link = self._link
        if link is not None and link.failure:
            self._link = None
            link.kill()  # trials go on, and nobody is to wait for what it may still do
            self._raise_failure(link)
        elif link is not None:
            link.tell(event)

    def _raise_failure(self, link: Link) -> None:
        if link.failure:
            lost = f"{counted(link.num_lost, 'run is', 'runs are')} not whole; " if link.num_lost else ""
            hint = f"{lost}the leaderboard does not need it; {sync_advice(self.folder)}"
            raise FerrayError(f"W&B cannot be written: {link.failure}", hint)
