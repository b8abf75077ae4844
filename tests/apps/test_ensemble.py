"""`ferray ensemble` on a sweep of four real trainings of a second each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ferray.apps.trial_job import trial_job
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import read_validation_logits, write_validation_logits
from ferray.config.runtime import Runtime
from ferray.data.judging import judging
from ferray.results.answers import read_answers
from ferray.study.history import load_sweep
from ferray.testing.command import Ran, document, ferray
from ferray.training.ensemble_predictor import load_ensemble
from ferray.training.inputs import open_job_inputs


def ensemble(folder: Path, *args: object) -> Ran:
    return ferray("ensemble", folder, *args)


def logits_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("trials/*/val-logits.safetensors"))


def test_the_gain_over_the_best_trial_has_a_paired_interval(pairs: Path) -> None:
    told = document(ensemble(pairs, "--json"))
    assert [(gain["metric"], gain["n"]) for gain in told["test"]] == [("accuracy", 35), ("uar", 35), ("macro_f1", 35)]
    gain = told["test"][0]
    assert gain["difference"]["value"] == pytest.approx(gain["ours"]["value"] - gain["best"]["value"])
    assert gain["difference"]["method"].startswith(("paired", "no interval"))


def test_a_line_says_whether_it_is_better(pairs: Path) -> None:
    lines = [line for line in ensemble(pairs).out.splitlines() if line.startswith("test UAR: ensemble ")]
    assert [line.endswith("(n = 35, 95 %)") for line in lines] == [True]
    verdicts = (": better", ": worse", ": no difference beyond the noise", ": the same in every draw of these images")
    assert any(verdict in lines[0] for verdict in verdicts)


def test_the_best_trial_is_that_of_the_leaderboard(pairs: Path) -> None:
    best = document(ferray("leaderboard", pairs, "--json"))["trials"][0]
    told = document(ensemble(pairs, "--no-test", "--json"))
    assert (told["best_trial"], told["best_value"]) == (best["number"], pytest.approx(best["value"]))


def test_what_the_ensemble_says_to_validation_images_scores_what_is_told(pairs: Path) -> None:
    told = document(ensemble(pairs, "--no-test", "--json"))
    kept = read_validation_logits(SweepArtifacts.of(pairs).ensemble)
    assert kept is not None
    hits = kept.logits.argmax(axis=1) == kept.labels
    recalls = [hits[kept.labels == label].mean() for label in np.unique(kept.labels)]
    assert told["value"] == pytest.approx(np.mean(recalls))


def test_it_answers_as_it_was_judged(pairs: Path) -> None:
    ensemble(pairs)
    answers = read_answers(SweepArtifacts.of(pairs).ensemble)
    with judging(lambda: None):
        job = trial_job(load_sweep(pairs).trials[0], pairs, Runtime(launcher="inline"))
        test = open_job_inputs(job).test.unsealed()
    said = load_ensemble(pairs / "ensemble")(test.images_of(np.arange(len(test)))).argmax(dim=1)
    assert answers is not None
    assert said.tolist() == answers.predictions.tolist()


def test_the_test_split_is_read_once_for_one_ensemble(pairs: Path) -> None:
    first, again = ensemble(pairs), ensemble(pairs)
    readings = [reading.by for reading in load_sweep(pairs).readings]
    assert ("judging" in first.err, "judging" in again.err, again.out == first.out) == (True, False, True)
    assert readings == ["ensemble"]


def test_another_ensemble_is_another_reading_and_hears_of_the_first(pairs: Path) -> None:
    ensemble(pairs, "--bags", 1, "--rounds", 1)
    ran = ensemble(pairs)
    assert "the test split was read before: ensemble of" in ran.err


def test_without_the_test_split_nothing_of_it_is_read(pairs: Path) -> None:
    assert ensemble(pairs, "--no-test").code == 0
    assert (load_sweep(pairs).readings, read_answers(SweepArtifacts.of(pairs).ensemble)) == ((), None)


def test_trials_from_before_logits_were_kept_are_asked_again(pairs: Path) -> None:
    kept = document(ensemble(pairs, "--no-test", "--json"))
    for file in logits_files(pairs):
        file.unlink()
    ran = ensemble(pairs, "--no-test", "--json")
    assert ran.err.count("its best.pt is asked about 70 validation images") == 4
    assert document(ran) == kept
    assert len(logits_files(pairs)) == 4


def test_a_trial_that_others_judged_on_other_images_is_left_out(pairs: Path) -> None:
    last = TrialArtifacts.at(str(logits_files(pairs)[3].parent))
    kept = read_validation_logits(last)
    assert kept is not None
    write_validation_logits(last, replace(kept, sample_ids=kept.sample_ids + 1))
    ran = ensemble(pairs, "--no-test", "--json")
    assert document(ran)["num_candidates"] == 3
    assert "1 trial was judged on other validation images" in ran.err


def test_a_trial_whose_checkpoint_is_gone_is_left_out(pairs: Path) -> None:
    lost = logits_files(pairs)[1].parent
    (lost / "best.pt").unlink()
    ran = ensemble(pairs, "--no-test", "--json")
    assert document(ran)["num_candidates"] == 3
    assert f"the best.pt of trial {int(lost.name[:4])} is gone" in ran.err


def test_one_checkpoint_makes_no_ensemble(pairs: Path) -> None:
    for file in logits_files(pairs)[1:]:
        (file.parent / "best.pt").unlink()
    ran = ensemble(pairs, "--no-test")
    assert (ran.code, "fewer than two complete trials" in ran.err) == (2, True)


def test_one_candidate_is_refused(pairs: Path) -> None:
    ran = ensemble(pairs, "--candidates", 1)
    assert (ran.code, "candidates" in ran.err) == (2, True)


def test_a_damaged_file_of_logits_is_named_and_made_again(pairs: Path) -> None:
    file, kept = logits_files(pairs)[2], document(ensemble(pairs, "--no-test", "--json"))
    file.write_bytes(b"torn")
    ran = ensemble(pairs, "--no-test", "--json")
    assert ran.err.count("val-logits.safetensors` is damaged, and is made again") == 1
    assert (document(ran), read_validation_logits(TrialArtifacts.at(str(file.parent))) is None) == (kept, False)


def test_predict_asks_it_by_the_name_of_its_sweep(pairs: Path, tmp_path: Path) -> None:
    assert ensemble(pairs, "--no-test").code == 0
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    answered = document(ferray("predict", f"{pairs}:ensemble", tmp_path / "a.png", "--json"))["answers"][0]
    expected = load_ensemble(pairs / "ensemble").probabilities(picture)[0].tolist()
    assert list(answered["probabilities"].values()) == pytest.approx(expected, abs=1e-6)


def test_predict_says_that_a_sweep_has_none(pairs: Path, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    ran = ferray("predict", f"{pairs}:ensemble", tmp_path / "a.png")
    assert (ran.code, "there is no ensemble `" in ran.err) == (3, True)
