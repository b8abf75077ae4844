"""`Listeners`: those who watch a sweep, told one after another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ferray.errors import FerrayError
from ferray.events import Listener, TrialStarted
from ferray.study.study import Trial
from ferray.text.sanitize import visible


def warn(line: str) -> None:
    """One line for the person who started the sweep."""
    with suppress(OSError, ValueError):  # nobody may be listening any more: `2>&1 | head`, a closed terminal
        print(visible(f"warning: {line}"), file=sys.stderr, flush=True)


@dataclass
class Listeners:
    """The listeners of a sweep. One that raises is warned about once and switched off."""

    listeners: list[Listener]
    tell_user: Callable[[str], None] = warn

    def invite(self, name: str, build: Callable[[], Listener]) -> None:
        """Add a listener; one that cannot be built is left out with a warning, unless it was asked for wrongly."""
        try:
            self.listeners.append(build())
        except FerrayError:
            raise
        except Exception as error:
            self.tell_user(f"the tracker {name} is left out: {_words(error)}")

    def close(self) -> None:
        """Let everybody write what is left."""
        self.notify("close")

    def notify(self, act: str, *message: object) -> None:
        """Call `act` on every listener that still listens."""
        for listener in list(self.listeners):
            try:
                getattr(listener, act)(*message)
            except Exception as error:
                self.listeners.remove(listener)
                name = type(listener).__name__
                self.tell_user(f"the tracker {name} is switched off: {_words(error)}")
                if act != "close":
                    with suppress(Exception):  # it has failed already; closing frees its terminal and its threads
                        listener.close()


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, FerrayError) else f"{type(error).__name__}: {error}"


def trial_started(trial: Trial, folder: str) -> TrialStarted:
    """What listeners hear of a trial that was asked, whose files lie at the address `folder`."""
    return TrialStarted(
        number=trial.number,
        recipe=trial.recipe,
        epochs=trial.config.epochs_in_all,
        params=trial.params,
        config=trial.config.to_json(),
        folder=folder,
        root=trial.root,
        earlier=trial.resume_folders,
    )
