from __future__ import annotations

from pathlib import Path

import pytest

from ferray.config.data_root import address_of, data_root_at, data_root_words, default_data_root, is_at_hand
from ferray.config.place import place_at_start, read_place
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError
from ferray.files.atomic import json_document

ADDRESS = "s3://bucket/fer data/é"


def test_a_folder_is_its_own_data_root() -> None:
    assert data_root_at("data") == Path("data")
    assert address_of(Path("data")) is None


def test_an_address_has_a_folder_of_the_cache_that_tells_it(shared_cache: Path) -> None:
    root = data_root_at(ADDRESS)
    assert root.is_relative_to(shared_cache)
    assert address_of(root) == data_root_words(root) == ADDRESS


def test_the_environment_may_give_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRAY_DATA", ADDRESS)
    assert address_of(default_data_root()) == ADDRESS


def test_an_option_may_give_an_address() -> None:
    assert address_of(Runtime.model_validate({"data_root": Path("s3://bucket/fer")}).data_root) == "s3://bucket/fer"


def test_an_address_longer_than_a_folders_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="is too long"):
        data_root_at(f"s3://bucket/{'a' * 240}")


def test_a_password_in_an_address_is_refused_before_anything_shows_it() -> None:
    with pytest.raises(ConfigError) as refused:
        Runtime.model_validate({"data_root": "s3://user:secret@bucket/fer"})
    assert "secret" not in str(refused.value)


def test_data_at_an_address_can_be_had_before_it_is_here() -> None:
    assert is_at_hand(data_root_at(ADDRESS))
    assert not is_at_hand(Path("nowhere"))


def test_a_sweep_remembers_the_address_and_not_this_machines_folder(tmp_path: Path) -> None:
    runtime = Runtime.model_validate({"data_root": ADDRESS})
    kept = place_at_start(read_place(tmp_path), runtime).to_json()
    assert kept["data_root"] == ADDRESS
    (tmp_path / "place.json").write_text(json_document(kept))
    assert read_place(tmp_path).data_root == runtime.data_root
