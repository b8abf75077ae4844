"""Following a job's log from anywhere, across cut connections, to its end: each of its characters once."""

from __future__ import annotations

import time
from collections.abc import Callable

from ferray.cluster.head import Head
from ferray.cluster.jobs import Job, job_of, log_of
from ferray.errors import Unreachable

PATIENCE_S = 900.0  # with a head that does not answer
PAUSE_S = 1.0
CHARACTERS_A_SECOND = 200_000  # that are asked for again and again: a long log is asked for less often
LONGEST_PAUSE_S = 30.0


class Follower:
    """Hands a job's log to `write`, what becomes of the connection to `tell`; `reconnect` mends it where that is gone.

    Ray's server gives a log whole: what has been written is passed over.
    """

    def __init__(
        self,
        head: Head,
        write: Callable[[str], None],
        tell: Callable[[str], None],
        *,
        reconnect: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._head = head
        self._write = write
        self._tell = tell
        self._reconnect = reconnect
        self._sleep = sleep
        self._now = now
        self._written = 0
        self._lost_since: float | None = None

    def follow(self, job_id: str) -> Job:
        """The job at its end, with its whole log written; Unreachable where the head has been silent for too long."""
        while True:
            job = self._look(job_id)
            if job is not None and job.has_ended:
                return job
            self._sleep(min(LONGEST_PAUSE_S, max(PAUSE_S, self._written / CHARACTERS_A_SECOND)))

    def _look(self, job_id: str) -> Job | None:
        try:
            job = job_of(self._head, job_id)  # first, so that the log of a job that has ended is read at its end
            self.write_from(log_of(self._head, job_id))
        except Unreachable as error:
            self._wait_for(error)
            return None
        if self._lost_since is not None:
            self._tell("the head answers again")
            self._lost_since = None
        return job

    def write_from(self, log: str) -> None:
        """Write what the log has more than was written."""
        if len(log) > self._written:
            self._write(log[self._written :])
            self._written = len(log)

    def _wait_for(self, error: Unreachable) -> None:
        if self._lost_since is None:
            self._lost_since = self._now()
            self._tell(f"{error.message}: trying again; the job does not depend on it")
        elif self._now() - self._lost_since > PATIENCE_S:
            raise error
        self._reconnect()
