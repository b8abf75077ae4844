"""The examples of CONTRIBUTING.md run as they stand, in a copy of the package that they are added to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = re.findall(
    r"```python\n# (\S+\.py)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the examples in their places, beside the tests that find them by themselves."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "ferray", folder / "ferray", ignore=shutil.ignore_patterns("__pycache__", "_shipped"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in ("tests", "tests/imbalance", "tests/data"):
        (folder / package).mkdir(exist_ok=True)
        (folder / package / "__init__.py").touch()
    shutil.copy(ROOT / "tests/imbalance/test_contract.py", folder / "tests/imbalance")
    for name, code in EXAMPLES:
        (folder / name).write_text(code, encoding="utf-8")
    return folder


def run(checkout: Path, *arguments: str) -> str:
    """Run a Python module in the copy; its stdout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_has_its_test() -> None:
    assert [name for name, _ in EXAMPLES] == [
        "ferray/imbalance/boost_rarest.py",
        "tests/imbalance/test_boost_rarest.py",
        "ferray/data/datasets/kdef.py",
        "tests/data/test_kdef.py",
    ]


@pytest.mark.slow
def test_the_tests_of_the_examples_pass(checkout: Path) -> None:
    assert "4 passed" in run(
        checkout, "pytest", "-q", "tests/imbalance/test_boost_rarest.py", "tests/data/test_kdef.py"
    )


@pytest.mark.slow
def test_the_strategy_keeps_the_contract_of_its_room(checkout: Path) -> None:
    assert " passed" in run(checkout, "pytest", "-q", "tests/imbalance/test_contract.py", "-k", "boost_rarest")
