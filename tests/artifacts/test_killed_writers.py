"""Whoever is killed while a trial's files are written leaves each of them whole, or as it was."""

from pathlib import Path

import pytest

from ferray.artifacts.claim import claim
from ferray.artifacts.history import EpochLog, history_line, read_lines
from ferray.artifacts.trial import TrialArtifacts
from ferray.testing.fake_sweep import TRIALS
from ferray.testing.kills import killed_at
from ferray.testing.trials import demo_config

FIRST, SECOND, _ = TRIALS[0].reports
FEW, MANY = range(1, 10), range(1, 30)  # acts on the disk, more than what is killed in them takes


def written(artifacts: TrialArtifacts) -> TrialArtifacts:
    """A trial that has ended, with all of its files."""
    claim(artifacts, demo_config())
    EpochLog(artifacts).restart([history_line(FIRST)])
    artifacts.last.write_text("former")
    artifacts.best.write_text("best")
    return artifacts


@pytest.fixture
def artifacts(tmp_path: Path) -> TrialArtifacts:
    return written(TrialArtifacts.at(str(tmp_path / "0000-ab")))


@pytest.mark.parametrize("number", FEW)
def test_a_checkpoint_is_the_former_or_the_next(artifacts: TrialArtifacts, number: int) -> None:
    killed_at(number, lambda: artifacts.last.write_text("next"))
    assert artifacts.last.read_bytes() in (b"former", b"next")
    assert artifacts.files.names() == ["best.pt", "config.json", "history.jsonl", "last.pt"]


@pytest.mark.parametrize("number", FEW)
def test_a_history_that_is_put_back_has_whole_lines(artifacts: TrialArtifacts, number: int) -> None:
    killed_at(number, lambda: EpochLog(artifacts).restart([history_line(FIRST), history_line(SECOND)]))
    assert read_lines(artifacts)[0] == history_line(FIRST)


@pytest.mark.parametrize("number", FEW)
def test_a_claim_can_be_made_again(artifacts: TrialArtifacts, number: int) -> None:
    killed_at(number, lambda: claim(artifacts, demo_config()))
    claim(artifacts, demo_config())


@pytest.mark.parametrize("number", MANY)
def test_what_looks_like_an_end_that_was_taken_over_is_one(artifacts: TrialArtifacts, number: int) -> None:
    own = TrialArtifacts.at(f"{artifacts.address}-again")
    killed_at(number, lambda: own.take_over(artifacts))
    assert not own.best.exists() or own.files.names() == artifacts.files.names()


@pytest.mark.parametrize("number", FEW)
def test_deleting_goes_on_where_it_was_killed(artifacts: TrialArtifacts, number: int) -> None:
    killed_at(number, artifacts.discard_best)
    artifacts.discard_best()
    assert (artifacts.best.exists(), artifacts.last.read_bytes()) == (False, b"former")


def test_the_acts_are_enough_to_reach_the_end_of_each(artifacts: TrialArtifacts) -> None:
    own = TrialArtifacts.at(f"{artifacts.address}-again")
    assert not killed_at(MANY[-1], lambda: own.take_over(artifacts))


def test_a_writer_is_killed_before_its_file_is_there(artifacts: TrialArtifacts) -> None:
    assert killed_at(2, lambda: artifacts.last.write_text("next"))  # after the hidden file, before the rename
    assert artifacts.last.read_bytes() == b"former"
