"""A W&B server on the loopback address that keeps what it is sent, and can be slow, broken, strict, or gone."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from ferray.testing.wandb_faults import Fault, Faults
from ferray.testing.wandb_replies import Record, answered, stream

Reply = tuple[int, dict[str, Any]]


class WandbServer:
    """The stand-in, as a context manager. `url` is what WANDB_BASE_URL takes.

    `delay_s` is waited before every answer; `error` answers everything with that status; `refuses_key` answers 401 to
    GraphQL. All three may be changed while it runs, and `faults` drawn for each request besides. `stop` makes the port
    answer nobody.
    """

    def __init__(
        self,
        *,
        delay_s: float = 0.0,
        error: int | None = None,
        refuses_key: bool = False,
        faults: Faults | None = None,
        record: Record | None = None,
    ) -> None:
        self.delay_s = delay_s
        self.error = error
        self.refuses_key = refuses_key
        self.faults = faults
        self.record = record or Record()
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

    def meet(self) -> Fault:
        """What the next request meets."""
        with self.lock:
            drawn = self.faults.draw() if self.faults else Fault()
        return Fault(self.delay_s + drawn.delay_s, drawn.status or self.error, drawn.breaks)

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """One request that nothing goes wrong with, answered."""
        with self.lock:
            if path == "/graphql":
                return self._graphql(json.loads(body))
            if "/file_stream" in path:
                return 200, stream(self.record, path.split("/")[-2], json.loads(body))
            if method == "PUT":
                self.record.files.add(path.removeprefix("/uploads/"))
        return 200, {}

    def _graphql(self, asked: dict[str, Any]) -> Reply:
        if self.refuses_key:
            return 401, {"errors": [{"message": "user is not logged in"}]}
        found = re.search(r"(?:query|mutation)\s+(\w+)", asked.get("query", ""))
        operation = found[1] if found else ""
        return 200, {"data": answered(self.record, operation, asked.get("variables") or {}, self.url)}


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
            fault = server.meet()
            time.sleep(fault.delay_s)
            status, document = fault.status or 0, {"error": "so it is told to"}
            if not status:
                status, document = server.answer(self.command, self.path, body)
            if fault.breaks:
                self.close_connection = True
                return
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text if self.command != "HEAD" else b"")

        do_HEAD = do_GET = do_POST = do_PUT = _serve  # noqa: N815 (the base class asks for these names)

        def log_message(self, *_: object) -> None: ...

    return Handler
