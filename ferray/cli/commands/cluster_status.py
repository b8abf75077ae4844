"""`ferray cluster status`: nodes, GPUs, jobs, and what waits for what."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ferray.cli import arguments
from ferray.cli.commands.cluster_address import ClusterAddress
from ferray.cli.terminal.output import print_json, say, show
from ferray.text.counting import gibibytes

if TYPE_CHECKING:
    from ferray.cluster.jobs import Job
    from ferray.cluster.status import ClusterStatus, Node

NODE_COLUMNS = ("node", "", "CPUs", "GPUs", "memory", "type")
JOB_COLUMNS = ("job", "state", "for")


def status(address: ClusterAddress = None, json: arguments.Json = False) -> None:
    """Show a cluster: its nodes and how much of them is taken, its jobs, and what a sweep waits for and why."""
    from ferray.cluster.status import read_status
    from ferray.cluster.tunnel import way_to

    with way_to(address, say) as way:
        found = read_status(way.head)
        notes = way.head.notes
    if json:
        print_json(found.to_json())
        return
    _print(found)
    for note in notes:
        say(f"note: {note}")


def _print(found: ClusterStatus) -> None:
    from ferray.cli.terminal.plain_table import print_table
    from ferray.cli.terminal.tables import stdout_console

    nodes = [_cells(node) for node in found.nodes]
    out = stdout_console()
    print_table(out, NODE_COLUMNS, nodes, right=("CPUs", "GPUs", "memory"))
    if found.jobs:
        print_table(out, JOB_COLUMNS, [(_name(job), job.status.lower(), _age(job)) for job in found.jobs[:10]])
    for waiting in found.waiting:
        show(waiting.sentence)
    for line in found.autoscaler:
        show(line)
    if not found.waiting:
        show("nothing waits for resources")


def _cells(node: Node) -> tuple[str, ...]:
    memory = gibibytes(int(node.resources.get("memory", 0)))
    return node.ip, "head" if node.is_head else "", node.of("CPU"), node.of("GPU"), memory, node.accelerator


def _name(job: Job) -> str:
    return job.id if job.sweep else f"{job.id}: {job.entrypoint}"[:80]


def _age(job: Job) -> str:
    if job.started is None:
        return "-"
    minutes = ((job.ended or time.time()) - job.started) / 60
    return f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"
