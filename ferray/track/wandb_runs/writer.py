"""Writes the run of one trial on a thread of its own, so that several may be open, or closing, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any

from ferray.events import EpochReport, OutcomeKind, SweepStarted, TrialEnded, TrialStarted
from ferray.track.wandb_runs.client import Client
from ferray.track.wandb_runs.open_run import OpenRun, RunEnd
from ferray.track.wandb_runs.payload import (
    OUTCOME,
    RUNNING,
    RunFacts,
    Standing,
    confusion_rows,
    facts_of,
    summary_of,
    tags_with,
)

MOST_OPEN = 32  # runs at once: those beyond wait with what they were told

_NOT_ENDED = (OutcomeKind.FAILED, OutcomeKind.INTERRUPTED)  # what W&B shows as failed


class RunWriter:
    """The run of one trial. It is told of epochs and the end, and waits for nothing; `ended` hears how it went.

    `ended` is called on the writer's thread, with None or with what went wrong. `after` is the writer of an earlier
    attempt at the same run, which has to be closed first. As many are open at once as there are `slots`.
    """

    def __init__(
        self,
        client: Client,
        facts: RunFacts,
        ended: Callable[[Exception | None], None],
        *,
        slots: BoundedSemaphore,
        after: RunWriter | None = None,
    ) -> None:
        self._client = client
        self._facts = facts
        self._ended = ended
        self._slots = slots
        self._after = after
        self._told: SimpleQueue[EpochReport | TrialEnded | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=f"ferray-wandb-{facts.id}", daemon=True)
        self._thread.start()

    def tell(self, event: EpochReport | TrialEnded | None) -> None:
        """An epoch or the end; None where the trial was left running."""
        self._told.put(event)

    def join(self) -> None:
        """Wait until the run is closed, or given up."""
        self._thread.join()

    def _run(self) -> None:
        if self._after is not None:
            self._after.join()
            self._after = None
        trouble: Exception | None = None
        with self._slots:
            try:
                self._write()
            except Exception as error:  # recorded: what is not written here is brought by `sync`
                trouble = error
        self._ended(trouble)

    def _write(self) -> None:
        tags = tags_with(self._facts.tags, outcome=RUNNING, standing=Standing())
        opened = self._client.open(self._facts, tags=tags)
        opened.begin()
        while isinstance(event := self._told.get(), EpochReport):
            opened.log(event)
        opened.finish(left_running(self._facts, opened) if event is None else end_of(self._facts, event, opened))


def writer_of(
    client: Client,
    sweep: SweepStarted,
    trial: TrialStarted,
    ended: Callable[[Exception | None], None],
    **kwargs: Any,
) -> RunWriter:
    """The writer of a trial that begins."""
    facts = facts_of(sweep, trial, tags=client.place.tags, notes=client.place.notes)
    return RunWriter(client, facts, ended, **kwargs)


def end_of(facts: RunFacts, trial: TrialEnded, opened: OpenRun) -> RunEnd:
    """The end of a trial's run as the store has it; where it stands among others is not known yet."""
    best = trial.best
    outcome = trial.outcome.kind
    return RunEnd(
        summary=summary_of(trial.entry, Standing()),
        tags=tags_with(facts.tags, outcome=str(outcome), standing=Standing()),
        confusion=confusion_rows(best.classes, best.confusion) if best else (),
        removed=opened.all_removed(),
        exit_code=exit_code(str(outcome)),
    )


def left_running(facts: RunFacts, opened: OpenRun) -> RunEnd:
    """The end of a run whose trial was left running: the sweep was stopped."""
    outcome = str(OutcomeKind.INTERRUPTED)
    tags: Sequence[str] = tags_with(facts.tags, outcome=outcome, standing=Standing())
    return RunEnd({OUTCOME: outcome}, tags, removed=opened.all_removed(), exit_code=exit_code(outcome))


def exit_code(outcome: str) -> int:
    """What makes W&B show a run as failed where its trial did not come to an end of its own."""
    return int(outcome in map(str, _NOT_ENDED) or outcome == "orphaned")
