"""`ferray cluster logs`: what a job prints, from its first line on, wherever this command was started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import Exit

from ferray.cli.commands.cluster_address import ClusterAddress
from ferray.cli.terminal.output import say, show_text
from ferray.text.commands import command

if TYPE_CHECKING:
    from ferray.cluster.tunnel import Way

NO_PYTHON = (126, 127)  # of a shell that finds no command

JobName = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]", help="A job, or a sweep for its latest; else the latest of all.", show_default=False
    ),
]


def logs(
    job: JobName = None,
    address: ClusterAddress = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Whether to go on until the job ends.")] = True,
) -> None:
    """Print a job's log, and follow it to its end; the exit code is then that of the sweep. Ctrl-C ends this alone."""
    from ferray.cluster.jobs import find_job, log_of
    from ferray.cluster.tunnel import way_to

    with way_to(address, say) as way:
        found = find_job(way.head, job)
        if not follow:
            show_text(log_of(way.head, found.id))
            return
        code = follow_to_end(way, found.id)
    raise Exit(code)


def how_to_go_on(way: Way, job: str) -> str:
    """Which commands find the job again."""
    words = (job, *way.option)
    return f"`{command('cluster logs', *words)}` follows it, `{command('cluster stop', *words)}` ends it"


def follow_to_end(way: Way, job: str) -> int:
    """Print the log of a job until it ends; its exit code. Ctrl-C leaves the job as it is, and says how to go on."""
    from ferray.cluster.following import Follower

    try:
        ended = Follower(way.head, show_text, say, reconnect=way.reopen).follow(job)
    except KeyboardInterrupt:
        say(f"the job goes on: {how_to_go_on(way, job)}")
        raise
    say(f"`{job}` {ended.outcome}")
    if ended.driver_exit_code in NO_PYTHON:
        say("hint: have `python` with ferray's packages on the PATH of what starts Ray on the head")
    return ended.exit_code
