"""Finding trials by state without looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.trial import TrialState

from ferray.study.indexed import IndexedJournalStorage
from ferray.study.journal import Journal


class Counted(Journal):
    """A journal that counts how often it is read."""

    num_reads = 0

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        self.num_reads += 1
        return super().read_logs(log_number_from)


@pytest.fixture
def journal(tmp_path: Path) -> Counted:
    (tmp_path / "study.journal").touch()
    return Counted(tmp_path / "study.journal")


def reads_of_one_look(study: optuna.Study, journal: Counted) -> int:
    study.get_trials(deepcopy=False)
    before = journal.num_reads
    study.get_trials(deepcopy=False)
    return journal.num_reads - before


def test_a_look_at_the_trials_reads_as_often_whether_one_runs_or_many(journal: Counted) -> None:
    study = optuna.create_study(storage=IndexedJournalStorage(journal))
    study.ask()
    with_one = reads_of_one_look(study, journal)
    for _ in range(20):
        study.ask()
    assert reads_of_one_look(study, journal) == with_one


def test_what_others_write_of_a_running_trial_is_seen(journal: Counted, tmp_path: Path) -> None:
    ours = optuna.create_study(storage=IndexedJournalStorage(journal), study_name="s")
    trial = ours.ask()
    assert ours.get_trials(deepcopy=False)[0].user_attrs == {}
    theirs = optuna.load_study(study_name="s", storage=JournalStorage(Journal(tmp_path / "study.journal")))
    theirs._storage.set_trial_user_attr(trial._trial_id, "said", "so")
    assert ours.get_trials(deepcopy=False)[0].user_attrs == {"said": "so"}


def test_trials_that_end_between_two_looks_are_found_by_their_state(journal: Counted) -> None:
    study = optuna.create_study(storage=IndexedJournalStorage(journal))
    trials = [study.ask() for _ in range(3)]
    assert len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) == 0
    study.tell(trials[1], 0.5)
    study.tell(trials[0], state=TrialState.FAIL)
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    assert [trial.number for trial in complete] == [1]


def test_two_studies_of_one_journal_are_kept_apart(journal: Counted) -> None:
    storage = IndexedJournalStorage(journal)
    first, second = (optuna.create_study(storage=storage, study_name=name) for name in "ab")
    trials = [study.ask() for study in (first, second)]
    first.get_trials(), second.get_trials()
    first.tell(trials[0], 1.0)
    states = [study.get_trials(deepcopy=False)[0].state for study in (first, second)]
    assert states == [TrialState.COMPLETE, TrialState.RUNNING]
