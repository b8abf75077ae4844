"""The head of a Ray cluster as its dashboard answers, on the loopback address, with answers that a test has written."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

GIB = 2**30


class RayHead:
    """The stand-in, as a context manager.

    `answers` are documents by path, an int among them a status without one, a URL where another server answers.

    Where `token` is given it asks for it as Ray does. `asked` keeps the method and path of each request.
    """

    def __init__(self, answers: dict[str, Any] | None = None, *, token: str = "") -> None:
        self.token = token
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {
            "/api/authentication_mode": {"authentication_mode": "token" if token else "disabled"},
            "/api/version": {"version": "4", "ray_version": "2.60.0"},
            **(answers or {}),
        }
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> RayHead:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, authorization: str) -> tuple[int, Any]:
        """The status and the document for a request."""
        if self.token and path != "/api/authentication_mode" and authorization != f"Bearer {self.token}":
            return (403 if authorization else 401), None
        found = self.answers.get(path, 404)
        if isinstance(found, str) and found.startswith("http"):
            return 302, found
        return (found, None) if isinstance(found, int) else (200, found)


def listed(*entries: dict[str, Any]) -> dict[str, Any]:
    """What Ray's state API answers with."""
    return {"result": True, "data": {"result": {"total": len(entries), "result": list(entries)}}}


def node(ip: str = "10.0.0.2", *, head: bool = False, **resources: float) -> dict[str, Any]:
    """A living node as Ray's state API lists it; its id is its address."""
    total = {"CPU": 4.0, "memory": 16.0 * GIB, **resources}
    return {
        "node_id": ip,
        "node_ip": ip,
        "is_head_node": head,
        "state": "ALIVE",
        "resources_total": total,
        "labels": {},
    }


def job(name: str, status: str = "RUNNING", *, sweep: str = "sfew", **more: Any) -> dict[str, Any]:
    """A job as Ray's jobs API tells of it."""
    known = {"submission_id": name, "job_id": "01000000", "status": status, "entrypoint": "exec python -m ferray"}
    return {**known, "start_time": 1_000, "end_time": None, "metadata": {"ferray_sweep": sweep}, **more}


def _handler(head: RayHead) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = urlsplit(self.path).path
            head.asked.append(f"{self.command} {path}")
            status, document = head.answer(path, self.headers.get("Authorization", ""))
            content = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", document)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    return Handler
