"""A job sees ferray, the spaces and what its options name; nothing else of the folder leaves this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.cluster.working_dir import MOST_BYTES_OF_A_FILE, sent_as, working_dir_of
from ferray.errors import ConfigError

PLANTED = (".env", ".netrc", "id_rsa", "credentials.json", "data/SFEW/a.png", "runs/sfew/place.json", "list.csv")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    for name in (*PLANTED, "search_spaces/mine.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("planted")
    monkeypatch.chdir(folder)
    return folder


def sent(named: list[Path], to: Path) -> set[str]:
    """What lies in the job's folder beside ferray's own package."""
    working_dir_of(named).write(to)
    paths = (path.relative_to(to) for path in to.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if path.parts[0] != "ferray"}


def test_no_data_and_no_secret_of_the_folder_is_sent(tmp_path: Path) -> None:
    assert sent([], tmp_path / "job") == {"search_spaces/mine.yaml"}


def test_a_file_that_is_named_is_sent_under_its_path(tmp_path: Path) -> None:
    assert "list.csv" in sent([Path("list.csv")], tmp_path / "job")


def test_a_file_from_elsewhere_has_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("")
    assert sent_as(tmp_path / "other.csv") == "given/other.csv"


def test_two_files_of_one_name_from_elsewhere_are_refused(tmp_path: Path) -> None:
    files = [tmp_path / name / "list.csv" for name in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_text("")
    with pytest.raises(ConfigError, match="cannot both be sent"):
        working_dir_of(files)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(MOST_BYTES_OF_A_FILE + 1)
    with pytest.raises(ConfigError, match="are sent with a job"):
        working_dir_of([tmp_path / "large.csv"])


def test_ferray_goes_along_with_its_spaces_and_without_what_python_made(tmp_path: Path) -> None:
    sent([], tmp_path / "job")
    package = tmp_path / "job" / "ferray"
    assert (package / "_shipped" / "search_spaces" / "demo.yaml").is_file()
    assert list(package.rglob("*.pyc")) == []


def test_the_same_job_is_the_same_package(tmp_path: Path) -> None:
    assert sent([], tmp_path / "one") == sent([], tmp_path / "two")
