"""What `ferray[cluster]` brings, asked for before anything is done without it."""

from __future__ import annotations

from importlib.util import find_spec

from ferray.errors import ClusterError
from ferray.text.commands import command, install_extra

NEEDED = ("aiohttp", "aiohttp_cors")  # of Ray's jobs and of its launcher


def refuse_missing(verb: str) -> None:
    """ClusterError with the command that installs it, where Ray is here without what `ferray cluster` needs."""
    if any(find_spec(name) is None for name in NEEDED):
        message = f"`{command(f'cluster {verb}')}` needs Ray's launcher and jobs, which are not installed"
        raise ClusterError(message, f"`{install_extra('cluster')}` installs them")
