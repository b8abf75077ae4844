"""A W&B server on the loopback address that keeps what it is sent, and can be slow, broken, strict, or gone."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Reply = tuple[int, dict[str, Any]]
ENTITY = "somebody"


@dataclass
class Record:
    """What the server was sent, by run id: `rows` of history, the last of the `summaries`, exit codes in `ended`.

    `requests` are GraphQL operations in order, `files` the names of uploads as `run/name`, `tables` those of artifacts.
    """

    requests: list[str] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    tables: list[str] = field(default_factory=list)


class WandbServer:
    """The stand-in, as a context manager. `url` is what WANDB_BASE_URL takes.

    `delay_s` is waited before every answer; `error` answers everything with that status; `refuses_key` answers 401 to
    GraphQL. All three may be changed while it runs. `stop` makes the port answer nobody.
    """

    def __init__(self, *, delay_s: float = 0.0, error: int | None = None, refuses_key: bool = False) -> None:
        self.delay_s = delay_s
        self.error = error
        self.refuses_key = refuses_key
        self.record = Record()
        self.lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, name="wandb-server", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> WandbServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port; what was kept stays."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """One request, answered."""
        time.sleep(self.delay_s)
        if self.error is not None:
            return self.error, {"error": "so it is told to"}
        if path == "/graphql":
            asked = json.loads(body)
            return self._graphql(asked.get("query", ""), asked.get("variables") or {})
        if "/file_stream" in path:
            return self._file_stream(path.split("/")[-2], json.loads(body))
        if method == "PUT":
            self.record.files.add(path.removeprefix("/uploads/"))
        return 200, {}

    def _graphql(self, query: str, variables: dict[str, Any]) -> Reply:
        if self.refuses_key:
            return 401, {"errors": [{"message": "user is not logged in"}]}
        found = re.match(r"\s*(?:query|mutation)?\s*(\w*)", query)
        operation = found[1] if found else ""
        self.record.requests.append(operation)
        reply = _REPLIES.get(operation)
        return 200, {"data": reply(self, variables) if reply else {}}

    def _file_stream(self, run: str, body: dict[str, Any]) -> Reply:
        files: dict[str, Any] = body.get("files") or {}
        history = files.get("wandb-history.jsonl", {}).get("content", ())
        self.record.rows[run] += [json.loads(line) for line in history]
        for line in files.get("wandb-summary.json", {}).get("content", ()):
            self.record.summaries[run] = json.loads(line)
        if body.get("complete"):
            self.record.ended[run] = body.get("exitcode", 0)
        return 200, {"limits": {}}


def _project(asked: dict[str, Any]) -> dict[str, Any]:
    return {"id": "p", "name": asked.get("project"), "entity": {"id": "e", "name": ENTITY}}


def _resume_status(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    known = server.record.runs.get(asked.get("name", ""))
    if known is None:
        return {
            "model": {"id": "p", "name": asked.get("project"), "entity": {"id": "e", "name": ENTITY}, "bucket": None}
        }
    rows = server.record.rows[asked["name"]]
    bucket = {
        "id": f"id-{asked['name']}",
        "name": asked["name"],
        "summaryMetrics": json.dumps(server.record.summaries.get(asked["name"], {})),
        "displayName": known.get("displayName"),
        "logLineCount": 0,
        "historyLineCount": len(rows),
        "eventsLineCount": 0,
        "historyTail": json.dumps([json.dumps(row) for row in rows[-1:]]),
        "eventsTail": "[]",
        "config": known.get("config") or "{}",
        "tags": known.get("tags") or [],
        "wandbConfig": "{}",
    }
    return {"model": {**_project(asked), "bucket": bucket}}


def _upsert(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    name = asked.get("name") or asked.get("id")
    is_new = name not in server.record.runs
    kept = server.record.runs.setdefault(str(name), {})
    kept.update({key: value for key, value in asked.items() if value is not None})
    project = {"id": "p", "name": asked.get("project"), "entity": {"id": "e", "name": ENTITY}}
    bucket = {"id": f"id-{name}", "name": name, "displayName": asked.get("displayName"), "project": project}
    extra = {
        "description": None,
        "config": "{}",
        "sweepName": None,
        "historyLineCount": len(server.record.rows[str(name)]),
    }
    return {"upsertBucket": {"bucket": {**bucket, **extra}, "inserted": is_new}}


def _create_files(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    run = str(asked.get("run"))
    files = [{"name": name, "uploadUrl": f"{server.url}/uploads/{run}/{name}"} for name in asked.get("files") or ()]
    return {"createRunFiles": {"runID": f"id-{run}", "uploadHeaders": [], "files": files}}


def _create_artifact(server: WandbServer, asked: dict[str, Any]) -> dict[str, Any]:
    """Claims to have had it before, so that its files are not sent."""
    kept = {"id": "a", "state": "COMMITTED", "artifactSequence": {"latestArtifact": {"id": "a"}}}
    server.record.tables.append(str(asked["input"]["artifactCollectionName"]))
    return {"createArtifact": {"artifact": kept}}


_SOMEBODY = {"id": "u", "entity": ENTITY, "username": ENTITY, "flags": "{}", "teams": {"edges": []}}
_REPLIES: dict[str, Callable[[WandbServer, dict[str, Any]], dict[str, Any]]] = {
    "Viewer": lambda *_: {"viewer": _SOMEBODY},
    "RunResumeStatus": _resume_status,
    "UpsertBucket": _upsert,
    "CreateRunFiles": _create_files,
    "CreateArtifact": _create_artifact,
    "ArtifactType": lambda *_: {"project": {"artifact": None}},
    "RunStoppedStatus": lambda *_: {"project": {"run": {"stopped": False}}},
    "ServerInfo": lambda *_: {"serverInfo": {"cliVersionInfo": {}, "latestLocalVersionInfo": None, "features": []}},
}


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Nothing: clients that hang up are no news."""


def _handler(server: WandbServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status, document = server.answer(self.command, self.path, body)
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text if self.command != "HEAD" else b"")

        do_HEAD = do_GET = do_POST = do_PUT = _serve  # noqa: N815 (the base class asks for these names)

        def log_message(self, *_: object) -> None: ...

    return Handler
