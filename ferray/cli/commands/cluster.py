"""`ferray cluster`: Ray on several machines, from files that come with ferray to a sweep on them."""

from __future__ import annotations

import typer

from ferray.cli.commands import (
    cluster_check,
    cluster_down,
    cluster_list,
    cluster_logs,
    cluster_render,
    cluster_status,
    cluster_stop,
    cluster_submit,
    cluster_up,
)

app = typer.Typer(help="Several machines: files for a cluster, and sweeps on it.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Several machines: files for a cluster, and sweeps on it."""


app.command("list")(cluster_list.list_kinds)
app.command("render")(cluster_render.render)
app.command("check")(cluster_check.check)
app.command("up")(cluster_up.up)
app.command("submit", context_settings=cluster_submit.PASSED_ON)(cluster_submit.submit)
app.command("status")(cluster_status.status)
app.command("logs")(cluster_logs.logs)
app.command("stop")(cluster_stop.stop)
app.command("down")(cluster_down.down)
