"""What Ray's words about a lost worker come to. The words are those of Ray 2.60."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    OutOfMemoryError,
    RayActorError,
    RayTaskError,
    WorkerCrashedError,
)

from ferray.events import FailureReason
from ferray.launch._worker_errors import survive_ray_errors, why_lost, words_of

CRASHED = """The actor died unexpectedly before finishing this task.
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit detail: Worker
unexpectedly exits with a connection error code 2. End of file. Some common causes include: (1) the process was killed
by the OOM killer due to high memory usage, (2) ray stop --force was called, or (3) the worker crashed unexpectedly due
to SIGSEGV or another unexpected error. If the process was killed by the kernel OOM killer (verifiable by checking for
OOM in dmesg of the OOMing node), consider enabling resource isolation via --enable-resource-isolation to prevent node
deaths by resource contention."""
NOT_INSTALLED = """The actor died because of an error raised in its creation task, ray::_TrialActor.__init__() (pid=37)
RuntimeError: The actor with name _TrialActor failed to import on the worker. This may be because needed library
dependencies are not installed in the worker environment:

ray::_TrialActor.__init__() (pid=3733, ip=192.0.2.2)
ModuleNotFoundError: No module named 'ferray'
"""
NODE = "The actor died because its node has died. Node Id: 8af8\n\tthe actor's node was terminated unexpectedly: x"
MEMORY = "ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory."
MEMORY_IN_A_START = """1 worker(s) were killed due to the node running low on memory. Memory on the node (IP: 192.0.2.2,
ID: 56cf) was 5.50GB used / 23.54GB limit (0.233451)"""


@pytest.mark.parametrize(
    ("words", "reason", "message"),
    [
        (CRASHED, FailureReason.WORKER_LOST, "its worker was lost"),
        (
            NOT_INSTALLED,
            FailureReason.WORKER_LOST,
            "its worker cannot start: ModuleNotFoundError: No module named 'ferray'",
        ),
        (NODE, FailureReason.NODE_LOST, "its node was lost"),
        (MEMORY, FailureReason.OUT_OF_MEMORY, "the node ran out of memory and Ray killed the worker"),
        (MEMORY_IN_A_START, FailureReason.OUT_OF_MEMORY, "the node ran out of memory and Ray killed the worker"),
        ("", FailureReason.WORKER_LOST, "its worker was lost"),
    ],
)
def test_end_of_a_worker_has_a_name(words: str, reason: FailureReason, message: str) -> None:
    assert why_lost(words) == (reason, message)


class Manager:
    """Stands for Tune's actor manager, as far as it looks at errors of calls."""

    def __init__(self) -> None:
        self.survived: list[Exception] = []

    def _actor_task_failed(self, *, tracked_actor_task: object, exception: Exception) -> None:
        if not isinstance(exception, RayActorError | RayTaskError):
            raise RuntimeError(f"Caught unexpected exception: {exception}")
        self.survived.append(exception)


def end_of_a_call(error: Exception) -> Exception:
    """What Tune hears of a worker's call that ends with this error."""
    manager = Manager()
    survive_ray_errors(SimpleNamespace(_actor_manager=manager))
    manager._actor_task_failed(tracked_actor_task=None, exception=error)
    return manager.survived[0]


def test_kill_by_the_memory_monitor_is_the_end_of_a_worker_and_not_of_the_sweep() -> None:
    heard = end_of_a_call(OutOfMemoryError("Task was killed due to the node running low on memory."))
    assert isinstance(heard, RayActorError)
    assert why_lost(str(heard))[0] is FailureReason.OUT_OF_MEMORY


@pytest.mark.parametrize("error", [NodeDiedError("x"), WorkerCrashedError(), LocalRayletDiedError()])
def test_other_ends_of_workers_are_no_end_of_the_sweep_either(error: Exception) -> None:
    assert isinstance(end_of_a_call(error), RayActorError)


def test_what_tune_knows_it_hears_unchanged() -> None:
    error = RayActorError()
    assert end_of_a_call(error) is error


def test_error_that_is_not_rays_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="unexpected"):
        end_of_a_call(ValueError("a bug"))


def test_words_are_those_of_the_file_that_tune_has_just_written(tmp_path: Path) -> None:
    (tmp_path / "error.txt").write_text("\x1b[36mray::_TrialActor\x1b[39m died")
    assert words_of(SimpleNamespace(error_file=str(tmp_path / "error.txt"))) == "ray::_TrialActor died"


def test_trial_without_a_file_has_no_words() -> None:
    assert words_of(SimpleNamespace(error_file=None)) == ""
