"""Keys of a cloud in the driver's environment reach no `runtime_env`."""

from __future__ import annotations

import pytest
from ray.tune.execution import class_cache

from ferray.launch._credentials import CREDENTIALS, keep_credentials_here


class Worker:
    pass


@pytest.fixture(autouse=True)
def as_tune_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        class_cache, "ENV_VARS_TO_PROPAGATE", frozenset(class_cache.ENV_VARS_TO_PROPAGATE) | CREDENTIALS
    )
    for name in CREDENTIALS:
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")


def variables() -> dict[str, str]:
    """What Tune gives a worker of its own environment."""
    options = class_cache._ActorClassCache().get(Worker)._default_options
    found: dict[str, str] = options["runtime_env"]["env_vars"]
    return found


def test_tune_by_itself_would_copy_them() -> None:
    assert set(variables()) >= CREDENTIALS


def test_they_are_kept_out_and_the_rest_is_copied() -> None:
    keep_credentials_here()
    assert "hunter2" not in variables().values()
    assert variables()["RAY_CHDIR_TO_TRIAL_DIR"] == "0"
