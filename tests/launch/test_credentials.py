"""What of the driver's environment reaches a `runtime_env`: no keys of a cloud, and nothing on one machine."""

from __future__ import annotations

import pytest
from ray.tune.execution import class_cache

from ferray.launch._credentials import CREDENTIALS, keep_credentials_here, keep_environment_here


class Worker:
    pass


@pytest.fixture(autouse=True)
def as_tune_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        class_cache, "ENV_VARS_TO_PROPAGATE", frozenset(class_cache.ENV_VARS_TO_PROPAGATE) | CREDENTIALS
    )
    monkeypatch.setattr(class_cache, "DEFAULT_ENV_VARS", class_cache.DEFAULT_ENV_VARS)
    for name in CREDENTIALS:
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")


def variables() -> dict[str, str]:
    """What Tune gives a worker of its own environment."""
    options = class_cache._ActorClassCache().get(Worker)._default_options
    found: dict[str, str] = options["runtime_env"].get("env_vars", {})
    return found


def test_tune_by_itself_would_copy_them() -> None:
    assert set(variables()) >= CREDENTIALS


def test_they_are_kept_out_and_the_rest_is_copied() -> None:
    keep_credentials_here()
    assert "hunter2" not in variables().values()
    assert variables()["RAY_CHDIR_TO_TRIAL_DIR"] == "0"


def test_workers_of_one_machine_are_given_nothing() -> None:
    keep_environment_here()
    assert variables() == {}


def test_those_of_a_cluster_are_given_the_rest_even_after_a_sweep_on_one_machine() -> None:
    keep_environment_here()
    keep_credentials_here()
    assert {"RAY_CHDIR_TO_TRIAL_DIR", "PL_DISABLE_FORK"} <= set(variables())
