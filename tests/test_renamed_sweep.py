"""A sweep whose folder was renamed or copied, or whose record is in a database: one folder, one study."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from shlex import quote
from typing import Any

import pytest

from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError, ResumeMismatch
from ferray.events import Listener, SweepStarted
from ferray.study.history import load_sweep
from ferray.study.records import SweepRecord
from ferray.sweeps.run import run_sweep
from ferray.sweeps.warm_start import find_parent
from ferray.testing.command import ferray

SPEC: dict[str, Any] = {
    "name": "demo",
    "dataset": {"demo": {"num_train": 28, "num_val": 14, "num_test": 14}},
    "sampler": "random",
    "pruner": "none",
    "base": {
        "image_size": 16,
        "augment": "none",
        "backbone": {"tiny_cnn": {"width": 4, "depth": 2}},
        "batch_size": 14,
        "epochs": 1,
    },
    "space": {"optimizer.lr": {"log_uniform": [1e-3, 1e-2]}},
}


class Hears(Listener):
    """Keeps how the sweep was announced."""

    def sweep_started(self, sweep: SweepStarted) -> None:
        self.sweep = sweep


def run(output: Path, name: str, *, trials: int = 2, storage: str | None = None, **how: Any) -> SweepRecord:
    """Start or continue a sweep of so many trials."""
    base = {**SPEC["base"], **how.pop("base", {})}
    spec = SweepSpec.model_validate({**SPEC, "name": name, "base": base, "budget": {"trials": trials}})
    runtime = Runtime(output=output, launcher="inline", device="cpu", trackers=(), storage=storage)
    return run_sweep(spec, runtime, **how)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with the sweep `demo` of one trial, for tests to copy."""
    output = tmp_path_factory.mktemp("origin") / "runs"
    run(output, "demo", trials=1)
    return output


@pytest.fixture
def output(origin: Path, tmp_path: Path) -> Path:
    """An output folder of the test's own, with the sweep `demo` moved there."""
    shutil.copytree(origin, tmp_path / "runs")
    return tmp_path / "runs"


def test_a_renamed_folder_goes_on_under_its_new_name(output: Path) -> None:
    (output / "demo").rename(output / "mine")
    record = run(output, "mine")
    assert (record.name, [trial.state for trial in record.trials]) == ("mine", ["complete", "complete"])


def test_every_reader_calls_a_renamed_sweep_by_its_new_name(output: Path) -> None:
    mine = (output / "demo").rename(output / "mine")
    board = json.loads(ferray("leaderboard", mine, "--json").out)
    figures = json.loads(ferray("figures", "mine", "--output", output, "--json").out)
    judged = json.loads(ferray("evaluate", mine, "--json").out)
    assert [board["sweep"], figures["sweep"], judged["sweep"]] == ["mine", "mine", "mine"]
    assert find_parent("mine:best", output).sweep == "mine"


def test_hints_of_a_renamed_sweep_name_its_folder(output: Path) -> None:
    record = load_sweep((output / "demo").rename(output / "mine"))
    assert record.command("trials --failed").endswith(f" trials {quote(str(output / 'mine'))} --failed")


def test_a_renamed_sweep_is_the_same_to_trackers(output: Path) -> None:
    hears = Hears()
    run(output, "demo", listeners=[hears])
    before = hears.sweep
    (output / "demo").rename(output / "mine")
    run(output, "mine", trials=3, listeners=[hears])
    assert (hears.sweep.identity, hears.sweep.study, hears.sweep.name) == (before.identity, "demo", "mine")


def test_a_copied_sweep_is_another_to_trackers(output: Path) -> None:
    hears = Hears()
    run(output, "demo", listeners=[hears])
    before = hears.sweep
    shutil.copytree(output / "demo", output / "copy")
    run(output, "copy", trials=3, listeners=[hears])
    assert hears.sweep.identity != before.identity
    assert len(load_sweep(output / "demo").trials) == 2


def test_a_renamed_sweep_with_other_settings_is_refused_by_its_first_name(output: Path) -> None:
    (output / "demo").rename(output / "mine")
    with pytest.raises(ResumeMismatch, match=r"`mine` \(which began as `demo`\) was started with other settings"):
        run(output, "mine", base={"epochs": 2})


def test_a_fresh_start_leaves_a_renamed_sweep_readable(output: Path) -> None:
    (output / "demo").rename(output / "mine")
    assert len(run(output, "mine", trials=1, fresh=True).trials) == 1
    (aside,) = output.glob("mine.*")
    assert load_sweep(aside).name == aside.name


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


def test_a_sweep_remembers_its_database(tmp_path: Path, url: str) -> None:
    run(tmp_path / "runs", "demo", trials=1, storage=url)
    assert len(run(tmp_path / "runs", "demo").trials) == 2
    assert not list(tmp_path.rglob("*.journal"))
    assert len(json.loads(ferray("trials", tmp_path / "runs" / "demo", "--json").out)) == 2


def test_a_renamed_folder_goes_on_in_its_database(tmp_path: Path, url: str) -> None:
    run(tmp_path / "runs", "demo", trials=1, storage=url)
    (tmp_path / "runs" / "demo").rename(tmp_path / "runs" / "mine")
    assert len(run(tmp_path / "runs", "mine", storage=url).trials) == 2
    assert load_sweep(tmp_path / "runs" / "mine").name == "mine"


def test_another_folder_does_not_go_on_with_a_study_in_a_database(tmp_path: Path, url: str) -> None:
    run(tmp_path / "runs", "demo", trials=1, storage=url)
    with pytest.raises(ResumeMismatch, match=f"the sweep `demo` of `{tmp_path / 'runs' / 'demo'}`"):
        run(tmp_path / "others", "demo", trials=1, storage=url)


def test_a_journal_does_not_become_a_database(output: Path, url: str) -> None:
    with pytest.raises(ResumeMismatch, match=r"keeps its record in `study.journal`, not in"):
        run(output, "demo", storage=url)


def test_a_sweep_that_has_lost_its_journal_is_not_begun_beside_its_trials(output: Path) -> None:
    (output / "demo" / "study.journal").unlink()
    with pytest.raises(ResumeMismatch, match=r"is the folder of a sweep, and holds no `study.journal`"):
        run(output, "demo")


def test_a_parent_is_read_where_it_remembers_its_record(output: Path, url: str) -> None:
    run(output, "stored", trials=1, storage=url)
    assert find_parent("stored:best", output).trial == 0
    assert find_parent("demo:best", output, url).trial == 0
    with pytest.raises(ConfigError, match="there is no sweep `gone` in"):
        find_parent("gone:best", output)
