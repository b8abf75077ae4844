import errno
from pathlib import Path

import pytest

from ferray.errors import ConfigError, DataError, StorageError
from ferray.files.os_errors import os_errors_as, reading, writing

FULL = OSError(errno.ENOSPC, "No space left on device", "/somewhere/else")


def test_the_system_has_the_last_word_of_the_sentence() -> None:
    with pytest.raises(DataError) as caught, os_errors_as(DataError, "crops cannot be written to `/a`", "free space"):
        raise FULL
    assert (caught.value.message, caught.value.hint) == (
        "crops cannot be written to `/a`: No space left on device",
        "free space",
    )


def test_what_cannot_be_written_is_an_error_of_storage() -> None:
    with pytest.raises(StorageError, match=r"`a\.pt` cannot be written: No space"), writing(Path("a.pt")):
        raise FULL


def test_the_caller_says_which_error_it_is() -> None:
    with pytest.raises(ConfigError, match=r"`a\.yaml` cannot be read: "), reading(Path("a.yaml"), ConfigError):
        raise FULL


def test_the_cause_stays_known() -> None:
    with pytest.raises(StorageError) as caught, writing(Path("a.pt")):
        raise FULL
    assert caught.value.__cause__ is FULL


def test_an_error_without_a_number_says_what_it_has() -> None:
    with pytest.raises(StorageError, match=r"`a\.pt` cannot be written: the stream is closed"), writing("a.pt"):
        raise OSError("the stream is closed")


def test_other_errors_pass() -> None:
    with pytest.raises(ValueError, match="no number"), writing("a.pt"):
        raise ValueError("no number")
