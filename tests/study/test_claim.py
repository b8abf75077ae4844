"""One folder, one study: which study a folder goes on with, and who is told that it is another's."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from ferray.config.entry import Entry
from ferray.config.place import JOURNAL_NAME, Place
from ferray.errors import ResumeMismatch
from ferray.study.claim import mark, study_of
from ferray.study.records import SPEC_ATTR

URL = "postgresql://db/ferray"


@pytest.fixture
def store() -> BaseStorage:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return InMemoryStorage()


def begin(store: BaseStorage, name: str, *, by_ferray: bool = True) -> None:
    study = optuna.create_study(storage=store, study_name=name)
    if by_ferray:
        study.set_user_attr(SPEC_ATTR, {})


def in_journal(name: str, study: str = "") -> Place:
    return Place(Path("runs") / name, study or name)


def in_database(folder: Path, study: str = "demo", identity: str = "ours") -> Place:
    return Place(folder, study, URL, identity=identity, seen=(str(folder), "here", 1))


def test_an_empty_store_begins_a_study_of_the_folders_name(store: BaseStorage) -> None:
    assert study_of(store, in_journal("demo")) == "demo"


def test_a_renamed_folder_goes_on_with_its_study(store: BaseStorage) -> None:
    begin(store, "demo")
    assert study_of(store, in_journal("mine")) == "demo"


def test_of_two_studies_the_one_of_the_folders_name_goes_on(store: BaseStorage) -> None:
    begin(store, "demo")
    begin(store, "mine")
    assert study_of(store, in_journal("mine")) == "mine"


def test_of_two_studies_a_renamed_folder_remembers_its_own(store: BaseStorage) -> None:
    begin(store, "demo")
    begin(store, "mine")
    assert study_of(store, in_journal("third", study="mine")) == "mine"


def test_two_studies_and_a_folder_of_neither_name_are_refused(store: BaseStorage) -> None:
    begin(store, "demo")
    begin(store, "mine")
    with pytest.raises(ResumeMismatch, match="holds the sweeps `demo`, `mine`, and none of that name"):
        study_of(store, in_journal("third"))


def test_a_foreign_study_is_not_adopted(store: BaseStorage) -> None:
    begin(store, "theirs", by_ferray=False)
    with pytest.raises(ResumeMismatch, match="a study `theirs` that was not written by ferray"):
        study_of(store, in_journal("demo"))


def test_a_study_of_another_folder_is_refused_and_said_whose_it_is(store: BaseStorage, tmp_path: Path) -> None:
    begin(store, "demo")
    mark(store, in_database(tmp_path / "theirs", identity="theirs"))
    with pytest.raises(ResumeMismatch, match=f"the sweep `demo` of `{tmp_path / 'theirs'}` on here"):
        study_of(store, in_database(tmp_path / "ours"))


def test_a_study_of_another_folder_can_be_taken_over(store: BaseStorage, tmp_path: Path) -> None:
    begin(store, "demo")
    mark(store, in_database(tmp_path / "theirs", identity="theirs"))
    assert study_of(store, in_database(tmp_path / "ours"), Entry.TAKE_OVER) == "demo"


def test_a_renamed_folder_finds_its_study_in_the_database(store: BaseStorage, tmp_path: Path) -> None:
    begin(store, "demo")
    mark(store, in_database(tmp_path / "demo"))
    assert study_of(store, in_database(tmp_path / "mine", study="demo")) == "demo"


def test_a_study_that_nobody_has_marked_is_gone_on_with(store: BaseStorage, tmp_path: Path) -> None:
    begin(store, "demo")
    assert study_of(store, in_database(tmp_path / "demo")) == "demo"


def test_a_store_that_has_lost_the_study_does_not_begin_it_anew(store: BaseStorage, tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).touch()
    with pytest.raises(ResumeMismatch, match="holds no study `demo`"):
        study_of(store, in_database(tmp_path))
