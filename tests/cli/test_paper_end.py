"""What a sweep of a space with published rows does when its trials are over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.apps.paper import PaperSweep, finish_paper
from ferray.config.runtime import Runtime
from ferray.events import Listener
from ferray.study.history import load_sweep
from ferray.testing.command import Ran, sweep
from ferray.text.commands import command

SPACE = """
name: two
dataset: {demo: {num_train: 70, num_val: 35, num_test: 35}}
sampler: random
pruner: none
base: {image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 2}
arms: {plain: {}, focal: {imbalance: focal}}
published:
  - {row: cross-entropy, arm: plain, value: 0.42, n: 216}
  - {row: focal loss, arm: focal, value: 0.46, n: 216}
  - {row: focal loss, arm: focal, value: 0.39, n: 215, split: val}
quick: {arms: [plain], set: {epochs: 1}}
"""
NEXT = (
    SPACE.split("arms:")[0].replace("name: two", "name: next")
    + "budget: {trials: 1}\nspace: {imbalance: {one_of: [none, focal]}}\n"
)


def run_paper(folder: Path, *args: object, text: str = SPACE) -> Ran:
    (folder / "two.yaml").write_text(text)
    return sweep(folder / "two.yaml", *args)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    folder = tmp_path_factory.mktemp("paper")
    return folder, run_paper(folder)


def test_the_comparison_follows_the_leaderboard(ran: tuple[Path, Ran]) -> None:
    out = ran[1].out
    assert 0 < out.index("trials: 2 completed") < out.index("published, and ours in the sweep two")
    assert "+4.0 points on 216 test images is inside the noise" in out


def test_every_trial_is_judged_on_the_test_split(ran: tuple[Path, Ran]) -> None:
    assert len(list((ran[0] / "runs").rglob("test.json"))) == 2
    assert "ferray evaluate" not in ran[1].out


def test_figures_are_drawn(ran: tuple[Path, Ran]) -> None:
    assert (ran[0] / "runs" / "two" / "figures" / "curves.svg").is_file()


def test_json_holds_the_comparison(ran: tuple[Path, Ran]) -> None:
    document = json.loads(run_paper(ran[0], "--json").out)
    assert (len(document["trials"]), len(document["comparison"]["rows"])) == (2, 3)
    assert document["comparison"]["rows"][0]["ours"]["n"] == 35


def test_a_paper_before_another_sweep_is_judged_and_no_second_document(tmp_path: Path) -> None:
    (tmp_path / "next.yaml").write_text(NEXT)
    done = run_paper(tmp_path, "--json", "--then", tmp_path / "next.yaml")
    assert len(json.loads(done.out)["trials"]) == 1
    assert len(list((tmp_path / "runs" / "two").rglob("test.json"))) == 2


def test_a_quick_sweep_is_called_a_cut(tmp_path: Path) -> None:
    out = run_paper(tmp_path, "--quick").out
    assert "two-quick is a cut of" in out
    assert "epochs 1 for 2" in out


def test_what_goes_wrong_afterwards_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "my papers"
    (folder / "runs" / "two").mkdir(parents=True)
    (folder / "runs" / "two" / "figures").touch()
    done = run_paper(folder)
    assert done.code == 0
    assert f"try `{command('figures', folder / 'runs' / 'two')}`" in done.err  # it can be pasted
    assert "published, and ours" in done.out


def test_a_space_without_published_rows_ends_as_before(tmp_path: Path) -> None:
    done = run_paper(tmp_path, "--json", text=SPACE.split("published:")[0])
    assert "comparison" not in json.loads(done.out)


def test_a_sweep_whose_time_was_up_is_not_judged_yet(tmp_path: Path) -> None:
    run_paper(tmp_path)
    folder = tmp_path / "runs" / "two"
    for judged in folder.glob("trials/*/test.json"):
        judged.unlink()
    resolved = json.loads((folder / "resolved.json").read_text())
    (folder / "resolved.json").write_text(json.dumps({**resolved, "budget": {"trials": 9}}))
    record, runtime = load_sweep(folder), Runtime(output=folder.parent, device="cpu")
    comparison = finish_paper(PaperSweep(str(tmp_path / "two.yaml"), record, runtime, is_quick=False), Listener())
    assert not list(folder.glob("trials/*/test.json"))
    assert comparison is not None
    assert "evaluate" in comparison.rows[0].missing
