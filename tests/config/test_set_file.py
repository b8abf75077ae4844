"""A YAML file in the place of as many `--set`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.load import load_space
from ferray.config.overrides import Overrides
from ferray.errors import ConfigError


def written(folder: Path, text: str) -> str:
    (folder / "keys.yaml").write_text(text)
    return str(folder / "keys.yaml")


def test_a_file_sets_each_of_its_keys(tmp_path: Path) -> None:
    file = written(tmp_path, "epochs: 3\noptimizer.lr: 1e-3\n")
    spec, _ = load_space("demo", Overrides(sets=[file]))
    same, _ = load_space("demo", Overrides(sets=["epochs=3", "optimizer.lr=1e-3"]))
    assert spec == same


def test_a_later_key_holds_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "epochs: 3\n")
    spec, _ = load_space("demo", Overrides(sets=[file, "epochs=4"]))
    assert spec.base["epochs"] == 4


@pytest.mark.parametrize("text", ["", "- 1\n", "{}\n"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="holds no keys of a configuration"):
        load_space("demo", Overrides(sets=[written(tmp_path, text)]))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml"):
        load_space("demo", Overrides(sets=["missing.yaml"]))


def test_a_wrong_key_in_a_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="epohcs"):
        load_space("demo", Overrides(sets=[written(tmp_path, "epohcs: 3\n")]))
