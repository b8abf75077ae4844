"""The benchmark of the page, on a sweep of a moment and without a browser."""

from __future__ import annotations

from pathlib import Path

from bench.report import measure


def test_a_page_is_measured_by_its_bytes_and_seconds(tmp_path: Path) -> None:
    found = measure(tmp_path, 3, (2, 4), None)
    assert (found["trials"], found["bytes"]) == (3, (tmp_path / "3.html").stat().st_size)
    assert sorted(found) == ["bytes", "command_cpu_s", "epochs", "peak_mib", "render_cpu_s", "trials"]
