"""Who may drive a study."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import optuna
import pytest

from ferray.errors import ClusterError, ConfigError
from ferray.study.lease import LEASE_ATTR, STALE_AFTER_S, Lease
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.testing.curves import small_spec

NOW = 1000.0


@pytest.fixture
def study(tmp_path: Path) -> optuna.Study:
    return optuna.create_study(storage=open_store(tmp_path), study_name="leased")


def held_by(study: optuna.Study, **changes: Any) -> None:
    other = {"token": "other", "host": "elsewhere", "pid": 1, "born": 1.0, "renewed": NOW}
    study.set_user_attr(LEASE_ATTR, {**other, **changes})


def lease(study: optuna.Study, *, now: float = NOW) -> Lease:
    return Lease(study, clock=lambda: now)


def test_study_without_an_owner_is_taken(study: optuna.Study) -> None:
    taken = lease(study)
    taken.take()
    assert study.user_attrs[LEASE_ATTR]["pid"] == os.getpid()
    taken.release()


def test_released_study_is_free(study: optuna.Study) -> None:
    first = lease(study)
    first.take()
    first.release()
    assert study.user_attrs[LEASE_ATTR] == {}


def test_live_owner_on_another_host_is_respected(study: optuna.Study) -> None:
    held_by(study)
    with pytest.raises(ConfigError, match="process 1 on elsewhere, last heard of 10 s ago"):
        lease(study, now=NOW + 10).take()


def test_take_over_overrules_a_live_owner(study: optuna.Study) -> None:
    held_by(study)
    taken = lease(study)
    taken.take(force=True)
    assert study.user_attrs[LEASE_ATTR]["token"] != "other"
    taken.release()


def test_owner_that_has_been_silent_too_long_is_stale(study: optuna.Study) -> None:
    held_by(study)
    taken = lease(study, now=NOW + STALE_AFTER_S + 1)
    taken.take()
    taken.release()


def test_owner_whose_process_is_gone_from_this_host_is_stale_at_once(study: optuna.Study) -> None:
    held_by(study, host=socket.gethostname(), pid=2**22 + 1)
    taken = lease(study)
    taken.take()
    taken.release()


def test_number_of_a_dead_process_used_again_does_not_count_as_alive(study: optuna.Study) -> None:
    held_by(study, host=socket.gethostname(), pid=os.getppid(), born=1.0)
    taken = lease(study)
    taken.take()
    taken.release()


def test_owner_notices_that_it_was_overruled(study: optuna.Study) -> None:
    first = lease(study)
    first.take()
    held_by(study)
    first.renew()
    assert first.is_lost
    first.release()
    assert study.user_attrs[LEASE_ATTR]["token"] == "other"


def test_study_that_lost_its_lease_decides_nothing_more(tmp_path: Path) -> None:
    driven = Study(small_spec(), open_store(tmp_path))
    driven._lease.is_lost = True
    with pytest.raises(ClusterError, match="taken over"):
        driven.ask()
    driven.close()
