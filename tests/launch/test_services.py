"""What is changed about Ray around its start, and put back after it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ray._private import services
from ray._private.node import Node

import ferray
from ferray.launch._services import PRELOADED, needed_services


def test_no_service_is_started_that_nobody_asks_and_after_it_all_are_again() -> None:
    former = Node.start_monitor
    with needed_services(2, ["json"]):
        for start in (Node.start_monitor, Node.start_log_monitor, Node.start_api_server):
            start(None, include_dashboard=False, raise_on_failure=False)  # type: ignore[arg-type]
    assert Node.start_monitor is former


def test_as_many_processes_are_started_at_once_as_there_are_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(services, "start_ray_process", lambda command, *_, **__: asked.append(command))
    with needed_services(2, []):
        services.start_ray_process(["raylet", "--num_prestart_python_workers=64", "--head"], "raylet", fate_share=True)
    assert asked == [["raylet", "--num_prestart_python_workers=2", "--head"]]


def test_they_import_what_they_are_told_from_the_folder_of_ferray_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "theirs")
    with needed_services(1, ["json", "csv"]):
        assert os.environ[PRELOADED] == "json,csv"
        assert os.environ["PYTHONPATH"].split(os.pathsep) == ["theirs", str(Path(ferray.__file__).parent.parent)]
    assert os.environ["PYTHONPATH"] == "theirs"


def test_ray_still_has_what_is_changed() -> None:
    assert services.start_ray_process.__module__ == "ray._private.services"
    assert {"start_monitor", "start_log_monitor", "start_api_server"} <= vars(Node).keys()
