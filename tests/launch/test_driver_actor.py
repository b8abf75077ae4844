"""What the driver offers to workers that do not see its disk, and what they make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.address import file_system_at, mount
from ferray.artifacts.local import LocalFileSystem
from ferray.artifacts.sight import readable_files
from ferray.config.job import JobBundle, TrialJob
from ferray.files.readable import lend, readable_at
from ferray.launch._driver_actor import DriverFiles, reach_files, sees_driver
from ferray.launch._driver_files import DriverFileSystem


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DriverFiles]:
    """One whose actor is none."""

    def begun(files: Any) -> None:
        files._actor = object()

    monkeypatch.setattr(DriverFiles, "_begin", begun)
    yield DriverFiles(tmp_path / "scratch")
    mount({})
    lend({})


def job_in(folder: str, **given: Any) -> TrialJob:
    return TrialJob(0, {"backbone": {"timm": {"weights": "w.pt"}}}, folder, **given)


def offered(driver: DriverFiles, job: TrialJob) -> TrialJob:
    return driver.offer(JobBundle((job,))).jobs[0]


def test_who_sees_the_folder_opens_it_as_ever(driver: DriverFiles, tmp_path: Path) -> None:
    job = offered(driver, job_in(f"{tmp_path}/trials/0000-ab"))
    reach_files(JobBundle((job,)))
    assert (sees_driver(job), type(file_system_at(job.folder))) == (True, LocalFileSystem)


def test_who_does_not_opens_the_drivers(driver: DriverFiles, tmp_path: Path) -> None:
    job = replace(offered(driver, job_in(f"{tmp_path}/trials/0000-ab")), driver="another")
    reach_files(JobBundle((job,)))
    assert (sees_driver(job), type(file_system_at(job.folder))) == (False, DriverFileSystem)


def test_the_next_bundle_is_looked_at_anew(driver: DriverFiles, tmp_path: Path) -> None:
    job = offered(driver, job_in(f"{tmp_path}/trials/0000-ab"))
    reach_files(JobBundle((replace(job, driver="another"),)))
    reach_files(JobBundle((job,)))
    assert type(file_system_at(job.folder)) is LocalFileSystem


def test_on_one_machine_nothing_is_looked_for(tmp_path: Path) -> None:
    job = job_in(f"{tmp_path}/trials/0000-ab")
    assert sees_driver(job)


def test_weights_lists_and_beginnings_may_be_read(driver: DriverFiles, tmp_path: Path) -> None:
    offered(driver, job_in(f"{tmp_path}/trials/0000-ab", init_from="/other/best.pt", exclude="/runs/excluded.csv"))
    expected = {"/other/best.pt", "/runs/excluded.csv", str(Path("w.pt").absolute())}
    assert readable_files(tmp_path / "trials", driver.identity) == expected


def test_they_are_read_from_the_driver_where_trials_lie_at_an_address(driver: DriverFiles) -> None:
    job = offered(driver, job_in("s3://faces/runs/sfew/trials/0000-ab", exclude="/runs/excluded.csv"))
    reach_files(JobBundle((job,)))
    assert isinstance(file_system_at("/runs"), DriverFileSystem)
    assert str(readable_at("w.pt")) == str(Path("w.pt").absolute())


def test_they_are_found_by_a_worker_that_was_started_elsewhere_on_the_drivers_disk(
    driver: DriverFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.pt").touch()
    job = offered(driver, job_in(f"{tmp_path}/trials/0000-ab"))
    monkeypatch.chdir("/")
    reach_files(JobBundle((job,)))
    assert readable_at("w.pt") == tmp_path / "w.pt"
