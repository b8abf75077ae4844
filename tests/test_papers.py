"""The papers' spaces: every one is valid, and two run here; `make papers` runs them all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.papers import PAPERS
from ferray.config.load import load_space, space_names
from ferray.config.overrides import Overrides
from ferray.sweeps.check import valid_corners
from ferray.testing.command import INLINE, ferray
from ferray.testing.paper_data import write_aligned, write_sheet

SPACES = [name for name in space_names() if name.startswith("papers/")]
PLACE = (*INLINE, "--quiet", "--json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("papers")


def swept(paper: str, root: Path, runs: Path, *options: object) -> dict[str, Any]:
    ran = ferray("sweep", f"papers/{paper}", "--quick", "--data-root", root, "--output", runs, *PLACE, *options)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def compared(paper: str, runs: Path) -> dict[str, Any]:
    ran = ferray("compare", f"papers/{paper}", "--quick", "--output", runs, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_the_benchmark_runs_every_space() -> None:
    assert sorted(f"papers/{paper.name}" for paper in PAPERS) == SPACES


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("quick", [False, True], ids=["whole", "quick"])
def test_every_corner_is_valid(space: str, quick: bool) -> None:
    spec, _ = load_space(space, Overrides(quick=quick))
    assert len(valid_corners(spec)) >= len(spec.arms)


@pytest.mark.parametrize("space", SPACES)
def test_what_varies_are_arms_and_paired_seeds(space: str) -> None:
    spec, _ = load_space(space)
    assert spec.budget.trials == len(spec.arms) * (spec.seeds or 1)


@pytest.mark.parametrize("space", SPACES)
def test_every_arm_is_a_row_of_the_paper_or_said_to_be_none(space: str) -> None:
    spec, _ = load_space(space)
    without = set(spec.arms) - {row.arm for row in spec.published}
    assert without <= {"imagenet", "efficientnet_b0"}  # what the first stage is worth, and a backbone of ours


@pytest.mark.parametrize("space", SPACES)
def test_the_quick_cut_needs_no_network(space: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    spec, _ = load_space(space, Overrides(quick=True))
    for config in valid_corners(spec):
        config.backbone.load()(config.backbone.build_params()).check()


def test_the_sheet_of_features_runs(folder: Path) -> None:
    root = write_sheet(folder / "sheet")
    board = swept("wang2020-features", root, folder / "runs", "--seeds", 1, "--epochs", 2)
    assert len(board["trials"]) == 3


def test_the_baselines_of_sfew_run(folder: Path) -> None:
    root = write_aligned(folder / "aligned", scale=0.1)
    swept("dhall2011-svm", root, folder / "runs")
    ferray("evaluate", "dhall2011-svm-quick", "--all", "--data-root", root, "--output", folder / "runs")
    rows = compared("dhall2011-svm", folder / "runs")["rows"]
    # 8, 5, 5, 7, 8, 7 and 6 validation images, of which half
    assert [(row["row"], row["ours"]["n"], row["comparable"]) for row in rows] == [
        ("SVM on LPQ", 23, False),
        ("SVM on PHOG", 23, False),
    ]
