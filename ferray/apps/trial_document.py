"""One trial's parameters and whole configuration as YAML that `--enqueue` and `--set` read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ferray.config.set_file import CONFIG
from ferray.config.yaml import exact
from ferray.study.records import TrialRecord


def trial_document(trial: TrialRecord, sweep: str, metric: str) -> str:
    """`params`, what was searched, which `--enqueue` asks again, and `config`, all of it, which `--set` takes."""
    value = "" if trial.value is None else f", {metric} {trial.value:.6g} (n = {trial.num_val})"
    head = f"# trial {trial.number} of {sweep}: {trial.outcome}{value}; recipe {trial.recipe}\n"
    return head + _section("params", trial.params) + _section(CONFIG, trial.config)


def _section(name: str, entries: Mapping[str, Any]) -> str:
    if not entries:
        return f"{name}: {{}}\n"
    return "".join([f"{name}:\n", *(f"  {exact(key)}: {exact(value)}\n" for key, value in entries.items())])
