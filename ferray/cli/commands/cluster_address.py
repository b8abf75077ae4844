"""The option by which every command finds a cluster that runs."""

from __future__ import annotations

from typing import Annotated

import typer

ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="URL|FILE",
        help="Where the dashboard of the head answers; or a file of `ray up`, to whose head a tunnel is opened. "
        "Else $RAY_API_SERVER_ADDRESS, else http://127.0.0.1:8265.",
    ),
]
