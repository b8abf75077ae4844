from pathlib import Path

import pytest

from ferray.artifacts.address import file_system_at, mount, shortest_address
from ferray.artifacts.local import LocalFileSystem
from ferray.errors import ConfigError
from ferray.testing.memory_files import MemoryFileSystem


def test_a_path_is_a_folder(tmp_path: Path) -> None:
    assert file_system_at(str(tmp_path)) == LocalFileSystem(str(tmp_path))


def test_a_package_declares_a_kind_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "declares-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: declares\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[ferray.artifacts]\ndeclared = ferray.testing.memory_files:MemoryFileSystem\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert file_system_at("declared://sweep") == MemoryFileSystem("declared://sweep")


def test_a_slip_of_a_known_kind_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        file_system_at("memry://sweep")
    assert caught.value.hint == "did you mean `memory`?"


def test_a_path_is_shown_as_one_would_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shortest_address(f"{tmp_path}/runs/best.pt") == "runs/best.pt"


def test_another_address_is_shown_whole() -> None:
    assert shortest_address("memory://sweep/best.pt") == "memory://sweep/best.pt"


def test_a_folder_of_another_machine_is_opened_there(tmp_path: Path) -> None:
    mount({f"{tmp_path}/trials/": MemoryFileSystem, f"{tmp_path}": MemoryFileSystem})
    opened = [file_system_at(f"{tmp_path}{below}") for below in ("/trials/0000-ab", "/trials", "", "/other")]
    mount({})
    assert [isinstance(files, MemoryFileSystem) for files in opened] == [True, True, True, False]
