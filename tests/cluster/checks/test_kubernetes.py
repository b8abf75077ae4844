"""Manifests as Kubernetes' API would take them."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.kubernetes import NAME
from tests.cluster.checks.said import report_on, said_by, with_typo

GOOD = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shared}
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 200Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  containers:
    - name: main
      image: ferray:0.1.0
      resources:
        requests: {cpu: 500m, memory: 1Gi}
        limits: {cpu: "1", memory: 1Gi}
      volumeMounts:
        - {name: shared, mountPath: /shared}
  volumes:
    - name: shared
      persistentVolumeClaim: {claimName: shared}
"""


def test_a_good_file_is_let_pass() -> None:
    assert said_by(NAME, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("accessModes", "accesModes", 5, "did you mean `accessModes`?"),
        ("kind: Pod", "kind: Pdo", 9, "has no `Pdo` in `v1`"),
        ("image:", "imag:", 14, "did you mean `image`?"),
        ("name: shared, mount", "name: sharde, mount", 19, "did you mean `shared`?"),
        ("memory: 1Gi}\n        lim", "memory: 1GiB}\n        lim", 16, "`1GiB` is no quantity"),
        ("cpu: 500m", "cpu: 1500m", 16, "`1500m` is requested and `1` is the limit"),
        ("kind: PersistentVolumeClaim\n", "", 1, "`kind` is missing"),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    said = said_by(NAME, with_typo(GOOD, right, wrong))
    assert [(number, message) for number, message in said if number == line and words in message], said


def test_a_stateful_set_claims_volumes_for_its_pods() -> None:
    pod = "{spec: {containers: [{name: x, image: y, volumeMounts: [{name: data, mountPath: /x}]}]}}"
    spec = f"{{serviceName: x, selector: {{}}, template: {pod}, volumeClaimTemplates: [{{metadata: {{name: data}}}}]}}"
    text = f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: x}}\nspec: {spec}\n"
    assert said_by(NAME, text) == []
    assert "did you mean `data`?" in str(said_by(NAME, text.replace("[{name: data", "[{name: dtaa")))


def test_a_resource_of_somebodys_own_is_named_as_not_checked() -> None:
    report = report_on("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n")
    assert [one.reason for one in report.not_checked] == ["`Thing` of `example.com/v1` is a resource of somebody's own"]
