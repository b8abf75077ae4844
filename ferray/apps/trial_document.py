"""One trial's parameters and whole configuration as YAML that `--enqueue` and `--set` read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ferray.config.exclusion import KEY, kept_list
from ferray.config.set_file import CONFIG
from ferray.config.yaml import exact
from ferray.study.records import TrialRecord


def trial_document(trial: TrialRecord, folder: Path, metric: str) -> str:
    """`params`, what was searched, which `--enqueue` asks again, and `config`, all of it, which `--set` takes.

    A list of samples to leave out is named by the file in the sweep's folder, as its digest says nothing elsewhere.
    """
    value = "" if trial.value is None else f", {metric} {trial.value:.6g} (n = {trial.num_val})"
    head = f"# trial {trial.number} of {folder.name}: {trial.ending}{value}; recipe {trial.recipe}\n"
    config = dict(trial.config)
    if config.get(KEY):
        config[KEY] = str(kept_list(folder.absolute(), config[KEY]))
    return head + _section("params", trial.params) + _section(CONFIG, config)


def _section(name: str, entries: Mapping[str, Any]) -> str:
    if not entries:
        return f"{name}: {{}}\n"
    return "".join([f"{name}:\n", *(f"  {exact(key)}: {exact(value)}\n" for key, value in entries.items())])
