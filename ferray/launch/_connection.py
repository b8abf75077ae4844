"""A connection to Ray: to the services that it starts for it, or to those that are there."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import ray

from ferray.errors import ClusterError
from ferray.launch._address import not_joined
from ferray.launch._clusters import hide_arguments
from ferray.launch._limits import what_to_try
from ferray.launch._signals import heard_at_once
from ferray.system.signals import stops_kept


@contextlib.contextmanager
def connected(options: dict[str, Any], tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """A connection to the cluster that `options` lead to; `tell` says that a Ctrl-C is heard."""
    hide_arguments()
    try:
        with stops_kept(), heard_at_once(lambda: tell("stopping: as soon as Ray answers, within seconds")):
            # ray.init puts a handler of SIGTERM in place that exits at once.
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray raises a plain one where its processes do not come up
        raise _not_started(error, options["address"]) from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # the traceback of a lost worker, which has a line of ours
    try:
        yield
    finally:
        ray.shutdown()


def _not_started(error: Exception, address: str) -> ClusterError:
    reason = (str(error).strip() or type(error).__name__).split("\n", 1)[0]
    if address == "local":
        return ClusterError(f"Ray does not start on this machine: {reason}", what_to_try())
    return not_joined(str(error), address)
