"""`import ferray`: what is there, and that it costs nothing until it is used."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import ferray

HEAVY = ("torch", "ray", "optuna", "numpy", "pydantic", "yaml", "typer", "rich", "scipy", "wandb", "cv2")


def test_import_alone_loads_nothing_but_ferray() -> None:
    probe = f"import sys, ferray; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    probe += "; print(*sorted(name for name in sys.modules if name.startswith('ferray.')))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.splitlines() == ["", ""]


@pytest.mark.parametrize("name", ferray.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ferray, name) is not None


@pytest.mark.parametrize("name", [name for name in ferray.__all__ if not name.startswith("__")])
def test_every_public_name_is_documented(name: str) -> None:
    assert (getattr(ferray, name).__doc__ or "").strip()


def test_public_names_are_listed() -> None:
    assert set(ferray.__all__) <= set(dir(ferray))


def test_no_public_name_is_hidden_by_a_module_once_that_is_imported() -> None:
    assert {module.name for module in pkgutil.iter_modules(ferray.__path__)} & set(ferray.__all__) == set()


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module `ferray` has no attribute `swoop`"):
        _ = ferray.swoop


def test_reading_a_sweep_imports_neither_torch_nor_ray() -> None:
    probe = "import contextlib, sys, ferray\nwith contextlib.suppress(ferray.ConfigError): ferray.load('nowhere')\n"
    probe += "print(*sorted({'torch', 'ray', 'wandb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.split() == []
