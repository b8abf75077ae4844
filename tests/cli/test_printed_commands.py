"""Commands that are printed are pasted: each runs as it stands, from folders with spaces, with any store."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ferray.testing.command import INLINE, Ran, ferray
from ferray.testing.fake_data import write_image_folder
from ferray.text.commands import program

TINY = """
dataset: {demo: {num_train: 28, num_val: 14, num_test: 7}}
sampler: random
pruner: none
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 2}}, batch_size: 14, epochs: 1}
arms: {plain: {}, shifted: {imbalance: logit_adjustment}}
published: [{row: "theirs", arm: plain, value: 0.4, n: 100}]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a space in its name, to stand in, with a space file whose name has one too."""
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "two arms.yaml").write_text(f"name: two\n{TINY}")
    monkeypatch.chdir(folder)
    return folder


def sweep(*args: object) -> Ran:
    return ferray("sweep", "two arms.yaml", *INLINE, *args)


@pytest.fixture
def swept(project: Path) -> Path:
    """The folder of a sweep that was renamed to a name with a space in it."""
    sweep("--output", "out dir")
    return (project / "out dir" / "two").rename(project / "out dir" / "other name")


def printed(ran: Ran) -> list[list[str]]:
    """The words behind the program of every command in backticks."""
    called = list(program())
    quoted = [shlex.split(text) for text in re.findall(r"`([^`\n]*)`", ran.out + ran.err) if text.startswith(called[0])]
    return [words[len(called) :] for words in quoted if words[: len(called)] == called]


def codes(commands: list[list[str]]) -> dict[str, int]:
    return {" ".join(words): ferray(*words).code for words in commands}


@pytest.mark.usefixtures("project")
def test_the_end_of_a_sweep_names_commands_that_run() -> None:
    ran = sweep("--output", "out dir")
    commands = printed(ran)
    assert ["leaderboard", "out dir/two"] in commands
    assert set(codes(commands).values()) == {0}


def test_a_comparison_names_commands_that_run(project: Path) -> None:
    sweep("--output", "out dir")
    for judged in project.glob("out dir/two/trials/*/test.json"):
        judged.unlink()
    commands = printed(ferray("compare", "two arms.yaml", "--output", "out dir", "--markdown"))
    assert commands == [["evaluate", "out dir/two", "--all"]]
    assert set(codes(commands).values()) == {0}


@pytest.mark.usefixtures("project")
def test_a_space_that_was_not_swept_names_the_sweep() -> None:
    (words,) = printed(ferray("compare", "two arms.yaml", "--output", "out dir", "--markdown"))
    assert words == ["sweep", "two arms.yaml", "--output", "./out dir"]
    assert ferray(*words, *INLINE).code == 0


@pytest.mark.parametrize("verb", ["leaderboard", "trials", "evaluate", "compare", "figures"])
@pytest.mark.usefixtures("swept")
def test_a_sweep_in_a_folder_with_a_space_is_read_by_it(verb: str) -> None:
    ran = ferray(verb, "out dir/other name")
    assert ran.code == 0, ran.err
    assert set(codes(printed(ran)).values()) <= {0}


@pytest.mark.usefixtures("swept")
def test_a_sweep_in_a_folder_with_a_space_says_how_to_go_on() -> None:
    ran = sweep("--output", "out dir", "--name", "other name", "--trials", 3)
    assert ran.code == 2
    renaming, option = re.findall(r"`([^`]*)`", ran.err.splitlines()[-1])
    _, former, latter = shlex.split(renaming)
    Path(former).rename(latter)
    again = sweep("--output", "out dir", *shlex.split(option), "--trials", 3)
    assert (again.code, "2 finished" in again.err) == (0, True), again.err


def test_a_sweep_goes_on_by_its_folder(project: Path, swept: Path) -> None:
    mine = swept.rename(swept.with_name("mine"))
    again = sweep("--name", mine, "--trials", 3)
    assert (again.code, "2 finished" in again.err) == (0, True), again.err
    assert not (project / "runs").exists()


@pytest.mark.usefixtures("project")
def test_a_search_for_suspects_names_a_sweep_that_runs() -> None:
    sweep("--output", "out dir")
    sets = ("--set", "dataset.label_noise=0.5", "--set", "arm=plain")
    ran = ferray("data", "clean", "two arms.yaml", *sets, "--folds", 2, "--threads", 1, "--output", "out dir")
    (words,) = printed(ran)
    assert words[-4:] == ["--name", "two-without", "--output", "./out dir"]
    assert ferray(*words, *INLINE).code == 0


def test_failures_name_the_command_that_lists_them(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr("ferray.training.network_trainer.assemble", explode)
        sweep("--output", "out dir")
    commands = printed(ferray("leaderboard", project / "out dir" / "two"))
    assert commands == [["trials", "out dir/two", "--failed"]]
    assert set(codes(commands).values()) == {0}


def test_a_sweep_in_a_database_is_read_without_being_told_where(project: Path) -> None:
    ran = sweep("--output", "out dir", "--storage", f"sqlite:///{project}/store.db")
    commands = printed(ran)
    assert ["leaderboard", "out dir/two"] in commands
    assert set(codes([*commands, ["trials", "out dir/two"], ["evaluate", "out dir/two"]]).values()) == {0}


@pytest.mark.usefixtures("project")
def test_the_default_output_needs_no_path() -> None:
    commands = printed(sweep())
    assert ["leaderboard", "two"] in commands
    assert set(codes(commands).values()) == {0}


def test_data_that_was_found_once_is_found_from_elsewhere(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image_folder(project / "my faces", per_class=4)
    space = TINY.replace("{demo: {num_train: 28, num_val: 14, num_test: 7}}", "image_folder")
    (project / "two arms.yaml").write_text(f"name: two\n{space}")
    assert sweep("--data-root", "my faces").code == 0
    monkeypatch.chdir(tmp_path)
    judged = ferray("evaluate", "my project/runs/two", "--trial", 0)
    assert (judged.code, "there any more" in judged.err) == (0, False)


def test_data_that_has_moved_is_said_and_found_by_option(project: Path) -> None:
    write_image_folder(project / "my faces", per_class=4)
    space = TINY.replace("{demo: {num_train: 28, num_val: 14, num_test: 7}}", "image_folder").split("published:")[0]
    (project / "two arms.yaml").write_text(f"name: two\n{space}")
    sweep("--data-root", "my faces")
    (project / "my faces").rename(project / "moved")
    lost, found = ferray("evaluate", "two"), ferray("evaluate", "two", "--data-root", "moved")
    assert f"the data of `two` were in `{project / 'my faces'}`, which is not there any more" in lost.err
    assert (lost.code, found.code) == (3, 0)


def test_a_fresh_start_finds_the_data_and_leaves_the_former_store_alone(project: Path) -> None:
    write_image_folder(project / "my faces", per_class=4)
    space = TINY.replace("{demo: {num_train: 28, num_val: 14, num_test: 7}}", "image_folder").split("published:")[0]
    (project / "two arms.yaml").write_text(f"name: two\n{space}")
    sweep("--data-root", "my faces", "--storage", f"sqlite:///{project}/store.db")
    ran = sweep("--fresh")
    assert ran.code == 0, ran.err
    assert (project / "runs" / "two" / "study.journal").is_file()
    (aside,) = project.glob("runs/two.*")
    assert ferray("leaderboard", aside).code == 0
