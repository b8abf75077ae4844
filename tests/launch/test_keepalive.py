"""How soon Ray misses an answer that was lost on a cut link; `make cluster-test` cuts one."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import ferray.launch.ray
from ray._raylet import Config
print(Config.grpc_client_keepalive_time_ms(), Config.grpc_client_keepalive_timeout_ms())
"""
ONE_A_MINUTE_MS = 60_000  # servers of Ray hang up on those who ask more often


def test_the_driver_misses_a_lost_answer_within_a_minute_and_a_half() -> None:
    place = {name: value for name, value in os.environ.items() if "keepalive" not in name}
    asked = subprocess.run([sys.executable, "-c", SCRIPT], env=place, capture_output=True, text=True, check=True)
    every_ms, patience_ms = (int(word) for word in asked.stdout.split())
    assert (every_ms > ONE_A_MINUTE_MS, every_ms + patience_ms <= 90_000) == (True, True)
