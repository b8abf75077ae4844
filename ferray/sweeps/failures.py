"""`FailurePolicy`: how much may go wrong before a sweep is given up, and the error that it ends with then."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from ferray.errors import ClusterError, FerrayError, SweepFailed
from ferray.events import FailureReason, Outcome, OutcomeKind
from ferray.text.counting import counted

LEAST_LOSSES = 12
LOSSES_PER_SLOT = 3
PLACE = -1  # in the place of a trial that lost its worker: it was none's fault


@dataclass
class FailurePolicy:
    """What has gone wrong in a row: trials that failed for one reason, workers lost before any epoch ended.

    `max_retries` and `max_failures` are those of `Runtime`. A trial whose worker was lost is not to blame where other
    trials lose theirs too and no epoch ends anywhere: it is asked again, until `most_losses` end the sweep.
    """

    max_retries: int
    max_failures: int
    most_losses: int = LEAST_LOSSES
    _no_room: str = ""  # what the first trial said that found the disk full
    _failures: list[FailureReason | None] = field(default_factory=list)  # the latest ones, all of one reason
    _lost: list[int] = field(default_factory=list)  # the roots of trials whose worker was lost since an epoch ended
    _last_loss: Outcome | None = None
    _places_lost: Counter[int] = field(default_factory=Counter)  # by root, since an epoch of its own ended

    def expect(self, slots: int) -> None:
        """So many workers may be lost at once by one event, a node or a whole cluster that goes away."""
        self.most_losses = max(LEAST_LOSSES, LOSSES_PER_SLOT * slots)

    def epoch_ended(self, root: int) -> None:
        """Somewhere a worker works, and trains the trial of that root."""
        self._lost.clear()
        self._places_lost.pop(root, None)

    def disk_is_full(self, failure: Outcome) -> Outcome:
        """The outcome of a trial that can do nothing for it."""
        self._no_room = failure.message
        return replace(failure, kind=OutcomeKind.INTERRUPTED, is_blameless=True)

    def worker_lost(self, failure: Outcome, *, root: int, retries: int, is_alone: bool) -> Outcome:
        """The outcome of a trial, asked again `retries` times before, that has lost its worker or its disk.

        `is_alone`: no other trial runs, which could show that the disk is well.
        """
        self._lost.append(root)
        self._last_loss = failure
        of_all = is_alone and failure.reason is FailureReason.STORAGE
        if of_all or any(other != root for other in self._lost):
            return replace(failure, kind=OutcomeKind.INTERRUPTED, is_blameless=True)
        return replace(failure, kind=OutcomeKind.INTERRUPTED if retries < self.max_retries else OutcomeKind.FAILED)

    def bundle_lost(self, failure: Outcome, *, root: int) -> None:
        """A worker was lost with several trials, of which `root` stands for all: one loss, and nobody's fault."""
        self._lost.append(root)
        self._last_loss = failure

    def place_lost(self, failure: Outcome) -> None:
        """A place was lost with its trials, who are not to blame; where no epoch ends at any other, that goes on."""
        self._lost.append(PLACE)
        self._last_loss = failure

    def without_place(self, failure: Outcome, *, root: int) -> Outcome:
        """The outcome of a trial whose place was lost: asked again, unless it seems to take each place with it."""
        self._places_lost[root] += 1
        if (count := self._places_lost[root]) <= LEAST_LOSSES:
            return replace(failure, kind=OutcomeKind.INTERRUPTED, is_blameless=True)
        return replace(failure, message=f"{failure.message}, {count} times before one epoch of this trial ended")

    def trial_ended(self, outcome: Outcome) -> None:
        """Count failures in a row; an interrupted trial has not ended."""
        if outcome.kind is OutcomeKind.INTERRUPTED:
            return
        if outcome.kind is not OutcomeKind.FAILED or (self._failures and self._failures[-1] is not outcome.reason):
            self._failures.clear()
        if outcome.kind is OutcomeKind.FAILED:
            self._failures.append(outcome.reason)

    @property
    def is_over(self) -> bool:
        """Whether the sweep starts no more trials."""
        too_many = len(self._failures) > self.max_failures or len(self._lost) >= self.most_losses
        return bool(self._no_room) or too_many

    @property
    def why(self) -> str:
        """The reason why it is over, for the user."""
        if self._no_room:
            return f"the disk is full: {self._no_room}"
        if len(self._failures) > self.max_failures:
            reason = self._failures[-1]
            return f"{counted(len(self._failures), 'trial')} in a row failed: {reason.value if reason else 'unknown'}"
        assert self._last_loss is not None, "it is over for a reason"
        what = "a disk failed" if self._last_loss.reason is FailureReason.STORAGE else "workers were lost"
        return f"{what} {counted(len(self._lost), 'time')} before one epoch ended, at last: {self._last_loss.message}"

    def error(self, lists_failed: str) -> FerrayError:
        """What the sweep ends with; `lists_failed` is the command that does."""
        listing = f"`{lists_failed}` lists them"
        if self._no_room or len(self._failures) > self.max_failures:
            return SweepFailed(self.why, f"{listing}; mend that and run the same command again")
        if self._last_loss is not None and self._last_loss.reason is FailureReason.STORAGE:
            hint = "mend that disk, or choose one that every node has, and run the same command again"
            return ClusterError(self.why, hint)
        if self._last_loss is not None and self._last_loss.reason is FailureReason.OUT_OF_MEMORY:
            return ClusterError(self.why, f"fewer `--max-concurrent` leave more memory to each; {listing}")
        advice = "`dmesg` says whether the kernel killed them for memory, then fewer `--max-concurrent` help"
        return ClusterError(self.why, f"{listing} with what is known; {advice}")
