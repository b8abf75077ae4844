"""`ferray ensemble --soup` on a sweep of two recipes by two seeds."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.local import LocalFileSystem
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.validation_logits import read_validation_logits
from ferray.results.sweep import load
from ferray.study.history import load_sweep
from ferray.testing.command import Ran, document, ferray
from ferray.training.checkpoint import read_checkpoint, write_checkpoint
from ferray.training.predictor import load_predictor


def soup(folder: Path, *args: object) -> Ran:
    return ferray("ensemble", folder, "--soup", *args)


def best_of(folder: Path, number: int) -> Path:
    return folder / load_sweep(folder).trials[number].checkpoint


def test_uniform_averages_the_seeds_of_one_recipe(pairs: Path) -> None:
    told = document(soup(pairs, "uniform", "--no-test", "--json"))
    recipes = {load(pairs).trial(number).recipe for number in told["ingredients"]}
    assert (len(told["ingredients"]), recipes) == (2, {told["recipe"]})
    parts = [torch.load(best_of(pairs, number), weights_only=True)["model"] for number in told["ingredients"]]
    mixed = torch.load(pairs / "soup/best.pt", weights_only=True)["model"]
    name = next(name for name in mixed if name.startswith("head") and name.endswith("weight"))
    assert torch.allclose(mixed[name], (parts[0][name] + parts[1][name]) / 2)


def test_statistics_are_taken_anew_and_that_is_said(pairs: Path) -> None:
    ran = soup(pairs, "uniform", "--no-test")
    assert "BatchNorm layers taken anew from 70 training images" in ran.err


def test_the_soup_answers_as_it_was_judged(pairs: Path) -> None:
    told = document(soup(pairs, "uniform", "--no-test", "--json"))
    kept = read_validation_logits(SweepArtifacts.of(pairs).soup)
    assert kept is not None
    hits = kept.logits.argmax(axis=1) == kept.labels
    recalls = [hits[kept.labels == label].mean() for label in np.unique(kept.labels)]
    assert told["value"] == pytest.approx(np.mean(recalls))
    assert load_predictor(pairs / "soup").checkpoint.metrics["val/uar"] == pytest.approx(told["value"])


def test_greedy_is_never_worse_than_its_best_on_validation(pairs: Path) -> None:
    told = document(soup(pairs, "greedy", "--no-test", "--json"))
    assert told["value"] >= told["best_value"]
    assert told["ingredients"][0] == told["best_trial"]


def test_the_gain_is_that_over_the_best_ingredient(pairs: Path) -> None:
    told = document(soup(pairs, "uniform", "--json"))
    assert [gain["n"] for gain in told["test"]] == [35, 35, 35]
    assert [reading.by for reading in load_sweep(pairs).readings] == ["ensemble"]


def test_other_shapes_are_refused(pairs: Path) -> None:
    told = document(soup(pairs, "uniform", "--no-test", "--json"))
    shutil.rmtree(pairs / "soup")
    other = best_of(pairs, told["ingredients"][1])
    file = ArtifactFile(LocalFileSystem(str(other.parent)), other.name)
    state = {name: part for name, part in read_checkpoint(file, "best").items() if name != "ferray"}
    name = next(name for name in state["model"] if name.endswith("bias"))
    state["model"][name] = torch.zeros(99)
    write_checkpoint(file, "best", state)
    ran = soup(pairs, "uniform", "--no-test")
    assert (ran.code, "has another shape" in ran.err, (pairs / "soup").exists()) == (2, True, False)


def test_an_unknown_kind_is_refused(pairs: Path) -> None:
    ran = soup(pairs, "greedi")
    assert (ran.code, "did you mean `greedy`" in ran.err) == (2, True)
