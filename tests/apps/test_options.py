"""Options with units, and options that only some launchers understand."""

from __future__ import annotations

from typing import Any

import pytest

from ferray.apps.options import gibibytes, sweep_runtime_from
from ferray.errors import ConfigError


@pytest.mark.parametrize(("given", "kept"), [("0.5", 0.5), (2, 2.0), ("auto", "auto"), (None, None)])
def test_gpus_of_a_trial_are_a_number_or_left_to_a_measurement(given: object, kept: object) -> None:
    assert sweep_runtime_from({"tracker": "none", "gpus_per_trial": given}).gpus_per_trial == kept


def test_what_is_no_number_of_gpus_is_refused() -> None:
    with pytest.raises(ConfigError, match="`--gpus-per-trial half` is no number of GPUs"):
        sweep_runtime_from({"tracker": "none", "gpus_per_trial": "half"})


def test_one_process_measures_nothing_to_share() -> None:
    asked = {"tracker": "none", "launcher": "inline", "gpus_per_trial": "auto"}
    with pytest.raises(ConfigError, match="`--gpus-per-trial` is for Ray"):
        sweep_runtime_from(asked)


@pytest.mark.parametrize("given", ["4", 4])
def test_trials_that_share_a_worker_are_counted(given: object) -> None:
    assert sweep_runtime_from({"tracker": "none", "trials_per_worker": given}).trials_per_worker == 4


def test_how_many_share_a_worker_can_be_left_open_by_name() -> None:
    auto, left_out = (sweep_runtime_from({"tracker": "none", **asked}) for asked in ({"trials_per_worker": "auto"}, {}))
    assert auto.model_fields_set == left_out.model_fields_set


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("many", "`--trials-per-worker many` is no number of trials"),
        (4.5, "`--trials-per-worker 4.5` is no number of trials"),
        (float("inf"), "`--trials-per-worker inf` is no number of trials"),
        (0, "`--trials-per-worker"),
    ],
)
def test_what_is_no_number_of_trials_is_refused(given: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        sweep_runtime_from({"tracker": "none", "trials_per_worker": given})


@pytest.mark.parametrize(
    ("given", "gib"), [("8GiB", 8.0), ("8g", 8.0), ("512MiB", 0.5), ("1.5 TB", 1536.0), ("8", 8.0), (2.5, 2.5)]
)
def test_size_of_memory_is_read_in_gib(given: str | float, gib: float) -> None:
    assert gibibytes(given) == gib


@pytest.mark.parametrize("given", ["many", "0", "-1GiB", "8 apples"])
def test_what_is_no_size_is_named(given: str) -> None:
    with pytest.raises(ConfigError, match=f"`--memory-per-trial {given}` is not a size"):
        gibibytes(given)


@pytest.mark.parametrize(
    ("wish", "option"),
    [({"accelerator": "A100"}, "--accelerator"), ({"memory_per_trial": "8GiB"}, "--memory-per-trial")],
)
def test_wish_that_one_process_cannot_grant_is_refused(wish: dict[str, Any], option: str) -> None:
    with pytest.raises(ConfigError, match=f"`{option}` is for Ray"):
        sweep_runtime_from({"launcher": "inline", "tracker": "none", **wish})


def test_placement_reaches_the_runtime() -> None:
    asked = {"tracker": "none", "accelerator": "A100", "memory_per_trial": "8GiB", "max_gpus": 2.0}
    runtime = sweep_runtime_from(asked)
    assert (runtime.accelerator, runtime.memory_per_trial_gib, runtime.max_gpus) == ("A100", 8.0, 2.0)
