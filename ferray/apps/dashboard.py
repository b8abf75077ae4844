"""optuna-dashboard over a sweep, on this machine alone and read-only, for `ferray dashboard`."""

from __future__ import annotations

import errno
import json
import socketserver
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from ferray.config.optional_package import not_imported
from ferray.errors import ConfigError
from ferray.results.leaderboard import Leaderboard, rank
from ferray.results.progress import with_progress
from ferray.results.selection import selection_effects
from ferray.results.trial_intervals import value_interval
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.commands import install_extra
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.study.dashboard_view import Told, WsgiApplication

LOOPBACK = "127.0.0.1"
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
READ_ONLY = "this dashboard only shows the sweep: nothing is written to its store"
READING = ("GET", "HEAD")


@dataclass(frozen=True)
class Dashboard:
    """A server that listens already; `serve` answers until it is interrupted."""

    server: WSGIServer
    study_id: int

    @property
    def url(self) -> str:
        """Where the sweep is shown."""
        return f"http://{LOOPBACK}:{self.server.server_port}/dashboard/studies/{self.study_id}"

    def serve(self) -> None:
        """Answer requests until KeyboardInterrupt, which ends it, and give the port back."""
        try:
            with warnings.catch_warnings(), suppress(KeyboardInterrupt):
                warnings.simplefilter("ignore")  # what Optuna thinks of few trials, at every look
                self.server.serve_forever(poll_interval=0.2)
        finally:
            self.server.server_close()


def refuse_missing() -> None:
    """ConfigError where optuna-dashboard is not installed."""
    if find_spec("optuna_dashboard") is None:
        raise ConfigError("optuna-dashboard is not installed", f"`{install_extra('dashboard')}`")


def open_dashboard(folder: Path, storage: str | None, port: int) -> Dashboard:
    """The dashboard of the sweep in `folder` on a port of the loopback, any free one for 0.

    ConfigError where somebody else has the port, or it is not to be had; what reading a store raises.
    """
    try:
        from ferray.study.dashboard_view import SweepView, dashboard_of
    except ImportError as error:
        raise not_imported("optuna-dashboard", error, f"`{install_extra('dashboard')}`") from error
    view = SweepView(folder, storage, lambda record: told_of(with_progress(record, folder)))
    try:
        server = _Server((LOOPBACK, port), _QuietHandler)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is in use" if error.errno == errno.EADDRINUSE else "is not for everybody"
        raise ConfigError(
            f"port `{port}` {why}", "choose another with `--port`, or any free one with `--port 0`"
        ) from error
    server.set_app(guarded(dashboard_of(view)))
    return Dashboard(server, view.study_id)


def guarded(application: WsgiApplication) -> WsgiApplication:
    """The application for requests that only read, and that were addressed to this machine.

    A page from elsewhere whose name was made to point here sends its own name: it is refused.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = str(environ.get("HTTP_HOST", ""))
        if (host if host.endswith("]") else host.rpartition(":")[0] or host) not in LOCAL_NAMES:
            return _refused(start_response, "this dashboard answers to this machine alone")
        if environ.get("REQUEST_METHOD") not in READING:
            return _refused(start_response, READ_ONLY)
        return application(environ, start_response)

    return answer


def _refused(start_response: Callable[..., Any], reason: str) -> list[bytes]:
    body = json.dumps({"reason": reason}).encode()
    start_response("403 Forbidden", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's asks a name server for this host's name
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a browser that goes away in the middle of an answer is no news."""


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked of the dashboard is no news."""


def told_of(record: SweepRecord) -> Told:
    """What the dashboard says of a sweep: its objective and luck, and how each trial ended and what it rests on."""
    from ferray.study.dashboard_view import Told

    board = rank(record)
    ranks = {trial.number: place for place, trial in enumerate(board.complete, start=1)}
    luck = selection_effects(board).sentences()
    heading = f"{board.metric}, {'highest' if board.mode == 'max' else 'lowest'} first; {_outcomes(board)}"
    return Told(
        study={"objective": f"{board.metric} ({board.mode})", "outcomes": _outcomes(board)},
        note="\n\n".join([heading, *luck]),
        columns={trial.number: _columns(trial, ranks.get(trial.number), board.metric) for trial in board.trials},
        notes={trial.number: _note(trial, ranks.get(trial.number), board.metric) for trial in board.trials},
    )


def _outcomes(board: Leaderboard) -> str:
    return ", ".join(f"{count} {ending}" for ending, count in board.endings.items()) or "no trials yet"


def _columns(trial: TrialRecord, place: int | None, metric: str) -> dict[str, Any]:
    interval = value_interval(trial, metric)
    found = {
        "outcome": trial.ending,
        "rank": place,
        "epochs": trial.epochs,
        "epochs asked": trial.epochs_asked,
        "best epoch": trial.best_epoch or None,
        "low": round(interval[0], 4) if interval else None,
        "high": round(interval[1], 4) if interval else None,
        "n": trial.num_val or None,
        "recipe": trial.recipe,
        "message": trial.message,
        "asked again as": trial.superseded_by,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _note(trial: TrialRecord, place: int | None, metric: str) -> str:
    interval = value_interval(trial, metric)
    around = f" [{interval[0]:.3f}–{interval[1]:.3f}]" if interval else ""
    rests_on = f" on {counted(trial.num_val, 'validation image')}" if trial.num_val else ""
    so_far = "" if trial.state == "complete" else " so far"
    lines = [
        f"**{trial.ending}** after {trial.epochs} of {counted(trial.epochs_asked, 'epoch')}",
        f"{metric}{so_far} {trial.value:.3f}{around}{rests_on}" if trial.value is not None else "",
        f"rank {place}, by its epoch {trial.best_epoch}" if place else "",
        f"its parameters were asked again as trial {trial.superseded_by}" if trial.superseded_by is not None else "",
        _plain(trial.message),
        f"recipe `{trial.recipe}` in `{trial.folder}`" if trial.recipe else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _plain(text: str) -> str:
    """Words of others on a line, in which Markdown sees nothing of its own."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+-!|~" else letter for letter in " ".join(text.split()))
