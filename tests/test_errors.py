from __future__ import annotations

import pytest

from ferray.errors import (
    BadSampleError,
    CheckpointError,
    ClusterError,
    ConfigError,
    DataError,
    FerrayError,
    ResumeMismatch,
    StorageError,
    SweepFailed,
    UnknownComponent,
    did_you_mean,
)


def test_the_hint_stands_on_a_line_of_its_own() -> None:
    assert str(DataError("`x.png` cannot be read", "delete it")) == "`x.png` cannot be read\nhint: delete it"


def test_without_a_hint_the_message_stands_alone() -> None:
    assert str(DataError("`x.png` cannot be read")) == "`x.png` cannot be read"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FerrayError, 1),
        (ConfigError, 2),
        (UnknownComponent, 2),
        (ResumeMismatch, 2),
        (DataError, 3),
        (BadSampleError, 3),
        (CheckpointError, 3),
        (StorageError, 3),
        (SweepFailed, 4),
        (ClusterError, 5),
    ],
)
def test_exit_codes_are_those_of_the_documentation(error: type[FerrayError], code: int) -> None:
    assert error.exit_code == code


def test_a_misspelt_name_is_offered_its_neighbour() -> None:
    assert did_you_mean("focla", ["focal", "none"]) == "did you mean `focal`?"


def test_a_name_near_nothing_is_offered_all_of_them() -> None:
    assert did_you_mean("xyz", ["none", "focal"]) == "known names: focal, none"


def test_where_nothing_is_known_there_is_no_hint() -> None:
    assert did_you_mean("xyz", []) == ""
