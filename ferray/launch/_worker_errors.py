"""What took a trial's worker away, as far as Ray's words tell."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ray.exceptions import RayActorError, RayError, RayTaskError

from ferray.events import FailureReason

_OUT_OF_MEMORY = re.compile(r"OutOfMemoryError|memory on the node|due to the node running low on memory")
# The words about a worker that crashed mention "node deaths" too, as what may be prevented.
_NODE_LOST = re.compile(r"its node has died|node was terminated|NODE_DIED|preempted", re.IGNORECASE)
_CANNOT_START = re.compile(r"error raised in its creation task|failed to import on the worker")
_LACKS = re.compile(r"ModuleNotFoundError|ImportError|failed to import on the worker|cannot open shared object file")
_ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|NotFound)\b.*", re.MULTILINE)
UNKNOWN_LOSS = (FailureReason.WORKER_LOST, "its worker was lost")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def words_of(trial: Any) -> str:
    """What Ray says of the end of a Tune trial's worker; "" where it says nothing.

    Tune has just written it to a local file; `trial.get_error()` looks where that file is copied to later.
    """
    with suppress(OSError, TypeError):
        return _COLOURS.sub("", Path(trial.error_file).read_text(encoding="utf-8", errors="replace"))
    return ""


def survive_ray_errors(tune_controller: Any) -> None:
    """Have Tune take every error of Ray's in a worker's call for the end of that worker.

    It knows those of actors and of tasks. At any other, as when the memory monitor kills a worker in mid-training, it
    raises, and the whole sweep would end. It has no public way to be told, so that ferray reaches into Tune:
    `tune_controller` is what Tune hands to a scheduler, the loop itself or a wrapper of it.
    """
    controller = getattr(tune_controller, "_tune_controller", tune_controller)
    manager = controller._actor_manager
    fail = manager._actor_task_failed

    def as_lost_worker(*, tracked_actor_task: Any, exception: Exception) -> None:
        if isinstance(exception, RayError) and not isinstance(exception, RayActorError | RayTaskError):
            exception = RayActorError(error_msg=f"{type(exception).__name__}: {exception}")
        fail(tracked_actor_task=tracked_actor_task, exception=exception)

    manager._actor_task_failed = as_lost_worker


def cannot_start_there(words: str) -> bool:
    """Whether the node is such that no worker of ours starts on it, whatever the trial."""
    return bool(_CANNOT_START.search(words) and _LACKS.search(words))


def why_lost(words: str) -> tuple[FailureReason, str]:
    """The name and the sentence for a worker's end."""
    if _OUT_OF_MEMORY.search(words):
        return FailureReason.OUT_OF_MEMORY, "the node ran out of memory and Ray killed the worker"
    if _NODE_LOST.search(words):
        return FailureReason.NODE_LOST, "its node was lost"
    if _CANNOT_START.search(words):
        errors = _ERROR.findall(words)
        return FailureReason.WORKER_LOST, f"its worker cannot start: {errors[-1] if errors else 'see its error file'}"
    return UNKNOWN_LOSS
