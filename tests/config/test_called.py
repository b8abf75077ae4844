"""What `--name` calls a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.called import called_by, name_like
from ferray.errors import ResumeMismatch


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`runs`, here, with the sweeps `mine` and `other name`."""
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "other name"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "place.json").touch()
    return Path("runs")


@pytest.mark.parametrize("name", ["mine", "runs/mine", "./runs/mine/", "mine/"])
def test_a_sweep_is_called_by_its_name_or_its_folder(output: Path, name: str) -> None:
    assert called_by(name, output) == (output, "mine")


@pytest.mark.usefixtures("output")
def test_a_sweep_elsewhere_goes_on_where_it_is(tmp_path: Path) -> None:
    assert called_by(str(tmp_path / "runs" / "mine"), Path("others")) == (tmp_path / "runs", "mine")


@pytest.mark.parametrize("name", ["new", "mine2", "a/b", "two words"])
def test_what_is_no_sweep_yet_is_left_as_it_is(output: Path, name: str) -> None:
    assert called_by(name, output) == (output, name)


@pytest.mark.parametrize("name", ["other name", "runs/other name"])
def test_a_sweep_of_a_name_that_none_can_have_is_told_how_to_rename_it(output: Path, name: str) -> None:
    with pytest.raises(ResumeMismatch) as caught:
        called_by(name, output)
    assert caught.value.hint == "`mv 'runs/other name' runs/other-name`, then `--name other-name`"


def test_a_folder_that_is_there_is_not_offered(output: Path) -> None:
    (output / "other-name").mkdir()
    with pytest.raises(ResumeMismatch, match="runs/other-name-2`, then `--name other-name-2`"):
        called_by("other name", output)


@pytest.mark.parametrize(
    ("text", "name"), [("my set", "my-set"), ("(a) b!", "a-b"), ("é", "my-sweep"), ("train", "train-sweep")]
)
def test_a_name_is_offered_that_is_nearest_to_the_one_typed(text: str, name: str) -> None:
    assert name_like(text) == name
