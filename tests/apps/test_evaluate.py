"""`ferray evaluate` on a sweep of two real trainings of a second each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import ferray as ferray_package
from ferray.apps.judge import fingerprint, judge_trials
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.data.judging import judging
from ferray.data.pack import open_splits
from ferray.data.samples import PackedSamples, Splits
from ferray.errors import StorageError
from ferray.results.answers import read_answers
from ferray.results.held_out import read_held_out
from ferray.study.history import load_sweep
from ferray.study.records import TrialRecord
from ferray.testing.command import Ran, document, ferray, sweep, swept
from ferray.testing.fake_data import write_image_folder
from ferray.testing.journals import without_checksums
from ferray.testing.trials import demo_config, demo_job
from ferray.training.checkpoint import read_checkpoint, write_checkpoint
from ferray.training.inputs import open_job_inputs
from ferray.training.predictor import load_predictor
from ferray.training.trainers import open_trainer

TINY = """
name: tiny
dataset: {demo: {num_train: 140, num_val: 70, num_test: 35}}
objective: {metric: val/accuracy}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 2}
arms: {plain: {}, shifted: {imbalance: {logit_adjustment: {mode: post_hoc}}}}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swept(tmp_path_factory.mktemp("evaluate") / "tiny.yaml", TINY)


def evaluate(runs: Path, *args: object) -> Ran:
    return ferray("evaluate", "tiny", "--output", runs, *args)


def folders(runs: Path) -> list[Path]:
    return [runs / "tiny" / trial.folder for trial in load_sweep(runs / "tiny").trials]


@pytest.fixture
def clean(runs: Path) -> Path:
    """The same sweep with nothing evaluated."""
    for folder in folders(runs):
        (folder / "test.json").unlink(missing_ok=True)
    return runs


def test_the_best_trial_alone_is_judged(clean: Path) -> None:
    evaluate(clean)
    best = max(load_sweep(clean / "tiny").trials, key=lambda trial: (trial.value or 0, -trial.number))
    assert [(folder / "test.json").exists() for folder in folders(clean)] == [best.number == 0, best.number == 1]


def test_all_judges_every_complete_trial(clean: Path) -> None:
    assert [trial["trial"] for trial in document(evaluate(clean, "--all", "--json"))["trials"]] == [0, 1]


def test_trials_are_judged_by_number(clean: Path) -> None:
    assert [trial["trial"] for trial in document(evaluate(clean, "--trial", 1, "--json"))["trials"]] == [1]


def test_a_line_holds_the_three_scores_with_n(clean: Path) -> None:
    line = evaluate(clean, "--trial", 0).out
    assert line.startswith("trial 0: test accuracy ")
    assert line.endswith("(n = 35, 95 %)\n")
    assert ("UAR" in line, "macro-F1" in line) == (True, True)


def test_the_figures_are_those_of_the_confusion_matrix(clean: Path) -> None:
    (trial,) = document(evaluate(clean, "--trial", 0, "--json"))["trials"]
    hits = sum(row[index] for index, row in enumerate(trial["confusion"]))
    assert trial["metrics"]["test/accuracy"] == pytest.approx(hits / 35)
    assert sum(map(sum, trial["confusion"])) == trial["n"] == 35


def test_what_is_known_is_not_judged_again(clean: Path) -> None:
    first, again = evaluate(clean), evaluate(clean)
    assert ("judging 35 test images" in first.err, "judging" in again.err, again.out) == (True, False, first.out)


def test_the_first_line_comes_before_anything_is_imported(clean: Path) -> None:
    assert evaluate(clean).err.splitlines()[0] == "evaluating `tiny`: importing torch"


def test_another_checkpoint_is_judged_anew(clean: Path) -> None:
    evaluate(clean, "--trial", 0)
    file = folders(clean)[0] / "test.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "checkpoint": "0" * 64, "n": 9999}))
    assert document(evaluate(clean, "--trial", 0, "--json"))["trials"][0]["n"] == 35


def test_a_damaged_answer_is_named(clean: Path) -> None:
    (folders(clean)[0] / "test.json").write_text('{"format": 0}')
    ran = evaluate(clean, "--trial", 0)
    assert (ran.code, "test.json" in ran.err) == (3, True)
    (folders(clean)[0] / "test.json").unlink()


def test_the_data_is_in_the_answer(clean: Path) -> None:
    evaluate(clean, "--trial", 0)
    held_out, trial = read_held_out(TrialArtifacts.at(str(folders(clean)[0]))), load_sweep(clean / "tiny").trials[0]
    config = TrialJob(number=0, config=trial.config, folder="").trial_config()
    cache = Path(os.environ["FERRAY_CACHE"])
    splits = open_splits(config.dataset, size=32, limit_per_class=None, data_root=clean, cache_dir=cache)
    assert held_out is not None
    with judging(lambda: None):
        assert held_out.data == fingerprint(splits.test.unsealed()) != fingerprint(splits.val)


def test_an_unknown_trial_is_named(runs: Path) -> None:
    ran = evaluate(runs, "--trial", 7)
    assert (ran.code, "`tiny` has no trial `7`" in ran.err) == (2, True)


def test_two_choices_are_refused(runs: Path) -> None:
    assert evaluate(runs, "--trial", 0, "--all").code == 2


def test_a_missing_checkpoint_is_named(clean: Path) -> None:
    checkpoint = folders(clean)[1] / "best.pt"
    checkpoint.rename(checkpoint.with_name("aside.pt"))
    ran = evaluate(clean, "--trial", 1)
    checkpoint.with_name("aside.pt").rename(checkpoint)
    assert (ran.code, "best.pt` cannot be read" in ran.err) == (3, True)


def test_what_was_judged_outlives_its_checkpoint(clean: Path) -> None:
    evaluate(clean, "--all")
    checkpoint = folders(clean)[0] / "best.pt"
    checkpoint.rename(checkpoint.with_name("aside.pt"))
    ran = evaluate(clean, "--all", "--json")
    checkpoint.with_name("aside.pt").rename(checkpoint)
    assert (ran.code, len(json.loads(ran.out)["trials"])) == (0, 2)
    assert "what was judged before stands" in ran.err


def test_a_split_without_test_images_is_named(tmp_path: Path) -> None:
    write_image_folder(tmp_path / "data", splits=("train", "val"))
    space = tmp_path / "tiny.yaml"
    space.write_text(TINY.replace("{demo: {num_train: 140, num_val: 70, num_test: 35}}", "image_folder"))
    place = ("--data-root", tmp_path / "data", "--output", tmp_path / "runs")
    assert sweep(space, *place, "--set", "arm=plain", "--epochs", 1).code == 0
    ran = ferray("evaluate", "tiny", *place)
    assert (ran.code, "no labelled test images with split `official`" in ran.err) == (3, True)
    assert "a split such as `halves` keeps some" in ran.err
    assert load_sweep(tmp_path / "runs" / "tiny").readings == ()  # nothing was read


@contextmanager
def changed_checkpoint(folder: Path, **changes: Any) -> Iterator[None]:
    """The best.pt in a trial's folder with other parts for a while; None is for those that are taken away."""
    checkpoint = TrialArtifacts.at(str(folder)).best
    whole, state = checkpoint.read_bytes(), read_checkpoint(checkpoint, "best")
    parts = {**state, **changes, "ferray": None}
    try:
        write_checkpoint(checkpoint, "best", {name: part for name, part in parts.items() if part is not None})
        yield
    finally:
        (folder / checkpoint.name).write_bytes(whole)


def test_images_of_other_classes_than_the_trials_are_refused(clean: Path) -> None:
    with changed_checkpoint(folders(clean)[0], classes=list("abcdefg")):
        ran = evaluate(clean, "--trial", 0)
    assert (ran.code, "the trial tells apart `a, b, c, d, e, f, g`" in ran.err) == (3, True)


def test_a_checkpoint_that_says_no_class_counts_is_judged_alike(clean: Path) -> None:
    judged = document(evaluate(clean, "--trial", 1, "--json"))
    with changed_checkpoint(folders(clean)[1], class_counts=None):
        again = document(evaluate(clean, "--trial", 1, "--json"))
    assert again["trials"][0]["metrics"] == judged["trials"][0]["metrics"]
    assert again["trials"][0]["checkpoint"] != judged["trials"][0]["checkpoint"]


@pytest.mark.parametrize("arm", [0, 1])
def test_validation_judged_again_is_the_record(runs: Path, arm: int) -> None:
    trial = load_sweep(runs / "tiny").trials[arm]
    job = TrialJob(number=0, config=trial.config, folder=str(runs), cache_dir=os.environ["FERRAY_CACHE"], device="cpu")
    again = load_predictor(runs / "tiny" / trial.checkpoint).evaluate(open_job_inputs(job).val)
    assert tuple(map(tuple, again.confusion.tolist())) == trial.confusion


class Sealed:
    """A split that may not be looked at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"`{name}` of the test split was read")

    def __len__(self) -> int:
        raise AssertionError("the length of the test split was read")


@pytest.mark.parametrize(
    "changes",
    [
        {"outliers": {"bdr": {"start_epoch": 1}}, "imbalance": "logit_adjustment"},
        {"finetune": "head", "backbone": {"tiny_cnn": {"width": 4, "depth": 2}}},
        {"estimator": "svm", "descriptor": "lpq", "epochs": 1},
        {"folds": {"k": 2}},
    ],
    ids=["network", "frozen", "classical", "folds"],
)
def test_training_never_reads_the_test_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    def sealed(job: TrialJob) -> Splits:
        return replace(open_job_inputs(job), test=cast(PackedSamples, Sealed()))

    monkeypatch.setattr("ferray.training.assemble.open_job_inputs", sealed)
    monkeypatch.setattr("ferray.training.estimator_trainer.open_job_inputs", sealed)
    with open_trainer(demo_job(tmp_path / "trial", tmp_path, demo_config(**changes))) as trainer:
        assert trainer.step().epoch == 1


def test_nothing_but_the_judging_of_models_speaks_of_the_test_split() -> None:
    # training/inputs.py passes rows of features on, sealed, and what is said of a data set are the numbers of its
    # images; `data show` shows the pictures to a person, and an audit lays them beside those that look the same.
    pictures = {"data/class_sheets.py", "audit/pictures.py"}
    counting = {"training/inputs.py", "data/summary.py", "data/same_pictures.py", "data/left_out.py", *pictures}
    package = Path(ferray_package.__file__).parent
    files = [path for path in package.rglob("*.py") if "splits.test" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(package).as_posix() for path in files} == {"apps/judge.py", *counting}


def test_nothing_but_the_judging_of_models_breaks_the_seal() -> None:
    package = Path(ferray_package.__file__).parent
    files = [path for path in package.rglob("*.py") if ".unsealed()" in path.read_text(encoding="utf-8")]
    assert [path.relative_to(package).as_posix() for path in files] == ["apps/judge.py"]


def test_a_reading_is_in_the_store(clean: Path) -> None:
    evaluate(clean, "--trial", 1)
    *_, latest = load_sweep(clean / "tiny").readings
    assert (latest.by, latest.sweep, latest.trials, latest.num_ended) == ("evaluate", "tiny", (1,), 2)


def test_what_is_known_is_no_reading(clean: Path) -> None:
    evaluate(clean)
    before = load_sweep(clean / "tiny").readings
    evaluate(clean)
    assert load_sweep(clean / "tiny").readings == before


def test_a_second_reading_is_told_of_the_first(clean: Path) -> None:
    evaluate(clean, "--trial", 0)
    assert "note: the test split was read before: " in evaluate(clean, "--trial", 1).err


def test_each_image_has_its_answer(clean: Path) -> None:
    evaluate(clean, "--trial", 0)
    own = TrialArtifacts.at(str(folders(clean)[0]))
    answers, held_out = read_answers(own), read_held_out(own)
    assert answers is not None
    assert held_out is not None
    pairs = list(zip(answers.labels.tolist(), answers.predictions.tolist(), strict=True))
    counts = [[pairs.count((truth, said)) for said in range(7)] for truth in range(7)]
    assert (counts, answers.checkpoint) == ([list(row) for row in held_out.confusion], held_out.checkpoint)


def test_where_no_reading_can_be_written_down_nothing_is_read(clean: Path) -> None:
    def refuse(_: Sequence[TrialRecord]) -> None:
        raise StorageError("the disk is full")

    record = load_sweep(clean / "tiny")
    with pytest.raises(StorageError, match="full"):
        judge_trials(record, record.trials, clean / "tiny", Runtime(launcher="inline"), [].append, refuse)
    assert [(folder / "test.json").exists() for folder in folders(clean)] == [False, False]


def test_a_sweep_with_trials_to_come_is_warned_of_and_its_record_says_so(clean: Path) -> None:
    resolved = clean / "tiny" / "resolved.json"
    whole = resolved.read_text()
    try:
        resolved.write_text(json.dumps({**json.loads(whole), "budget": {"trials": 5}}))
        ran = evaluate(clean)
    finally:
        resolved.write_text(whole)
    assert "warning: 2 of 5 trials have ended: once the test split is read" in ran.err
    assert ran.out.rstrip().endswith("read when 2 of 5 trials had ended")
    (judged,) = filter(None, map(read_held_out, SweepArtifacts.of(clean / "tiny")))
    assert (judged.num_ended, judged.num_asked) == (2, 5)


def test_a_sweep_that_has_ended_is_judged_blind(clean: Path) -> None:
    ran = evaluate(clean)
    assert ("warning" in ran.err, "read when" in ran.out) == (False, False)


def test_a_sweep_that_goes_on_after_it_was_judged_says_so(clean: Path) -> None:
    evaluate(clean)
    ran = sweep(clean.parent / "tiny.yaml", "--seeds", 2)
    assert "1 trial was judged on the test split before: no choice among the trials to come is blind" in ran.err


def test_a_journal_from_elsewhere_does_not_lead_out_of_its_folder(runs: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign/runs/tiny"
    shutil.copytree(runs / "tiny", foreign)
    own, outside = folders(runs)[0].relative_to(runs / "tiny"), tmp_path / "foreign/outside"
    shutil.copytree(foreign / own, outside)
    (outside / "test.json").unlink(missing_ok=True)
    journal = foreign / "study.journal"
    journal.write_text(without_checksums(journal.read_text()).replace(f'"{own}', '"../../outside'))
    ran = evaluate(foreign.parent, "--all")
    assert ran.code == 3
    assert "names `../../outside`" in ran.err
    assert not (outside / "test.json").exists()
