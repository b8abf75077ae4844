"""What a Ray of a sweep's own consists of: no service that nobody asks, and workers that begin with their imports."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ray._private import services
from ray._private.node import Node

from ferray.launch._clusters import own_cluster
from ferray.launch._connection import connected
from ferray.launch._session_folder import session_folder
from ferray.system.cores import num_cores
from ferray.system.environment import with_variables

# Nothing is scaled on one machine, nothing of a worker's output is shown, and no page is opened: each is a Python
# process that takes a second of a core while the sweep's workers import torch. Ray has no public way to leave them out.
_UNASKED = ("start_monitor", "start_log_monitor", "start_api_server")
_AT_ONCE = "--num_prestart_python_workers="  # of the raylet, which starts one a core otherwise
PRELOADED = "RAY_preload_python_modules"  # a setting of Ray's, of modules with commas between
_INSTALLED = ("site-packages", "dist-packages")


@contextmanager
def ray_of_this_machine(num_workers: int, imports: Sequence[str]) -> Iterator[Path]:
    """Around a Ray that is up and connected to, with as many cores as there are; the folder of its temporary files."""
    with session_folder() as folder, own_cluster(folder) as options, ExitStack() as stack:
        with needed_services(num_workers, imports):
            stack.enter_context(connected({**options, "num_cpus": num_cores()}))
        yield folder


@contextmanager
def needed_services(num_workers: int, imports: Sequence[str]) -> Iterator[None]:
    """Around `ray.init`: without what nobody asks, and with `num_workers` processes that import modules at once.

    The first actors get those processes, as long as they ask for no environment of their own.
    """
    kept = {name: getattr(Node, name) for name in _UNASKED}
    start = services.start_ray_process

    def start_fewer(command: list[str], *given: Any, **options: Any) -> Any:
        asked = [f"{_AT_ONCE}{num_workers}" if part.startswith(_AT_ONCE) else part for part in command]
        return start(asked, *given, **options)

    try:
        for name in _UNASKED:
            setattr(Node, name, _start_nothing)
        services.start_ray_process = start_fewer
        with with_variables({PRELOADED: ",".join(imports), "PYTHONPATH": _python_path()}):
            yield
    finally:
        services.start_ray_process = start
        for name, method in kept.items():
            setattr(Node, name, method)


def _start_nothing(*_: Any, **__: Any) -> None:
    """In the place of what starts a service."""


def _python_path() -> str | None:
    """With the folder of a checkout, which a process that has no job yet would not look into."""
    given, home = os.environ.get("PYTHONPATH"), Path(__file__).parents[2]
    if home.name in _INSTALLED:
        return given
    return os.pathsep.join([*filter(None, [given]), str(home)])
