"""Whether a host answers, on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import URLError

import pytest

from ferray.system.network import answers, status_of

SOON = 0.2


class Refuses(BaseHTTPRequestHandler):
    """Knows no page."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def refusing() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_host_that_refuses_has_answered(refusing: str) -> None:
    assert status_of(refusing) == 404


def test_closed_port_does_not_answer() -> None:
    assert status_of("http://127.0.0.1:9") is None


def test_host_that_says_nothing_is_not_waited_for(silent: str) -> None:
    assert status_of(silent, SOON) is None


def test_name_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: forgotten.wait() and [])
    assert status_of("http://weights.example", SOON) is None
    forgotten.set()


def test_host_whose_certificate_python_does_not_take_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise URLError(ssl.SSLCertVerificationError("self-signed certificate"))

    monkeypatch.setattr("ferray.system.network.urlopen", refuse)
    assert status_of("https://mirror.example") is not None


@pytest.mark.parametrize("address", ["nonsense", "http://", "http://127.0.0.1:notaport"])
def test_what_is_no_address_does_not_answer(address: str) -> None:
    assert status_of(address) is None


def test_a_connection_that_breaks_once_is_no_proof_of_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        breaking = threading.Thread(target=_break_then_refuse, args=(listening,), daemon=True)
        breaking.start()
        assert answers(f"http://127.0.0.1:{listening.getsockname()[1]}")


def _break_then_refuse(listening: socket.socket) -> None:
    listening.accept()[0].close()
    connection, _ = listening.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_a_host_that_says_nothing_is_asked_for_no_longer_than_the_bound(silent: str) -> None:
    assert not answers(silent, SOON)
