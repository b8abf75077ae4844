"""What a node must have to train as the driver's would, and how each is asked: by a task of Ray's on that node."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import NodeDiedError, RayError, TaskUnschedulableError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ferray.config.cache_folder import cache_dir_here, make_cache_folder
from ferray.files.atomic import hidden_beside
from ferray.files.os_errors import system_words
from ferray.launch._nodes import Node
from ferray.registry import ROOMS
from ferray.system.packages import installed_version

PACKAGES = ("torch", "torchvision", "timm", "albumentations", "numpy", "scikit-learn", "pydantic")
CLOCK_TOLERANCE_S = 60.0
OTHER_CODE = "its ferray has the driver's version and other code"
_CUDA_WITHIN_S = 120.0
_CUDA = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"
_NO_MODULE = re.compile(r"(?:ModuleNotFound|Import)Error: .*")


@dataclass(frozen=True)
class NodeFacts:
    """What a node is by its own account. `code` is a hash of ferray's source, `cuda` and `cache` are what is wrong."""

    python: str
    ray: str
    ferray: str
    code: str
    packages: dict[str, str]
    components: tuple[str, ...]
    clock: float  # seconds since the epoch
    cuda: str = ""
    cache: str = ""


@dataclass(frozen=True)
class Verdict:
    """Why a node may not train, "" where it may, and what is worth a line though it may."""

    problem: str = ""
    notes: tuple[str, ...] = ()


def facts_here(cache_dir: str, needs_cuda: bool) -> NodeFacts:
    """The facts of the node that this runs on."""
    return NodeFacts(
        python=".".join(map(str, sys.version_info[:3])),
        ray=ray.__version__,
        ferray=installed_version("ferray") or "of a checkout",
        code=code_hash(),
        packages={name: found for name in PACKAGES if (found := installed_version(name))},
        components=tuple(f"{room}/{name}" for room in ROOMS for name in ROOMS[room].names()),
        clock=time.time(),
        cuda=_cuda_problem() if needs_cuda else "",
        cache=_cache_problem(Path(cache_dir)),
    )


def judge(theirs: NodeFacts, ours: NodeFacts, *, asked: float, heard: float) -> Verdict:
    """Whether a node trains as the driver's would; it answered between two times by the driver's clock."""
    lacking = [name for name in ours.packages if name not in theirs.packages]
    unknown = [name for name in ours.components if name not in theirs.components]
    problems = (
        _differs("Python", _minor(theirs.python), _minor(ours.python)),
        _differs("Ray", theirs.ray, ours.ray),
        "" if theirs.code == ours.code else _differs("ferray", theirs.ferray, ours.ferray) or OTHER_CODE,
        f"it lacks the package `{lacking[0]}`" if lacking else "",
        f"it has no `{unknown[0]}`, which a plug-in here brings" if unknown else "",
        theirs.cuda,
        theirs.cache,
    )
    others = [
        f"its {name} is `{found}`, the driver's `{ours.packages[name]}`"
        for name, found in theirs.packages.items()
        if name in ours.packages and _public(found) != _public(ours.packages[name])
    ]
    clock = _clock_note(theirs.clock, asked, heard)
    return Verdict(next(filter(None, problems), ""), (*others, *([clock] if clock else [])))


class NodeChecks:
    """The tasks under way: each node is asked once, and judged by what this machine is."""

    def __init__(self, cache_dir: Path, *, needs_cuda: bool) -> None:
        self._given = (str(cache_dir), needs_cuda)
        self._ours = facts_here(str(cache_dir), False)
        self._asked: dict[Any, tuple[str, float]] = {}

    def ask(self, node: Node) -> None:
        """Have a node say what it is."""
        there = NodeAffinitySchedulingStrategy(node.id, soft=False)
        task = ray.remote(facts_here).options(num_cpus=0, max_retries=0, scheduling_strategy=there)
        self._asked[task.remote(*self._given)] = (node.id, time.time())

    def answers(self, within_s: float = 0.0) -> dict[str, Verdict]:
        """What has come in since the last time, by node."""
        if not self._asked:
            return {}
        ended, _ = ray.wait(list(self._asked), num_returns=len(self._asked), timeout=within_s)
        return dict(self._verdict(answer) for answer in ended)

    def _verdict(self, answer: Any) -> tuple[str, Verdict]:
        node, asked = self._asked.pop(answer)
        try:
            return node, judge(ray.get(answer), self._ours, asked=asked, heard=time.time())
        except (NodeDiedError, TaskUnschedulableError):
            return node, Verdict()  # it is gone, and nobody's to leave out
        except RayError as error:
            return node, Verdict(f"nothing of ours runs there: {_reason(error)}")


@cache
def code_hash() -> str:
    """A hash of ferray's own source, whatever it was installed as."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _cuda_problem() -> str:
    """Why torch cannot train on this node's GPUs; asked in a process of its own, which a driver that hangs may hold."""
    variables = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES" or value}
    command = [sys.executable, "-c", _CUDA]
    try:
        ran = subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=_CUDA_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"its torch has not found CUDA within {_CUDA_WITHIN_S:g} s"
    if ran.returncode:
        return f"its torch cannot be imported: {' '.join(ran.stderr.strip().splitlines()[-1:])}"
    if int(ran.stdout.split()[-1]):
        return ""
    return "Ray counts GPUs there and torch sees none (`--device cpu` trains without)"


def _cache_problem(drivers: Path) -> str:
    folder = cache_dir_here(drivers)
    try:
        make_cache_folder(folder)
        probe = hidden_beside(folder / "probe")  # in containers, nodes that share the folder have the same processes
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        return f"its cache `{folder}` cannot be written: {system_words(error)}"
    return ""


def _differs(what: str, theirs: str, ours: str) -> str:
    return f"its {what} is `{theirs}`, the driver's `{ours}`" if theirs != ours else ""


def _clock_note(clock: float, asked: float, heard: float) -> str:
    ahead = clock - heard if clock > heard else clock - asked if clock < asked else 0.0
    if abs(ahead) <= CLOCK_TOLERANCE_S:
        return ""
    return f"its clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}, which object stores may refuse"


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def _public(found: str) -> str:
    """A version less its build, as CUDA and CPU wheels of one torch differ in it."""
    return found.partition("+")[0]


def _reason(error: RayError) -> str:
    found = _NO_MODULE.findall(str(error))
    return str(found[-1]) if found else type(error).__name__
