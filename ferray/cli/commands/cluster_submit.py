"""`ferray cluster submit`: a sweep as a job of a cluster, which goes on without this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import Exit

from ferray.cli import arguments
from ferray.cli.commands import cluster_logs, sweep
from ferray.cli.commands.cluster_address import ClusterAddress
from ferray.cli.terminal.output import print_json, say, show

if TYPE_CHECKING:
    from ferray.apps.cluster_job import JobRequest

PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def submit(
    context: typer.Context,
    space: arguments.Space,
    address: ClusterAddress = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Whether to print the job's log until it ends.")
    ] = True,
    requirements: Annotated[
        Path | None,
        typer.Option("--requirements", metavar="FILE", help="Pinned packages that every node installs for this job."),
    ] = None,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="Take a cluster with another Ray or Python than the pinned ones.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be handed in, and stop.")] = False,
    json: arguments.Json = False,
) -> None:
    """Run a sweep as a job of a cluster. Every other option is one of `ferray sweep`, and is read by it.

    The job is the head's: it goes on when this command or this machine ends. Sent are ferray itself, the search space
    and the files that options name; no data, no other file and no variable of this machine.
    """
    asked = _read_by_sweep(space, context.args)
    from ferray.apps.cluster_job import request_job

    request = request_job(space, context.args, asked, requirements)
    if dry_run:
        _print_request(request, json=json)
        return
    from ferray.cluster.extra import refuse_missing
    from ferray.cluster.jobs import submit as hand_in
    from ferray.cluster.pins import refuse_unpinned
    from ferray.cluster.tunnel import way_to

    refuse_missing("submit")
    with way_to(address, say) as way:
        for note in way.head.notes:
            say(f"note: {note}")
        if not unpinned:
            refuse_unpinned(way.head)
        with request.working_dir.written() as folder:  # gone before the log is followed, which may be killed
            job = hand_in(way.head, request.submission, folder)
        say(f"the job is `{job}`; {request.working_dir.sentence}")
        if request.is_placed_by_the_head:
            say("results lie on the head, where its FERRAY_RUNS says or in `~/runs`: `--output` names another place")
        if json:
            print_json({"job": job, **request.to_json()})
        if json or not follow:
            say(cluster_logs.how_to_go_on(way, job))
            return
        code = cluster_logs.follow_to_end(way, job)
    raise Exit(code)


def _read_by_sweep(space: str, words: Sequence[str]) -> dict[str, Any]:
    """The options of `ferray sweep` as it reads them, and its errors for those that it does not know."""
    app = typer.Typer(add_completion=False)
    app.command("sweep")(sweep.sweep)
    found = typer.main.get_command(app)
    return dict(found.make_context("sweep", [space, *words]).params)


def _print_request(request: JobRequest, *, json: bool) -> None:
    if json:
        print_json(request.to_json())
        return
    show(request.submission.entrypoint)
    say(request.working_dir.sentence)
    for requirement in request.submission.requirements:
        say(f"installed on every node: {requirement}")
    say("a dry run: nothing was handed in")
