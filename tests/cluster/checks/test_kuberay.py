"""Manifests of KubeRay, by their fields."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.kuberay import NAME
from tests.cluster.checks.said import said_by, with_typo

GOOD = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: ferray}
spec:
  rayVersion: 2.60.0
  headGroupSpec:
    rayStartParams: {num-gpus: "0"}
    template:
      spec:
        containers:
          - name: ray-head
            image: ferray:0.1.0
  workerGroupSpecs:
    - groupName: gpu
      replicas: 1
      minReplicas: 0
      maxReplicas: 4
      template:
        spec:
          containers:
            - name: ray-worker
              image: ferray:0.1.0
"""


def test_a_good_file_is_let_pass() -> None:
    assert said_by(NAME, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("rayStartParams", "rayStartParms", 7, "did you mean `rayStartParams`?"),
        ("workerGroupSpecs", "workerGroupSpec", 13, "did you mean `workerGroupSpecs`?"),
        ("kind: RayCluster", "kind: RayClutser", 2, "did you mean `RayCluster`?"),
        ("image: ferray", "imge: ferray", 12, "did you mean `image`?"),
        ("minReplicas: 0", "minReplicas: 2", 14, "are not in this order: `2`, `1`, `4`"),
        ('num-gpus: "0"', "num-gpus: 0", 7, "`0` is not of the type string"),
        ("  headGroupSpec", "  hedGroupSpec", 4, "`headGroupSpec` is missing"),
        ("ray.io/v1", "ray.io/v2", 1, "did you mean `ray.io/v1`?"),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    said = said_by(NAME, with_typo(GOOD, right, wrong))
    assert [(number, message) for number, message in said if number == line and words in message], said


def test_two_groups_of_one_name_are_refused() -> None:
    twice = GOOD + GOOD[GOOD.index("    - groupName") :]
    assert said_by(NAME, twice) == [(23, "two groups of workers are called `gpu`")]


def test_a_jobs_cluster_is_looked_at_like_a_cluster() -> None:
    head = "apiVersion: ray.io/v1\nkind: RayJob\nmetadata: {name: x}\n"
    job = f"{head}spec:\n  entrypoint: ferray sweep demo\n  rayClusterSpec:"
    indented = "".join(f"  {line}\n" for line in with_typo(GOOD, "groupName", "grupName").splitlines()[4:])
    assert (16, "`grupName`") in [
        (line, message.split(" is no")[0]) for line, message in said_by(NAME, f"{job}\n{indented}")
    ]
