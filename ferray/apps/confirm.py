"""`ferray confirm`: finalists of a search trained anew with fresh seeds, judged on the test split, and compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ferray.apps.confirm_plan import Trainings
from ferray.apps.confirm_request import ConfirmRequest
from ferray.apps.listener_group import ListenerGroup
from ferray.apps.sweep import plan_request, run_request
from ferray.config.place import is_sweep
from ferray.events import Listener

if TYPE_CHECKING:
    from ferray.results.confirmation import Confirmation
    from ferray.sweeps.plan import Plan


def plan_confirmation(request: ConfirmRequest, listeners: Sequence[Listener]) -> Plan:
    """Check, and refuse whatever a start would: the plan of the trainings that are still to come."""
    plan, _ = plan_request(request.sweep, listeners)
    return plan


def run_confirmation(request: ConfirmRequest, listeners: Sequence[Listener]) -> Confirmation | None:
    """Train what is not trained yet, judge what is not judged yet, and write what was found.

    None where the time budget was spent before all trainings had ended. SweepFailed where none completed.
    """
    audience = ListenerGroup(listeners)
    with _begun(request.trainings):
        record = run_request(request.sweep, listeners)
    from ferray.apps.confirm_judge import judge_finalists

    return judge_finalists(request, record, audience)


@contextmanager
def _begun(trainings: Trainings) -> Iterator[None]:
    """The folder of the trainings with what they are of; gone again where the sweep in it does not begin."""
    trainings.remember()
    try:
        yield
    finally:
        if not is_sweep(trainings.folder):
            with suppress(OSError):
                shutil.rmtree(trainings.folder)
