from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.load import load_space, validate_spec
from ferray.config.overrides import Overrides
from ferray.config.sweep import SweepSpec
from ferray.errors import ConfigError
from ferray.sweeps.check import valid_corners

ARMS = {"plain": {}, "cleaned": {"outliers": "bdr", "epochs": 7}}
FILE = """
name: two
dataset: demo
base: {epochs: 9, backbone: tiny_cnn}
arms: {plain: {}, cleaned: {outliers: bdr, epochs: 7}}
seeds: 3
quick: {seeds: 2, set: {epochs: 1}}
published: [{row: "with", arm: cleaned, value: 0.46, n: 216}]
"""


def spec(**changes: Any) -> SweepSpec:
    return SweepSpec.model_validate({"name": "x", "dataset": "demo", "base": {"epochs": 9}, "arms": ARMS, **changes})


def of_file(tmp_path: Path, **overrides: Any) -> tuple[SweepSpec, list[str]]:
    path = tmp_path / "two.yaml"
    path.write_text(FILE)
    return load_space(str(path), Overrides(**overrides))


def test_an_arm_is_laid_over_the_base() -> None:
    assert spec().config(lambda *_: "cleaned").epochs == 7


def test_every_seed_sees_all_arms_in_turn() -> None:
    assert list(spec(seeds=2).nodes) == ["seed", "arm"]


def test_seeds_count_on_from_the_base() -> None:
    node = spec(seeds=2, base={"seed": 5}).nodes["seed"]
    assert node.extremes() == [5, 6]


def test_the_budget_is_every_combination() -> None:
    assert spec(seeds=4).budget.trials == 8


def test_a_written_budget_stands() -> None:
    assert spec(seeds=4, budget={"trials": 3}).budget.trials == 3


def test_every_arm_is_checked() -> None:
    broken = validate_spec({"name": "x", "dataset": "demo", "arms": {"a": {}, "b": {"epochs": 0}}}, source="x")
    with pytest.raises(ConfigError, match="allowed is at least `1`"):
        valid_corners(broken)


def test_a_key_of_an_arm_must_exist() -> None:
    with pytest.raises(ConfigError, match="`epoch` is not a key"):
        validate_spec({"name": "x", "dataset": "demo", "arms": {"a": {"epoch": 3}}}, source="x")


def test_a_searched_key_is_no_key_of_an_arm() -> None:
    raw = {"name": "x", "dataset": "demo", "arms": {"a": {"epochs": 3}}, "space": {"epochs": {"choice": [1, 2]}}}
    with pytest.raises(ConfigError, match=r"stands in `arms.a` and in `space`"):
        validate_spec(raw, source="x")


def test_a_published_row_speaks_of_an_arm_that_is_there() -> None:
    rows = [{"row": "with", "arm": "celaned", "value": 0.4}]
    with pytest.raises(ConfigError, match="`celaned`, which is not there"):
        validate_spec({"name": "x", "dataset": "demo", "arms": ARMS, "published": rows}, source="x")


def test_a_row_that_is_not_comparable_says_why() -> None:
    rows = [{"row": "with", "value": 0.4, "comparable": False}]
    with pytest.raises(ConfigError, match="does not say `why`"):
        validate_spec({"name": "x", "dataset": "demo", "published": rows}, source="x")


def test_an_override_wins_over_every_arm(tmp_path: Path) -> None:
    changed, _ = of_file(tmp_path, epochs=2)
    assert changed.config(lambda name, _: "cleaned" if name == "arm" else 0).epochs == 2


def test_one_arm_can_be_asked_for(tmp_path: Path) -> None:
    changed, notes = of_file(tmp_path, sets=["arm=cleaned"])
    assert (list(changed.arms), notes) == (["cleaned"], ["only the arm `cleaned` is run"])


def test_several_arms_cannot_be_asked_for_as_a_node(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no arm"):
        of_file(tmp_path, sets=["arm={choice: [plain]}"])


def test_rows_of_an_arm_that_is_left_out_stay_as_quoted_ones(tmp_path: Path) -> None:
    changed, _ = of_file(tmp_path, sets=["arm=plain"])
    assert [(row.row, row.arm) for row in changed.published] == [("with", None)]


def test_quick_cuts_down_and_says_so(tmp_path: Path) -> None:
    changed, notes = of_file(tmp_path, quick=True)
    assert (changed.name, changed.budget.trials) == ("two-quick", 4)
    assert notes == [
        "quick: `epochs` is `1`",
        "`quick.set.epochs` holds in the arm `cleaned`",
        "quick: `2` seeds for `3`",
    ]


def test_quick_begins_with_the_quick_cut_of_the_space_before(tmp_path: Path) -> None:
    path = tmp_path / "second.yaml"
    path.write_text("{dataset: demo, after: papers/first, arms: {a: {init_from: 'first:best'}}, quick: {seeds: 1}}")
    changed, _ = load_space(str(path), Overrides(quick=True))
    assert changed.arms["a"] == {"init_from": "first-quick:best"}


def test_seeds_can_be_asked_for(tmp_path: Path) -> None:
    assert of_file(tmp_path, seeds=9)[0].budget.trials == 18


def test_more_seeds_continue_the_same_sweep() -> None:
    assert spec(seeds=2).identity == spec(seeds=5).identity


def test_other_arms_are_another_sweep() -> None:
    assert spec().identity != spec(arms={"plain": {}}).identity


def test_quick_needs_a_cut() -> None:
    with pytest.raises(ConfigError, match="has no `quick` cut"):
        load_space("demo", Overrides(quick=True))


def test_wilcoxon_needs_folds() -> None:
    assert spec(base={"folds": {"k": 3}}).base["folds"] == {"k": 3}
