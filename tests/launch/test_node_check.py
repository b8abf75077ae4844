"""What of a node is its failure, what is worth a line, and what a node says of itself."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import ray
from ray.exceptions import NodeDiedError, RayError, RayTaskError, TaskUnschedulableError

from ferray.launch._node_check import NodeChecks, NodeFacts, Verdict, code_hash, facts_here, judge

OURS = NodeFacts(
    "3.11.2", "2.60.0", "0.1.0", "c0de", {"torch": "2.15.0+cu126", "timm": "1.0.31"}, ("loss/mine",), 100.0
)


def verdict(*, asked: float = 99.0, heard: float = 101.0, **theirs: object) -> Verdict:
    return judge(replace(OURS, **theirs), OURS, asked=asked, heard=heard)  # type: ignore[arg-type]  # any of its fields


def test_node_like_the_drivers_may_train() -> None:
    assert verdict() == Verdict()


@pytest.mark.parametrize(
    ("theirs", "problem"),
    [
        ({"python": "3.12.1"}, "its Python is `3.12`, the driver's `3.11`"),
        ({"ray": "2.59.0"}, "its Ray is `2.59.0`, the driver's `2.60.0`"),
        ({"ferray": "0.0.9", "code": "0ther"}, "its ferray is `0.0.9`, the driver's `0.1.0`"),
        ({"code": "0ther"}, "its ferray has the driver's version and other code"),
        ({"packages": {"torch": "2.15.0"}}, "it lacks the package `timm`"),
        ({"components": ()}, "it has no `loss/mine`, which a plug-in here brings"),
        ({"cuda": "torch sees none"}, "torch sees none"),
        ({"cache": "its cache `/x` cannot be written"}, "its cache `/x` cannot be written"),
    ],
)
def test_node_that_would_train_otherwise_is_told_why(theirs: dict[str, object], problem: str) -> None:
    assert verdict(**theirs).problem == problem


def test_patch_of_python_and_another_build_of_torch_are_no_failure() -> None:
    assert verdict(python="3.11.9", packages={"torch": "2.15.0+cpu", "timm": "1.0.31"}) == Verdict()


def test_other_version_of_a_package_is_worth_a_line() -> None:
    noted = verdict(packages={"torch": "2.15.0", "timm": "1.0.30"})
    assert noted == Verdict("", ("its timm is `1.0.30`, the driver's `1.0.31`",))


def test_clocks_may_differ_and_are_mentioned_when_they_do_by_much() -> None:
    assert verdict(clock=130.0) == Verdict()
    assert verdict(clock=401.0).notes == ("its clock is 300 s ahead, which object stores may refuse",)
    assert verdict(clock=0.0).notes == ("its clock is 99 s behind, which object stores may refuse",)


def test_answer_that_takes_long_is_no_wrong_clock() -> None:
    assert verdict(asked=0.0, heard=500.0, clock=250.0) == Verdict()


def test_this_machine_is_like_itself(tmp_path: Path) -> None:
    here = facts_here(str(tmp_path), needs_cuda=False)
    assert judge(here, here, asked=here.clock, heard=here.clock) == Verdict()
    assert here.code == code_hash()


def test_cache_that_another_node_tries_at_the_same_time_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path))
    (tmp_path / f".ferray-probe-{os.getpid()}").mkdir()  # by a process of the same number in another container
    assert facts_here("/nowhere", needs_cuda=False).cache == ""


def test_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv("FERRAY_CACHE", str(tmp_path / "taken"))
    assert "cannot be written" in facts_here("/nowhere", needs_cuda=False).cache


@pytest.mark.parametrize(
    ("torch", "said"),
    [
        ("class cuda:\n    is_available = lambda: False", "torch sees none"),
        (
            "raise ImportError('libcudnn.so.9: cannot open shared object file')",
            "be imported: ImportError: libcudnn",
        ),
        ("class cuda:\n    is_available = lambda: True\n    device_count = lambda: 4", ""),
    ],
)
def test_node_says_whether_torch_sees_its_gpus(
    torch: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "torch.py").write_text(torch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = facts_here(str(tmp_path), needs_cuda=True).cuda
    assert said in found
    assert bool(said) == bool(found)


class Answers:
    """What tasks on nodes came to, in the place of Ray's."""

    def __init__(self, *errors: RayError) -> None:
        self.errors = list(errors)

    def get(self, answer: object) -> NodeFacts:
        raise self.errors.pop(0)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (NodeDiedError("gone"), ""),
        (TaskUnschedulableError("The node specified via NodeAffinitySchedulingStrategy doesn't exist any more"), ""),
        (RayTaskError("x", "ModuleNotFoundError: No module named 'ferray'", ImportError()), "No module named 'ferray'"),
    ],
)
def test_node_that_died_meanwhile_is_not_called_unfit(
    error: RayError, problem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checks = NodeChecks(tmp_path, needs_cuda=False)
    checks._asked = {"answer": ("a1", 0.0)}
    monkeypatch.setattr(ray, "wait", lambda *_, **__: (["answer"], []))
    monkeypatch.setattr(ray, "get", Answers(error).get)
    verdict = checks.answers()["a1"]
    assert problem in verdict.problem
    assert bool(problem) == bool(verdict.problem)
