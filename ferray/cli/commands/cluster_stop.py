"""`ferray cluster stop`: end a job as Ctrl-C would, with everything saved."""

from __future__ import annotations

from ferray.cli import arguments
from ferray.cli.commands.cluster_address import ClusterAddress
from ferray.cli.commands.cluster_logs import JobName
from ferray.cli.terminal.output import print_json, say


def stop(job: JobName = None, address: ClusterAddress = None, json: arguments.Json = False) -> None:
    """End a job as Ctrl-C ends a sweep: trials save, and the same `submit` goes on later."""
    from ferray.cluster.jobs import STOP_WITHIN_S, find_job, stop_and_wait
    from ferray.cluster.tunnel import way_to

    with way_to(address, say) as way:
        found = find_job(way.head, job, running=True)
        say(f"asking `{found.id}` to end; it may save for up to {STOP_WITHIN_S} s")
        ended = stop_and_wait(way.head, found)
    if json:
        print_json(ended.to_json())
    say(f"`{ended.id}` {ended.outcome}; the same `submit` goes on where it was")
