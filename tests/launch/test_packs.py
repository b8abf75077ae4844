"""The driver's packs on another node of a real cluster, which has a cache of its own and no data set."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ferray.launch import _packs

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("driver")


@pytest.fixture(scope="module")
def got(place: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.launch.packs_on_nodes", str(place)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.ray
def test_a_node_without_the_data_has_the_drivers_images(got: dict[str, Any]) -> None:
    assert got["has_the_drivers_images"]


@pytest.mark.ray
def test_what_is_wrong_with_the_drivers_data_is_said_on_the_node(got: dict[str, Any], place: Path) -> None:
    assert got["told"].startswith(f"dataset `image_folder` is not under `{place / 'data'}`")


def test_a_worker_whose_driver_serves_nothing_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def there_is_none(name: str) -> None:
        raise ValueError(f"Failed to look up actor with name '{name}'")

    context = SimpleNamespace(get_job_id=lambda: "01000000")
    monkeypatch.setattr(_packs, "ray", SimpleNamespace(get_actor=there_is_none, get_runtime_context=lambda: context))
    assert _packs.driver_packs() is None
