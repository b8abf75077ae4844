"""What keeps an embedded Ray from starting on this machine: limits of the shell, and no room for its files."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

from ferray.errors import ClusterError

LEAST_FILE_BYTES = 128 * 2**20  # the object store's, in shared memory
LEAST_ROOM_BYTES = 64 * 2**20  # of logs and sockets
_LIMITS = {
    "-v": (resource.RLIMIT_AS, "memory"),
    "-u": (resource.RLIMIT_NPROC, "processes"),
    "-n": (resource.RLIMIT_NOFILE, "open files"),
}
_ENOUGH = {"-v": 1 << 44, "-u": 4096, "-n": 1024}


def refuse_no_room(folder: Path) -> None:
    """ClusterError, at once, where Ray would try for minutes: its files have no room, or may not be large enough."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_ROOM_BYTES:
        message = f"`{folder}` has `{free / 2**20:.1f}` MiB of room, Ray's files need `{LEAST_ROOM_BYTES >> 20}`"
        raise ClusterError(message, "make room there, set TMPDIR to another folder, or pass `--launcher inline`")
    most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if 0 <= most < LEAST_FILE_BYTES:
        message = f"this shell lets no file grow beyond `{most >> 10}` KiB, Ray needs `{LEAST_FILE_BYTES >> 10}`"
        raise ClusterError(message, "raise the limit with `ulimit -f unlimited`, or pass `--launcher inline`")


def what_to_try() -> str:
    """The hint where Ray has not started on this machine: the limit that is low, else what needs no Ray."""
    for option, (limit, of) in _LIMITS.items():
        most, _ = resource.getrlimit(limit)
        if 0 <= most < _ENOUGH[option]:
            return f"this shell limits {of} (`ulimit {option}` says so): raise that, or pass `--launcher inline`"
    return "run it again when the machine has less to do, or pass `--launcher inline`, which needs no Ray"
