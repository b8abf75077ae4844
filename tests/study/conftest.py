"""A PostgreSQL server for the tests of this folder, where the distribution's packages have one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

SCRIPT = Path(__file__).parents[1] / "postgres.sh"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a server of these tests' own, or of the one that FERRAY_TEST_POSTGRES names."""
    if "FERRAY_TEST_POSTGRES" in os.environ:
        yield os.environ["FERRAY_TEST_POSTGRES"]
        return
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    command = [str(SCRIPT), "sh", "-c", 'echo "$FERRAY_TEST_POSTGRES"; read -r _']
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as script:
        assert script.stdin is not None
        assert script.stdout is not None
        assert script.stderr is not None
        url = script.stdout.readline().strip()
        if not url:
            pytest.skip(f"no PostgreSQL could be started: {script.stderr.read().strip()}")
        yield url
        script.stdin.close()  # ends `read`, and with it the server


@pytest.fixture
def closed_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stores are closed by a command's end; here the collector would find them open, and leases go on renewing."""
    monkeypatch.setattr("ferray.study.lease.RENEW_EVERY_S", 1e6)
    opened: list[Any] = []

    def keep(connection: Any, _: Any) -> None:
        opened.append(connection)

    sqlalchemy.event.listen(sqlalchemy.Pool, "connect", keep)
    yield
    sqlalchemy.event.remove(sqlalchemy.Pool, "connect", keep)
    for connection in opened:
        connection.close()
