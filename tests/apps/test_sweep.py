"""`ferray.sweep`: the same act as the command, without a terminal."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

import ferray
from ferray.apps.sweep import plan_request, request_sweep
from ferray.config.cache_folder import default_cache_dir
from ferray.config.job import TrialJob
from ferray.config.load import load_space
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError, DataError, SweepFailed
from ferray.events import EpochReport, Listener, TrialEnded
from ferray.testing.command import INLINE
from ferray.testing.command import ferray as run
from ferray.training.inputs import open_job_inputs

SPACE: dict[str, Any] = {
    "name": "tiny",
    "dataset": {"demo": {"num_train": 70, "num_val": 35, "num_test": 35}},
    "sampler": "random",
    "pruner": "none",
    "base": {
        "image_size": 32,
        "augment": "none",
        "backbone": {"tiny_cnn": {"width": 4, "depth": 3}},
        "batch_size": 32,
        "epochs": 1,
    },
    "space": {"optimizer.lr": {"log_uniform": [1e-4, 1e-2]}},
}


class Heard(Listener):
    """All that a listener is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.steps: list[str] = []
        self.epochs: list[int] = []
        self.ended: list[int] = []

    def noted(self, line: str) -> None:
        self.lines.append(line)

    def warned(self, line: str) -> None:
        self.warnings.append(line)

    def progressed(self, what: str, done: int, total: int) -> None:
        self.steps.append(what)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self.epochs.append(number)

    def trial_ended(self, trial: TrialEnded) -> None:
        self.ended.append(trial.number)


def swept(output: Path, space: Any = SPACE, **options: Any) -> ferray.Sweep:
    place: dict[str, Any] = {"output": output, "launcher": "inline", "tracker": "none", "trials": 1, "listeners": []}
    return ferray.sweep(space, **{**place, **options})


def test_what_is_returned_is_what_load_returns(tmp_path: Path) -> None:
    assert swept(tmp_path) == ferray.load(tmp_path / "tiny")


def test_the_same_call_goes_on(tmp_path: Path) -> None:
    swept(tmp_path)
    heard = Heard()
    sweep = swept(tmp_path, trials=2, listeners=[heard])
    assert ([trial.number for trial in sweep.trials], heard.ended) == ([0, 1], [1])


def test_the_command_goes_on_with_what_python_began(tmp_path: Path) -> None:
    swept(tmp_path)
    file = tmp_path / "tiny" / "sweep.yaml"
    ran = run("sweep", file, "--trials", 2, "--output", tmp_path, *INLINE)
    assert (ran.code, "going on with `tiny`: 1 finished" in ran.err) == (0, True)


def test_a_space_may_be_a_spec(tmp_path: Path) -> None:
    swept(tmp_path)
    assert len(swept(tmp_path, SweepSpec.model_validate(SPACE), trials=2).trials) == 2


def test_a_space_may_be_the_path_of_a_file(tmp_path: Path) -> None:
    swept(tmp_path)
    assert len(swept(tmp_path, tmp_path / "tiny" / "sweep.yaml", trials=2).trials) == 2


def test_a_space_without_a_name_needs_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no name"):
        swept(tmp_path, {key: value for key, value in SPACE.items() if key != "name"})


def test_a_given_space_is_left_as_it_was(tmp_path: Path) -> None:
    before = repr(SPACE)
    load_space(SPACE)
    with pytest.raises(ConfigError):
        swept(tmp_path, set={"optimizer.lr": 1e-3, "nosuch": 1})
    assert repr(SPACE) == before


def test_set_takes_values_as_python_has_them(tmp_path: Path) -> None:
    sweep = swept(tmp_path, set={"optimizer.lr": 1e-05, "imbalance": {"focal": {"gamma": 2.0}}})
    config = sweep.trials[0].config
    assert (config["optimizer"]["lr"], config["imbalance"]["focal"]["gamma"]) == (1e-05, 2.0)


def test_set_takes_texts_as_the_command_does(tmp_path: Path) -> None:
    assert swept(tmp_path, set=["lr=1e-3"]).trials[0].config["optimizer"]["lr"] == 1e-3


def test_a_value_that_no_space_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no space can hold"):
        swept(tmp_path, set={"optimizer.lr": object()})


def test_an_option_that_is_none_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        swept(tmp_path, trails=3)
    assert (raised.value.message, raised.value.hint) == (
        "`trails` is no option of `ferray.sweep`",
        "did you mean `trials`?",
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_retries", -1), ("launcher", "slurm"), ("tracker", "nosuch"), ("time_budget", "soon"), ("keep", "some")],
)
def test_a_wrong_value_is_refused(option: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        swept(tmp_path, **{option: value})


def test_nothing_is_written_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ferray.sweep(SPACE, output=tmp_path, launcher="inline", tracker="none", trials=1)
    assert capsys.readouterr().out == ""


def test_without_listeners_a_line_tells_of_each_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ferray.sweep(SPACE, output=tmp_path, launcher="inline", tracker="none", trials=1)
    assert "trial 0    complete" in capsys.readouterr().err


def test_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ferray.sweep(SPACE, output=tmp_path, launcher="inline", tracker="none", trials=1, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_listeners_hear_the_check_and_every_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heard = Heard()
    swept(tmp_path, trials=2, listeners=[heard])
    assert (heard.epochs, heard.ended, heard.warnings) == ([0, 1], [0, 1], [])
    assert heard.lines[0].startswith("checking `tiny`: space ")
    assert (heard.steps[0], heard.steps[-1]) == ("importing what the check asks", "")
    assert capsys.readouterr() == ("", "")


def test_it_works_on_a_thread_of_its_own(tmp_path: Path) -> None:
    found: list[ferray.Sweep] = []
    thread = threading.Thread(target=lambda: found.append(swept(tmp_path)))
    thread.start()
    thread.join()
    assert [len(sweep.trials) for sweep in found] == [1]


def test_a_sweep_in_which_nothing_completes_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("ferray.training.network_trainer.assemble", explode)
    with pytest.raises(SweepFailed, match="no trial completed, 1 failed"):
        swept(tmp_path)


class Impatient(Listener):
    """Presses Ctrl-C when the first epoch has ended."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, line: str) -> None:
        self.warnings.append(line)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        import signal

        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_ends_it_with_everything_written(tmp_path: Path) -> None:
    impatient = Impatient()
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, trials=2, set={"epochs": 3}, listeners=[impatient])
    assert ferray.load(tmp_path / "tiny").trials[0].state == "interrupted"
    assert impatient.warnings == ["interrupted; run the same command again to go on with `tiny`"]


def test_the_best_trial_answers_as_validation_did(tmp_path: Path) -> None:
    trial = swept(tmp_path).best
    assert trial is not None
    predictor, config = trial.load(), TrialConfig.model_validate(trial.config)
    job = TrialJob(0, trial.config, str(trial.folder), cache_dir=str(default_cache_dir()))
    splits = open_job_inputs(job)
    answers = predictor(splits.val).argmax(dim=1).numpy()
    assert predictor.config == config
    assert (answers == splits.val.labels).mean() == pytest.approx(trial.metrics["val/accuracy"])


@pytest.mark.parametrize("listeners", [3, Listener(), [Listener], "console"])
def test_what_are_no_listeners_is_refused_before_anything_is_written(tmp_path: Path, listeners: Any) -> None:
    with pytest.raises(ferray.ConfigError, match="is no list of listeners"):
        swept(tmp_path, listeners=listeners)
    assert not (tmp_path / "tiny").exists()


def test_words_for_wandb_are_the_variables_that_its_tracker_reads(tmp_path: Path) -> None:
    asked = {"output": tmp_path, "wandb_entity": "us", "wandb_project": "faces", "wandb_tags": ["a", "b"]}
    request = request_sweep(SPACE, asked, Listener())
    assert request.variables == {"WANDB_ENTITY": "us", "WANDB_PROJECT": "faces", "WANDB_TAGS": "a,b"}


def test_options_for_wandb_are_those_of_the_command() -> None:
    ran = run("sweep", "--help")
    assert [f"--wandb-{word}" in ran.out for word in ("entity", "project", "tag", "notes")] == [True] * 4


def test_a_sweep_begins_with_the_best_of_the_one_it_is_like(tmp_path: Path) -> None:
    first, heard = swept(tmp_path), Heard()
    second = swept(tmp_path, name="second", like="tiny", listeners=[heard])
    assert second.trials[0].params == first.trials[0].params
    assert any(line.startswith("1 set of parameters of `tiny` asked first") for line in heard.lines)


def test_a_sweep_goes_on_where_the_one_it_is_like_is_gone(tmp_path: Path) -> None:
    swept(tmp_path), swept(tmp_path, name="second", like="tiny")
    shutil.rmtree(tmp_path / "tiny")
    heard = Heard()
    again = swept(tmp_path, name="second", like="tiny", trials=2, listeners=[heard])
    assert len(again.trials) == 2
    assert any("what this sweep has taken over from it before stays" in line for line in heard.lines)


def test_a_sweep_that_begins_anew_needs_the_one_it_is_like(tmp_path: Path) -> None:
    swept(tmp_path), swept(tmp_path, name="second", like="tiny")
    shutil.rmtree(tmp_path / "tiny")
    with pytest.raises(ConfigError, match="`--like` names `tiny`, and there is no sweep"):
        swept(tmp_path, name="second", like="tiny", fresh=True)


def given(folder: Path, *rates: float) -> Path:
    """A file of sets of parameters."""
    file = folder / "sets.json"
    file.write_text(json.dumps([{"optimizer.lr": rate} for rate in rates]))
    return file


def test_a_sweep_goes_on_with_what_it_was_given_though_the_file_is_gone(tmp_path: Path) -> None:
    file, heard = given(tmp_path, 2e-4, 3e-4), Heard()
    swept(tmp_path, enqueue=file, trials=2)
    file.unlink()
    again = swept(tmp_path, enqueue=file, trials=3, listeners=[heard])
    assert [trial.params["optimizer.lr"] for trial in again.trials[:2]] == [2e-4, 3e-4]
    assert f"note: `{file}` is gone: 2 sets stay that this sweep was given from it before" in heard.lines


def test_what_a_file_of_sets_has_no_more_is_told(tmp_path: Path) -> None:
    heard = Heard()
    swept(tmp_path, enqueue=given(tmp_path, 2e-4), trials=1)
    file = given(tmp_path, 3e-4)
    again = swept(tmp_path, enqueue=file, trials=2, listeners=[heard])
    assert [trial.params["optimizer.lr"] for trial in again.trials] == [2e-4, 3e-4]
    assert f"note: `{file}` has changed: 1 set stays that this sweep was given from it before" in heard.lines


@pytest.mark.parametrize("asked", [{"fresh": True}, {"name": "other"}])
def test_a_sweep_that_was_given_nothing_yet_needs_the_file(tmp_path: Path, asked: dict[str, Any]) -> None:
    file = given(tmp_path, 2e-4)
    swept(tmp_path, enqueue=file, trials=1)
    file.unlink()
    with pytest.raises(ConfigError, match=r"sets\.json"):
        swept(tmp_path, enqueue=file, trials=1, **asked)


def space_file(folder: Path) -> Path:
    """The space of these tests as a file that gives it its name."""
    file = folder / "tiny.yaml"
    file.write_text(json.dumps({**SPACE, "name": None, "budget": {"trials": 5}, "quick": {"trials": 2}}))
    return file


@pytest.mark.parametrize(
    ("asked", "name"), [({}, "tiny"), ({"name": "other"}, "other"), ({"quick": True}, "tiny-quick")]
)
def test_a_sweep_goes_on_though_the_file_of_its_space_is_gone(tmp_path: Path, asked: Any, name: str) -> None:
    file, heard = space_file(tmp_path), Heard()
    swept(tmp_path, file, **asked)
    file.unlink()
    again = swept(tmp_path, file, trials=2, listeners=[heard], **asked)
    assert (again.name, len(again.trials)) == (name, 2)
    assert any(line.startswith(f"note: there is no `{file}` any more") for line in heard.lines)


def test_the_quick_sweep_of_a_file_that_is_gone_goes_on_and_not_the_whole_one(tmp_path: Path) -> None:
    file = space_file(tmp_path)
    swept(tmp_path, file), swept(tmp_path, file, quick=True)
    file.unlink()
    spec = request_sweep(file, {"output": tmp_path, "quick": True}, Listener()).spec
    assert (spec.name, spec.budget.trials) == ("tiny-quick", 2)


def test_a_sweep_that_begins_anew_needs_the_file_of_its_space(tmp_path: Path) -> None:
    file = space_file(tmp_path)
    swept(tmp_path, file)
    file.unlink()
    with pytest.raises(ConfigError, match="there is no search space"):
        swept(tmp_path, file, fresh=True)


def test_a_sweep_like_itself_is_refused(tmp_path: Path) -> None:
    swept(tmp_path)
    with pytest.raises(ConfigError, match="which is this very sweep"):
        swept(tmp_path, like="tiny")


HEADS: dict[str, Any] = {**SPACE, "name": "heads", "base": {**SPACE["base"], "finetune": "head"}}


@pytest.fixture
def next_space(tmp_path: Path) -> Path:
    """The file of a space that searches strategies, whole networks trained."""
    file = tmp_path / "next.yaml"
    space = {"imbalance": {"one_of": ["none", "class_weights"]}}
    file.write_text(json.dumps({**SPACE, "name": "next", "budget": {"trials": 1}, "space": space}))
    return file


def test_the_next_sweep_begins_with_what_the_finished_one_has_learnt(tmp_path: Path, next_space: Path) -> None:
    heard = Heard()
    last = swept(tmp_path, HEADS, set={"imbalance": "class_weights"}, then=next_space, listeners=[heard])
    assert (last.name, last.trials[0].params) == ("next", {"imbalance": "class_weights"})
    assert any(line.startswith("1 set of parameters of `heads` asked first") for line in heard.lines)


def test_the_next_sweep_waits_until_the_first_is_finished(tmp_path: Path, next_space: Path) -> None:
    heard = Heard()
    last = swept(tmp_path, HEADS, trials=40, time_budget=0.01, then=next_space, listeners=[heard])
    assert last.name == "heads"
    assert "`next` begins once `heads` is finished: the same command goes on" in heard.lines


def test_what_is_wrong_with_the_next_sweep_is_found_before_the_first_begins(tmp_path: Path, next_space: Path) -> None:
    next_space.write_text(next_space.read_text().replace('"epochs": 1', '"epochs": 0'))
    with pytest.raises(ConfigError, match="epochs"):
        swept(tmp_path, HEADS, then=next_space)
    assert not (tmp_path / "heads").exists()


def test_a_sweep_does_not_come_after_itself(tmp_path: Path, next_space: Path) -> None:
    with pytest.raises(ConfigError, match="names a sweep that is called `next`, as this one is"):
        swept(tmp_path, next_space, then=next_space)


def test_a_dry_run_tells_the_plan_of_what_comes_next(tmp_path: Path, next_space: Path) -> None:
    asked = {"output": tmp_path, "launcher": "inline", "tracker": "none", "trials": 1, "then": next_space}
    plan, later = plan_request(request_sweep(HEADS, asked, Heard()), [Heard()])
    assert (plan.spec.name, later) == (
        "heads",
        "note: `next` begins with what `heads` learns, and its plan is told then",
    )
    swept(tmp_path, HEADS)
    plan, later = plan_request(request_sweep(HEADS, asked, Heard()), [Heard()])
    assert (plan.spec.name, later) == ("next", "")
    assert plan.first == ({"imbalance": "none"},)


def test_a_dry_run_finds_what_is_wrong_with_what_comes_next(tmp_path: Path, next_space: Path) -> None:
    asked = {"output": tmp_path, "launcher": "inline", "tracker": "none", "data_root": tmp_path, "then": next_space}
    elsewhere = {**json.loads(next_space.read_text()), "dataset": "fer2013"}
    next_space.write_text(json.dumps(elsewhere))
    with pytest.raises(DataError):
        plan_request(request_sweep(HEADS, asked, Heard()), [Heard()])


def test_heads_that_train_as_one_share_the_workers_of_the_launcher(tmp_path: Path) -> None:
    heard = Heard()
    swept(tmp_path, HEADS, trials=2, sampler="random", listeners=[heard])
    assert any("1 worker of 2 trials at a time" in line for line in heard.lines)
