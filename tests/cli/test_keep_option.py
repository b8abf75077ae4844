"""`ferray sweep --keep`: what it leaves, and what every command says that would need what it has deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.config.keep import keep_words, parse_keep
from ferray.errors import ConfigError
from ferray.testing.command import INLINE, Ran, ferray

TINY = """
dataset: {demo: {num_train: 42, num_val: 14, num_test: 7}}
budget: {trials: 2}
sampler: random
pruner: none
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 2}}, batch_size: 21, epochs: 1}
space:
  optimizer.lr: {log_uniform: [1e-3, 1e-2]}
"""


def sweep(output: Path, *args: object, space: object = "", name: str = "tiny") -> Ran:
    place = (*INLINE, "--output", output, "--name", name)
    return ferray("sweep", space or output.parent / "tiny.yaml", *place, *args)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep `bare`, of which nothing was kept."""
    folder = tmp_path_factory.mktemp("keep")
    (folder / "tiny.yaml").write_text(TINY)
    assert sweep(folder / "runs", "--keep", "none", name="bare").code == 0
    return folder / "runs"


def test_nothing_is_kept_of_a_sweep_that_is_to_keep_nothing(output: Path) -> None:
    assert list((output / "bare").glob("trials/**/*.pt")) == []


def test_the_leaderboard_offers_no_checkpoint_that_was_not_kept(output: Path) -> None:
    out = ferray("leaderboard", "bare", "--output", output).out
    assert ("the best checkpoint was not kept (`--keep none`)" in out, "best.pt" in out) == (True, False)


def test_json_names_no_checkpoint_that_was_not_kept(output: Path) -> None:
    board = json.loads(ferray("leaderboard", "bare", "--json", "--output", output).out)
    assert [trial["checkpoint"] for trial in board["trials"]] == [None, None]


@pytest.mark.parametrize("which", [(), ("--trial", 1), ("--all",)])
def test_evaluate_says_in_a_sentence_that_nothing_was_kept(output: Path, which: tuple[object, ...]) -> None:
    ran = ferray("evaluate", "bare", "--output", output, *which)
    first = ran.err.splitlines()[0]
    assert (ran.code, first.startswith("error: trial"), first.endswith("kept no checkpoint (`--keep none`)")) == (
        2,
        True,
        True,
    )


def test_a_sweep_that_would_begin_with_it_is_refused_before_it_starts(output: Path) -> None:
    ran = sweep(output, "--set", "init_from=bare:1", name="next")
    assert (ran.code, (output / "next").exists()) == (2, False)
    assert "`init_from` names `bare:1`, whose checkpoint was not kept (`--keep none`)" in " ".join(ran.err.split())


def test_its_configuration_can_be_trained_again(output: Path) -> None:
    assert ferray("train", "--from", "bare:1", "--output", output, "--quiet").code == 0


def test_a_sweep_that_goes_on_says_what_it_deletes(output: Path) -> None:
    sweep(output)
    ran = sweep(output, "--keep", "best=1")
    assert "the checkpoints of 1 trial are deleted (`--keep best=1`)" in ran.err
    assert len(list((output / "tiny").glob("trials/*/best.pt"))) == 1


def test_a_sweep_ends_with_what_it_holds(output: Path) -> None:
    ran = sweep(output, "--trials", 1, name="end")
    told = next(line for line in ran.err.splitlines() if " holds " in line)
    assert told.endswith("of it the checkpoints of 1 trial")


def test_quiet_leaves_that_out(output: Path) -> None:
    assert " holds " not in sweep(output, "--trials", 1, "--quiet", name="end").err


def test_a_dry_run_says_what_is_to_be_kept(output: Path) -> None:
    ran = sweep(output, "--keep", "best=1", "--dry-run", name="bare")
    assert "keep: the checkpoint of the best trial, of the 2 finished ones too" in ran.out


def test_a_papers_sweep_that_judges_the_test_split_keeps_all(output: Path) -> None:
    ran = sweep(output, "--keep", "none", "--dry-run", space="papers/wang2020", name="paper")
    assert (ran.code, "is to judge the test split at its end" in " ".join(ran.err.split())) == (2, True)


@pytest.mark.parametrize("most", [None, 0, 1, 12])
def test_what_is_kept_is_said_as_it_was_asked(most: int | None) -> None:
    assert parse_keep(keep_words(most)) == most


@pytest.mark.parametrize("text", ["best", "best=0", "best=-1", "best=1.5", "3", "", "worst=1"])
def test_any_other_word_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=f"`--keep {text}` does not say which trials keep their checkpoints"):
        parse_keep(text)
