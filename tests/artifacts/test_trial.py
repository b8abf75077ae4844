import errno
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pytest

from ferray.artifacts.address import file_at
from ferray.artifacts.file_system import ArtifactFile, FileSystem
from ferray.artifacts.trial import TrialArtifacts, best_checkpoint_in
from ferray.errors import ConfigError, StorageError
from ferray.files.atomic import hidden_beside
from ferray.testing.memory_files import MemoryFileSystem


class FailingDisk(MemoryFileSystem):
    """Has what another one has, and does not give its history."""

    def __init__(self, files: FileSystem) -> None:
        super().__init__(f"memory://{uuid4().hex}")
        for name in files.names():
            self.append(name, ArtifactFile(files, name).read_bytes())

    def open(self, name: str) -> BinaryIO:
        if name == "history.jsonl":
            raise OSError(errno.EIO, "Input/output error")
        return super().open(name)


@pytest.fixture(params=["local", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> TrialArtifacts:
    root = str(tmp_path) if request.param == "local" else f"memory://{uuid4().hex}"
    return TrialArtifacts.at(f"{root}/trials/0000-ab")


@pytest.fixture
def earlier(artifacts: TrialArtifacts) -> TrialArtifacts:
    """A former attempt beside it."""
    return TrialArtifacts.at(f"{artifacts.address.removesuffix('0000-ab')}0001-cd")


def put(artifacts: TrialArtifacts, *names: str) -> None:
    artifacts.make()
    for name in names:
        getattr(artifacts, name).write_text(f"its {name}")


def test_an_attempt_that_never_began_has_nothing(artifacts: TrialArtifacts) -> None:
    assert (artifacts.last.exists(), artifacts.best.exists(), artifacts.folds()) == (False, False, [])


def test_a_file_has_an_address_that_leads_back_to_it(artifacts: TrialArtifacts) -> None:
    put(artifacts, "last")
    assert file_at(str(artifacts.last)).read_bytes() == b"its last"


def test_a_checkpoint_leads_to_what_lies_beside_it(artifacts: TrialArtifacts) -> None:
    put(artifacts, "best", "config")
    assert TrialArtifacts.around(str(artifacts.best)).config.read_bytes() == b"its config"


def test_folds_are_counted_in_their_order(artifacts: TrialArtifacts) -> None:
    for number in (10, 2):
        put(artifacts.fold(number), "history")
    assert [fold.address.rpartition("/")[2] for fold in artifacts.folds()] == ["fold-2", "fold-10"]


def test_a_fold_has_ended_once_its_best_weights_are_there(artifacts: TrialArtifacts) -> None:
    put(artifacts.fold(0), "best")
    put(artifacts.fold(1), "last")
    assert artifacts.num_folds_ended() == 1


def test_what_a_trial_goes_on_from_is_deleted_with_that_of_its_folds(artifacts: TrialArtifacts) -> None:
    put(artifacts, "last", "best")
    put(artifacts.fold(1), "last", "best")
    artifacts.discard_last()
    assert [(part.last.exists(), part.best.exists()) for part in artifacts.parts()] == [(False, True)] * 2


def test_best_weights_are_deleted_with_those_of_folds(artifacts: TrialArtifacts) -> None:
    put(artifacts, "last", "best")
    put(artifacts.fold(1), "last", "best")
    artifacts.discard_best()
    assert [(part.last.exists(), part.best.exists()) for part in artifacts.parts()] == [(True, False)] * 2


def test_all_of_another_attempt_can_be_taken_over(artifacts: TrialArtifacts, earlier: TrialArtifacts) -> None:
    put(earlier, "config", "history", "best")
    artifacts.take_over(earlier)
    assert (artifacts.files.names(), artifacts.best.read_bytes()) == (earlier.files.names(), b"its best")


def test_nothing_can_be_taken_over_of_what_is_not_there(artifacts: TrialArtifacts, earlier: TrialArtifacts) -> None:
    artifacts.take_over(earlier)
    assert artifacts.files.names() == []


def test_what_was_copied_halfway_does_not_look_whole(artifacts: TrialArtifacts, earlier: TrialArtifacts) -> None:
    put(earlier, "best", "history")
    with pytest.raises(StorageError):
        artifacts.take_over(TrialArtifacts(FailingDisk(earlier.files)))
    assert not artifacts.best.exists()


def test_a_stop_is_asked_for_and_acknowledged(artifacts: TrialArtifacts) -> None:
    artifacts.make()
    artifacts.request_stop()
    assert TrialArtifacts.at(artifacts.address).stop_is_requested()
    artifacts.acknowledge_stop()
    assert not artifacts.stop_is_requested()


def test_a_stop_that_cannot_be_asked_for_is_not(tmp_path: Path) -> None:
    artifacts = TrialArtifacts.at(str(tmp_path / "gone" / "0000-ab"))
    artifacts.request_stop()
    assert not artifacts.stop_is_requested()


def test_a_place_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        TrialArtifacts.at(str(tmp_path / "file" / "0000-ab")).make()


def test_a_folder_where_no_other_node_looks_is_not_shared(tmp_path: Path) -> None:
    assert not TrialArtifacts.at(str(tmp_path / "gone" / "0000-ab")).files.is_shared()


def test_deleting_takes_along_what_killed_writers_left(tmp_path: Path) -> None:
    artifacts = TrialArtifacts.at(str(tmp_path))
    hidden_beside(tmp_path / "last.pt").write_bytes(b"half")
    artifacts.last.delete()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_of_address_is_named() -> None:
    with pytest.raises(ConfigError, match="`memori` is no kind of storage that ferray knows"):
        TrialArtifacts.at("memori://sweep/trials/0000-ab")


def test_the_record_names_best_weights_below_the_sweep() -> None:
    assert best_checkpoint_in("trials/0000-ab") == "trials/0000-ab/best.pt"
