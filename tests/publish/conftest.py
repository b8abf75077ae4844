"""A sweep to be published, whose trials have ended in every way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.artifacts.history import EpochLog
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.place import SPACE_NAME
from ferray.publish.contents import SweepContents, gather
from ferray.results.confirmation import write_confirmation
from ferray.results.sweep import Sweep
from ferray.testing.fake_confirmation import fake_confirmation
from ferray.testing.fake_sweep import TRIALS, sweep_record, trial_record


def write_histories(folder: Path) -> None:
    """The epochs of every trial, as its worker has left them."""
    for trial in TRIALS:
        artifacts = TrialArtifacts.at(str(folder / trial_record(trial).folder))
        artifacts.make()
        log = EpochLog(artifacts)
        for report in trial.reports:
            log.append(report)


@pytest.fixture
def shown(tmp_path: Path) -> SweepContents:
    write_histories(tmp_path)
    return gather(Sweep(sweep_record(), tmp_path), identity="one")


@pytest.fixture
def confirmed(tmp_path: Path) -> SweepContents:
    """The same with finalists trained again, its space as it was written, and the command that ran it."""
    write_histories(tmp_path)
    (tmp_path / SPACE_NAME).write_text("space: {optimizer.lr: {log_uniform: [1e-5, 1e-1]}}\n")
    (tmp_path / "environment.json").write_text(json.dumps({"commands": ["ferray sweep fake"], "versions": {}}))
    write_confirmation(tmp_path, fake_confirmation())
    return gather(Sweep(sweep_record(), tmp_path), identity="one")


@pytest.fixture
def nothing_done(tmp_path: Path) -> SweepContents:
    """A sweep all of whose trials failed before their first epoch."""
    record = sweep_record()
    trials = tuple(trial for trial in record.trials if trial.state == "failed")
    return gather(Sweep(replace(record, trials=trials), tmp_path), identity="none")
