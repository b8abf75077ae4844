"""`ferray data`: data sets made ready and looked through before anything is trained on them."""

from __future__ import annotations

import typer

from ferray.cli.commands import data_audit, data_clean, data_prepare, data_show

app = typer.Typer(help="Make data sets ready, and look through them.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make data sets ready, and look through them."""


app.command("show")(data_show.show)
app.command("audit")(data_audit.audit)
app.command("prepare")(data_prepare.prepare)
app.command("clean")(data_clean.clean)
