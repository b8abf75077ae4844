"""`ferray confirm` on a search of three real trainings of a second each."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.apps.confirm import run_confirmation
from ferray.apps.confirm_judge import judge_finalists
from ferray.apps.confirm_plan import SEARCH_NAME, known_trainings
from ferray.apps.confirm_request import request_confirmation
from ferray.apps.listener_group import ListenerGroup
from ferray.artifacts.sweep import SweepArtifacts
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.results.confirmation import CONFIRMATION_NAME, read_confirmation
from ferray.study.history import load_sweep
from ferray.testing.command import INLINE, Ran, document, ferray, swept

TINY = """
name: tiny
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
objective: {metric: val/uar}
sampler: random
pruner: none
budget: {trials: 2}
base: {image_size: 16, augment: none, backbone: {tiny_cnn: {width: 4, depth: 2}}, batch_size: 35, epochs: 1}
space: {optimizer.lr: {log_uniform: [1.0e-4, 1.0e-2]}}
"""


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep `tiny` of two trials, `folds` of one trial of three folds beside it."""
    space = tmp_path_factory.mktemp("confirm") / "tiny.yaml"
    swept(space, TINY)
    return swept(space, TINY, "--name", "folds", "--trials", 1, "--set", "folds={k: 3}")


@pytest.fixture(scope="module")
def confirmed(searched: Path) -> Ran:
    """`tiny`, confirmed against one of its own finalists."""
    recipe = load_sweep(searched / "tiny").trials[0].recipe
    return confirm(searched, "tiny", "--top", 2, "--seeds", 2, "--baseline", recipe, "--json")


def confirm(runs: Path, name: str, *args: object) -> Ran:
    return ferray("confirm", name, "--output", runs, *INLINE, *args)


def test_finalists_and_baseline_are_trained_with_the_same_fresh_seeds(confirmed: Ran) -> None:
    assert {(row["name"], tuple(row["seeds"])) for row in document(confirmed)["rows"]} == {
        ("trial-0", (1000, 1001)),
        ("trial-1", (1000, 1001)),
        ("baseline", (1000, 1001)),
    }


def test_one_recipe_under_two_names_is_not_distinguishable(confirmed: Ran) -> None:
    (pair,) = (
        pair for pair in document(confirmed)["pairs"] if {pair["first"], pair["second"]} == {"trial-0", "baseline"}
    )
    assert (pair["difference"], pair["verdict"]) == (0.0, "not distinguishable")
    assert "note: the baseline is the recipe of trial-0" in confirmed.err


@pytest.mark.usefixtures("confirmed")
def test_the_trainings_are_a_sweep_of_their_own(searched: Path) -> None:
    record = load_sweep(searched / "tiny-confirm")
    assert [trial.params["seed"] for trial in record.trials] == [1000] * 3 + [1001] * 3
    assert len(load_sweep(searched / "tiny").trials) == 2


def test_what_was_found_lies_with_the_search(searched: Path, confirmed: Ran) -> None:
    found = read_confirmation(searched / "tiny")
    assert found is not None
    assert json.loads(json.dumps(found.to_json())) == document(confirmed)


def test_the_figures_are_those_of_the_judged_trials(searched: Path, confirmed: Ran) -> None:
    judged = [json.loads(own.held_out.read_bytes()) for own in SweepArtifacts.of(searched / "tiny-confirm")]
    values = sorted(value for row in document(confirmed)["rows"] for value in row["values"])
    assert values == pytest.approx(sorted(trial["metrics"]["test/uar"] for trial in judged))


@pytest.mark.usefixtures("confirmed")
def test_both_stores_remember_the_reading(searched: Path) -> None:
    (first,), (second,) = (load_sweep(searched / name).readings for name in ("tiny", "tiny-confirm"))
    assert first == second
    assert (first.by, first.sweep, len(first.trials)) == ("confirm", "tiny-confirm", 6)


def test_the_same_command_reads_nothing_again(searched: Path, confirmed: Ran) -> None:
    recipe = load_sweep(searched / "tiny").trials[0].recipe
    again = confirm(searched, "tiny", "--top", 2, "--seeds", 2, "--baseline", recipe, "--json")
    assert {**document(again), "written": 0} == {**document(confirmed), "written": 0}
    assert "judging" not in again.err


def test_what_a_kill_has_left_unjudged_is_no_second_reading(searched: Path, confirmed: Ran) -> None:
    own = next(iter(SweepArtifacts.of(searched / "tiny-confirm")))
    own.held_out.delete()
    recipe = load_sweep(searched / "tiny").trials[0].recipe
    again = confirm(searched, "tiny", "--top", 2, "--seeds", 2, "--baseline", recipe, "--json")
    assert (again.err.count("judging"), len(document(again)["readings"])) == (1, 1)
    assert document(again)["rows"] == document(confirmed)["rows"]


@pytest.mark.usefixtures("confirmed")
def test_more_seeds_are_a_second_reading_and_shown_as_one(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched, tmp_path / "runs")
    recipe = load_sweep(searched / "tiny").trials[0].recipe
    ran = confirm(tmp_path / "runs", "tiny", "--top", 2, "--seeds", 3, "--baseline", recipe)
    assert ran.code == 0, ran.err
    assert "note: the test split was read before: confirm of 6 trials" in ran.err
    assert "the test split was read 2 times: confirm of 6 trials" in ran.out


@pytest.mark.usefixtures("confirmed")
def test_finalists_of_a_loss_show_no_loss_beside_their_accuracy(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched, tmp_path / "runs")
    recipe = load_sweep(searched / "tiny").trials[0].recipe
    asked = {"top": 2, "seeds": 2, "baseline": recipe, "launcher": "inline", "output": tmp_path / "runs"}
    request = request_confirmation("tiny", asked, ListenerGroup([]))
    record = replace(load_sweep(tmp_path / "runs" / "tiny-confirm"), metric="val/loss", mode="min")
    found = judge_finalists(request, record, ListenerGroup([]))
    assert found is not None
    assert (found.metric, {row.validation for row in found.rows}) == ("accuracy", {None})


@pytest.mark.usefixtures("confirmed")
def test_a_quiet_confirmation_hears_what_speaks_against_judging(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(searched, tmp_path / "runs")
    for file in tmp_path.glob("runs/tiny-confirm/trials/*/test.json"):
        file.unlink()
    monkeypatch.setattr("ferray.apps.judge.doubt", lambda *_: "the data has changed")
    recipe = load_sweep(searched / "tiny").trials[0].recipe
    ran = confirm(tmp_path / "runs", "tiny", "--top", 2, "--seeds", 2, "--baseline", recipe, "--quiet")
    assert (ran.code, "warning: the data has changed" in ran.err) == (0, True), ran.err


@pytest.mark.usefixtures("confirmed")
def test_other_finalists_are_trained_beside_the_former(searched: Path) -> None:
    ran = confirm(searched, "tiny", "--top", 1, "--seeds", 2, "--dry-run")
    assert "these are other finalists than those of `tiny-confirm`: they are trained in `tiny-confirm-2`" in ran.err
    assert not (searched / "tiny-confirm-2").exists()


def test_where_there_is_no_test_split_each_image_is_held_out_once(searched: Path) -> None:
    ran = confirm(searched, "folds", "--top", 1, "--seeds", 2, "--json")
    found = document(ran)
    assert (found["split"], found["num_folds"], found["rows"][0]["n"]) == ("nested", 3, 105)
    assert "each image is held out once in 3 nested folds; the search has chosen" in ran.err


@pytest.mark.usefixtures("confirmed")
def test_trainings_are_no_search(searched: Path) -> None:
    ran = confirm(searched, "tiny-confirm")
    assert (ran.code, "is the trainings of a confirmation" in ran.err) == (2, True)


def test_what_cannot_begin_leaves_no_folder(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched / "tiny", tmp_path / "runs" / "gone")
    ran = confirm(tmp_path / "runs", "gone", "--top", 1, "--seeds", 2, "--device", "cuda")
    assert (ran.code, (tmp_path / "runs" / "gone-confirm").exists()) == (5, False)


def test_a_baseline_of_another_data_set_is_refused(searched: Path) -> None:
    ran = confirm(searched, "tiny", "--baseline", "sfew")
    assert (ran.code, "is of the data set `sfew`, the finalists are of `demo`" in ran.err) == (2, True)


def test_a_space_as_baseline_is_judged_as_the_finalists_are(searched: Path) -> None:
    ran = confirm(searched, "tiny", "--top", 1, "--seeds", 2, "--baseline", "demo", "--dry-run", "--json")
    arms = document(ran)["arms"]
    assert set(arms) == {"trial-0", "baseline"} or set(arms) == {"trial-1", "baseline"}
    assert "dataset" not in arms["baseline"]
    assert "note: the baseline is trained and judged as the finalists are, not by its own `dataset`" in ran.err


def test_a_search_that_has_not_ended_is_warned_of(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched / "tiny", tmp_path / "runs" / "tiny")
    resolved = tmp_path / "runs" / "tiny" / "resolved.json"
    resolved.write_text(json.dumps({**json.loads(resolved.read_text()), "budget": {"trials": 5}}))
    ran = confirm(tmp_path / "runs", "tiny", "--top", 1, "--seeds", 2, "--dry-run")
    assert "note: of the search 2 of 5 trials have ended: once the test split is read, no choice" in ran.err


def test_recipes_that_are_judged_on_other_images_are_refused_before_anything_is_trained(searched: Path) -> None:
    asked = {"top": 1, "seeds": 2, "launcher": "inline", "tracker": ["none"], "output": searched}
    request = request_confirmation("tiny", asked, ListenerGroup([]))
    (arm,) = request.trainings.arms
    fewer = {**arm.config, "dataset": {"demo": {**arm.config["dataset"]["demo"], "num_test": 28}}}
    arms = (arm, replace(arm, name="baseline", config=fewer))
    trainings = replace(request.trainings, arms=arms)
    spec = trainings.spec(request.record, 2, {})
    with pytest.raises(ConfigError, match="`baseline` would be judged on other images than `trial-"):
        run_confirmation(replace(request, trainings=trainings, sweep=replace(request.sweep, spec=spec)), [])


def test_a_damaged_note_of_a_search_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / SEARCH_NAME).write_text('{"search": 1}')
    assert list(known_trainings(tmp_path)) == []


class Time(Listener):
    """Interrupts as soon as a trial has ended."""

    def trial_ended(self, trial: object) -> None:
        raise KeyboardInterrupt


def test_a_confirmation_that_was_interrupted_goes_on(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched / "tiny", tmp_path / "runs" / "tiny")
    (tmp_path / "runs" / "tiny" / CONFIRMATION_NAME).unlink(missing_ok=True)
    asked = {"top": 1, "seeds": 2, "launcher": "inline", "tracker": ["none"], "output": tmp_path / "runs"}
    with pytest.raises(KeyboardInterrupt):
        run_confirmation(request_confirmation("tiny", asked, ListenerGroup([])), [Time()])
    assert read_confirmation(tmp_path / "runs" / "tiny") is None
    found = run_confirmation(request_confirmation("tiny", asked, ListenerGroup([])), [])
    assert found is not None
    assert found.rows[0].seeds == (1000, 1001)
