"""The lock of a sweep's folder where the disk does not take it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.errors import ClusterError
from ferray.sweeps.driver_lock import LOCK_NAME, only_driver


def test_a_lock_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).mkdir()  # the system refuses to open it, as on a disk without room for another file
    with pytest.raises(ClusterError, match="cannot be written: Is a directory"), only_driver(tmp_path):
        pass
