"""A tunnel is there when it is asked for, opened again where it was cut, and gone at the end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ferray.cluster.head import connect
from ferray.cluster.tunnel import Tunnel, way_to
from ferray.errors import ClusterError, Unreachable
from ferray.testing.ray_head import RayHead

# In the place of `ray dashboard FILE --port PORT`: a head that asks for no token, right at the tunnel's end.
FORWARDS = """
import http.server, sys

class Head(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"authentication_mode": "disabled", "ray_version": "2.60.0"}')
    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[4])), Head).serve_forever()
"""
FAILS = "import sys; sys.exit('ssh: connect to host head.example port 22: Connection refused')"


def tunnel(code: str) -> Tunnel:
    return Tunnel(Path("onprem.yaml"), (sys.executable, "-c", code))


def test_a_tunnel_leads_to_the_head_until_it_is_closed() -> None:
    opened = tunnel(FORWARDS)
    opened.open()
    assert connect(opened.url).get("/api/version")
    opened.close()
    with pytest.raises(Unreachable):
        connect(opened.url)


def test_a_tunnel_that_was_cut_is_opened_at_the_same_end() -> None:
    opened = tunnel(FORWARDS)
    opened.open()
    opened.close()
    opened.reopen()
    opened.wait_until_open()
    assert connect(opened.url).url == opened.url
    opened.close()


def test_why_there_is_no_tunnel_is_what_ssh_said() -> None:
    with pytest.raises(ClusterError, match=r"no tunnel to the head of `onprem\.yaml`: ssh: connect to host"):
        tunnel(FAILS).open()


def test_an_address_needs_no_tunnel() -> None:
    told: list[str] = []
    with RayHead() as head, way_to(head.url, told.append) as way:
        assert (way.head.url, told) == (head.url, [])
