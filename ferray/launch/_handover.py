"""`Handover`: messages from Tune's thread to the loop's, one at a time, each answered before Tune goes on."""

from __future__ import annotations

import queue
import threading
from typing import Generic, TypeVar

Message = TypeVar("Message")


class Abandoned(BaseException):
    """Ends Tune's thread without its clean-up; no Exception, which Tune would catch and take for a trial's."""


class Handover(Generic[Message]):
    """A meeting of two threads: `pass_on` returns when the other has dealt with the message and asks for another."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._answered = threading.Semaphore(0)
        self._is_held = False
        self._is_abandoned = False

    def pass_on(self, message: Message) -> None:
        """Tune's side: have the loop deal with a message. Raises Abandoned where it never will."""
        self.refuse_abandoned()
        self._messages.put(message)
        self._answered.acquire()
        self.refuse_abandoned()

    def refuse_abandoned(self) -> None:
        """Tune's side: Abandoned where nobody waits for its messages any more."""
        if self._is_abandoned:
            raise Abandoned

    def next(self, within_s: float) -> Message | None:
        """The loop's side: let Tune go on after the message before, and wait so long for another."""
        self.release()
        try:
            message = self._messages.get(timeout=within_s) if within_s else self._messages.get_nowait()
        except queue.Empty:
            return None
        self._is_held = True
        return message

    def release(self) -> None:
        """The loop's side: let Tune go on."""
        if self._is_held:
            self._is_held = False
            self._answered.release()

    def abandon(self) -> None:
        """The loop's side: whatever Tune has to say, nobody hears it."""
        self._is_abandoned = True
        self._answered.release()
