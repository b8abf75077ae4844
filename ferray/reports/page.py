"""The page itself: `render` makes it, `write_report` puts it where it is wanted, whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ferray.config.place import DataPlace
from ferray.errors import DataError
from ferray.files.atomic import write_text
from ferray.files.os_errors import writing
from ferray.reports.contents import contents_of
from ferray.reports.template import filled
from ferray.results.sweep import Sweep
from ferray.study.garbage_collection import no_collection


def render(sweep: Sweep, *, data: DataPlace | None = None, made: datetime | None = None) -> str:
    """The sweep as one HTML document that asks nobody for anything, as of now or `made`.

    Removed samples have pictures where `data` is given and is what was trained on.
    """
    with no_collection():
        return filled(contents_of(sweep, made or datetime.now(UTC), data))


def write_report(sweep: Sweep, path: Path, *, data: DataPlace | None = None, made: datetime | None = None) -> Path:
    """Replace `path` by the page of a sweep, making its folder; DataError where it cannot be written."""
    text = render(sweep, data=data, made=made)
    with writing(path, DataError, "choose another file with `--to`"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    return path
