"""The scripts of local/ and node/, run with stand-ins for Ray and for what they would fetch."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ferray.cluster.versions import VERSIONS
from tests.cluster.shipped import CLUSTER

PINS = "ferray/_shipped/cluster/node"
SAY = 'echo "$(basename "$0") $*" >>"$HOME/said"'
A_PYTHON = f"""{SAY}
case "$*" in
"-m venv "*) mkdir -p "$3/bin" && cp "$HOME/bin/noted" "$3/bin/python" && cp "$HOME/bin/noted" "$3/bin/uv" ;;
"-m zipfile "*) exec {sys.executable} "$@" ;;
esac"""
A_UV = f"""{SAY}
case "$*" in "venv "*) mkdir -p "${{!#}}/bin" ;; esac"""
A_RAY = f"""{SAY} && echo "mode=$RAY_AUTH_MODE tmp=$(stat -c %a "$RAY_TMPDIR")" >>"$HOME/said"
case "$1${{RAY_AUTH_TOKEN:+ given}}" in
get-auth-token) mkdir -p "$HOME/.ray" && echo secret >"$HOME/.ray/auth_token" ;;
esac"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home, with a Python that installs nothing and a Ray that starts nothing; both write down why."""
    for name, body in {"python3": A_PYTHON, "noted": A_UV, "ray": A_RAY}.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)
    return tmp_path


def run(
    home: Path, script: str, *words: object, path: str = "/usr/bin:/bin", token: str | None = None
) -> subprocess.CompletedProcess[str]:
    given = {} if token is None else {"RAY_AUTH_TOKEN": token}
    place = {"HOME": str(home), "PATH": f"{home / 'bin'}:{path}", "TMPDIR": str(home), **given}
    command = ["bash", str(CLUSTER / script), *map(str, words)]
    return subprocess.run(command, env=place, capture_output=True, text=True, timeout=600, check=False)


def said(home: Path) -> list[str]:
    return (home / "said").read_text().splitlines()


def wheel(home: Path, content: str = "") -> Path:
    """A wheel with nothing in it but pins."""
    path = home / VERSIONS.wheel
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{PINS}/installer.txt", content)
        archive.writestr(f"{PINS}/requirements.txt", "")
    return path


def test_a_node_installs_the_pins_of_its_wheel_before_the_wheel(home: Path) -> None:
    assert run(home, "node/setup.sh", wheel(home)).returncode == 0
    installed = [line.split()[-1] for line in said(home) if " install " in line]
    assert [Path(file).name for file in installed] == ["installer.txt", "requirements.txt", VERSIONS.wheel]


def test_a_node_has_the_python_of_the_cluster(home: Path) -> None:
    run(home, "node/setup.sh", wheel(home))
    assert f"uv venv --quiet --python {VERSIONS.python} {home}/ferray/venv" in said(home)


def test_a_node_that_has_the_wheel_installs_nothing(home: Path) -> None:
    first = wheel(home)
    run(home, "node/setup.sh", first)
    before = said(home)
    assert (run(home, "node/setup.sh", first).returncode, said(home)) == (0, before)


def test_a_node_installs_another_wheel(home: Path) -> None:
    run(home, "node/setup.sh", wheel(home))
    before = len(said(home))
    run(home, "node/setup.sh", wheel(home, "# another"))
    assert len(said(home)) == 2 * before


def test_a_node_that_was_cut_off_installs_again(home: Path) -> None:
    (home / "bin" / "noted").write_text("#!/bin/bash\nexit 1\n")
    assert run(home, "node/setup.sh", wheel(home)).returncode != 0
    assert not (home / "ferray" / "venv" / "installed").exists()


def test_a_terminal_on_a_node_is_told_of_the_token_and_of_ferray_once(home: Path) -> None:
    for _ in range(2):
        run(home, "node/setup.sh", wheel(home))
    assert (home / ".bashrc").read_text() == ". ~/ferray/environment\n"
    assert "RAY_AUTH_MODE=token" in (home / "ferray" / "environment").read_text()


def test_a_terminal_on_a_node_finds_rays_session_where_the_node_has_it(home: Path) -> None:
    run(home, "node/setup.sh", wheel(home))
    asked = ["bash", "-c", '. ~/.bashrc; echo "$RAY_TMPDIR"']
    told = subprocess.run(asked, env={"HOME": str(home)}, capture_output=True, text=True, timeout=600, check=True)
    assert told.stdout.strip() == str(home / "ferray" / "tmp")


def test_a_node_keeps_rays_session_to_its_user_and_leaves_no_scratch(home: Path) -> None:
    run(home, "node/setup.sh", wheel(home))
    assert (home / "ferray" / "tmp").stat().st_mode & 0o777 == 0o700
    assert list(home.glob("tmp.*")) == []


@pytest.mark.parametrize("words", [(), ("missing.whl",), ("a", "b")], ids=str)
def test_a_node_without_a_wheel_is_told_how_it_is_set_up(home: Path, words: tuple[str, ...]) -> None:
    done = run(home, "node/setup.sh", *words)
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "usage")


def test_a_head_makes_a_token_that_its_user_alone_reads(home: Path) -> None:
    assert run(home, "local/head.sh", "--num-gpus=2").returncode == 0
    assert (home / ".ray" / "auth_token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words", [("local/head.sh",), ("local/worker.sh", "node1")], ids=str)
def test_a_token_of_the_environment_is_taken(home: Path, words: tuple[str, ...]) -> None:
    assert run(home, *words, token="secret").returncode == 0


def test_the_token_is_copied_into_a_folder_that_is_made_and_stays_its_users(home: Path) -> None:
    told = run(home, "local/head.sh").stdout
    assert "ssh OTHER mkdir -p .ray && scp -p ~/.ray/auth_token OTHER:.ray/" in told


def test_a_head_starts_behind_its_token_with_its_dashboard_on_loopback(home: Path) -> None:
    run(home, "local/head.sh", "--num-gpus=2")
    assert said(home)[-2:] == [
        "ray start --head --port=6379 --dashboard-host=127.0.0.1 --num-gpus=2",
        "mode=token tmp=700",
    ]


@pytest.mark.parametrize("words", [("--port={}",), ("--port", "{}")], ids=str)
def test_a_head_at_another_port_says_where_the_others_find_it(home: Path, words: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    told = run(home, "local/head.sh", *(word.format(port) for word in words)).stdout
    assert f"cluster/local/worker.sh HEAD:{port}\n" in told


def test_a_head_whose_port_is_taken_says_so_before_ray_calls_it_a_bug(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        done = run(home, "local/head.sh", f"--port={port}")
    assert (done.returncode, done.stderr.split(",")[0]) == (2, f"port {port} is taken here")


def test_a_machine_joins_a_head_at_another_port(home: Path) -> None:
    run(home, "local/worker.sh", "node1:6390", token="secret")
    assert said(home)[0] == "ray start --address=node1:6390"


def test_users_of_one_machine_have_a_cache_each(home: Path) -> None:
    run(home, "node/setup.sh", wheel(home))
    asked = ["bash", "-c", '. ~/ferray/environment; echo "$FERRAY_CACHE"']
    told = subprocess.run(asked, env={"HOME": str(home)}, capture_output=True, text=True, timeout=600, check=True)
    assert told.stdout == f"/tmp/ferray-cache-{os.getuid()}\n"


def test_a_head_says_how_the_others_join_and_prints_no_token(home: Path) -> None:
    told = run(home, "local/head.sh").stdout
    assert "cluster/local/worker.sh HEAD" in told
    assert "secret" not in told


def test_a_machine_joins_the_head_that_it_is_given(home: Path) -> None:
    (home / ".ray").mkdir()
    (home / ".ray" / "auth_token").write_text("secret")
    assert run(home, "local/worker.sh", "node1", "--num-gpus=4").returncode == 0
    assert said(home) == ["ray start --address=node1:6379 --num-gpus=4", "mode=token tmp=700"]


def test_a_machine_without_the_token_is_told_where_it_is(home: Path) -> None:
    done = run(home, "local/worker.sh", "node1")
    assert (done.returncode, "mkdir -p ~/.ray && scp -p HEAD:.ray/auth_token" in done.stderr) == (2, True)


@pytest.mark.parametrize("script", ["local/head.sh", "local/worker.sh"])
def test_a_machine_without_ray_is_told_what_installs_it(home: Path, script: str) -> None:
    (home / "bin" / "ray").unlink()
    done = run(home, script, "node1")
    assert (done.returncode, "cluster/node/setup.sh" in done.stderr) == (2, True)
