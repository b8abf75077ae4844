"""Manifests of KubeRay, held against CRDs: a small one made here, and a release's where a folder of them is named.

`make kuberay-test CRDS=FOLDER` runs the second half, on a release's files out of `helm-chart/kuberay-operator/crds/`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from ferray.cluster.checks.check import check_files
from ferray.cluster.checks.kuberay_crds import NAME, VARIABLE, crd_schema
from ferray.cluster.checks.kuberay_fields import schema_of_kuberay
from ferray.cluster.kinds import render
from tests.cluster.checks.said import report_on, said_by, with_typo
from tests.cluster.checks.test_kuberay import GOOD

# As KubeRay's own is written, of a few fields.
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  names: {kind: RayCluster}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            apiVersion: {type: string}
            kind: {type: string}
            metadata: {type: object}
            spec:
              type: object
              required: [headGroupSpec, numOfHosts]
              properties:
                rayVersion: {type: string}
                headGroupSpec: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {}}
                numOfHosts: {type: integer, default: 1}
"""


# SHA-256 of the files that KubeRay released.
RELEASED = {
    "1d51d8c4ce065b22c2069af0ebd72ae25f4a6968e5c5f93a3106ba6fc35bcc1d": "RayCluster of 1.6.2",
    "ecae45d9a5dc1be68f1074ba784c495ef9d439d295253b61e1bd51f7b08522f5": "RayJob of 1.6.2",
    "c44704442eef0c6721ad40c1d66782c8bd3fdab9d3344306a5820910a679baa1": "RayCluster of 1.7.0",
    "01a5cf3b17c1769fda44af7e82debcd98722f0c27b9ab84d084681c6649121f5": "RayJob of 1.7.0",
}
GIVEN = os.environ.get(VARIABLE)
NEWEST = "1.7.0"
with_released_crds = pytest.mark.skipif(not GIVEN, reason=f"{VARIABLE} names no folder with KubeRay's CRDs")


@pytest.fixture
def crds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of CRDs that is named."""
    (tmp_path / "crd.yaml").write_text(CRD)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def test_without_a_folder_of_crds_they_are_named_as_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert [one.validator for one in report_on(GOOD).not_checked] == [NAME]


@pytest.mark.usefixtures("crds")
def test_a_crd_is_held_strictly_against_a_cluster() -> None:
    assert said_by(NAME, GOOD) == [(13, "`workerGroupSpecs` is no field of `spec`")]


def test_a_folder_without_the_kind_is_said(crds: Path) -> None:
    (crds / "crd.yaml").write_text(CRD.replace("RayCluster", "RayService"))
    assert said_by(NAME, GOOD) == [(1, f"no file in `{crds}` defines `RayCluster` of `ray.io/v1`")]


def test_crds_as_kubectl_prints_them_are_found(crds: Path) -> None:
    items = "".join(f"    {line}\n" for line in CRD.splitlines())
    (crds / "crd.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n  -\n{items}")
    assert said_by(NAME, GOOD) == [(13, "`workerGroupSpecs` is no field of `spec`")]


def fields(schema: Any, path: str = "") -> set[str]:
    """The names below `spec`, pods and what is left open by either side apart."""
    found = set()
    for name, inner in schema.get("properties", {}).items():
        found.add(f"{path}.{name}")
        found |= fields(inner, f"{path}.{name}") | fields(inner.get("items", {}), f"{path}.{name}")
    return found


def releases() -> set[str]:
    """The releases whose files lie in the folder that is named, by what is in them."""
    files = Path(GIVEN).glob("ray.io_ray[cj][lo]*.yaml") if GIVEN else ()
    return {RELEASED[hashlib.sha256(file.read_bytes()).hexdigest()].split()[-1] for file in files}


@with_released_crds
def test_the_crds_are_those_of_one_release() -> None:
    assert len(releases()) == 1


@with_released_crds
def test_what_ships_is_valid_for_the_release() -> None:
    report = check_files(render("kuberay"))
    assert report.findings == ()
    assert NAME in report.validators["kuberay/cluster.yaml"]
    assert NAME in report.validators["kuberay/job.yaml"]


@with_released_crds
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("kuberay/cluster.yaml", "idleTimeoutSeconds", "idleTimeoutSecnds"),
        ("kuberay/job.yaml", "entrypoint:", "entrypiont:"),
    ],
)
def test_a_typo_is_caught_by_the_release(file: str, right: str, wrong: str) -> None:
    assert wrong.rstrip(":") in str(said_by(NAME, with_typo(render("kuberay")[file], right, wrong)))


@pytest.mark.skipif(releases() != {NEWEST}, reason=f"{VARIABLE} does not name KubeRay {NEWEST}")
@pytest.mark.parametrize("kind", ["RayCluster", "RayJob"])
def test_the_fields_that_ferray_knows_are_fields_of_the_newest_release(kind: str) -> None:
    schema = crd_schema(Path(str(GIVEN)), kind, "v1")
    assert schema is not None
    known = fields(schema_of_kuberay(kind, pods_are_known=False)["properties"]["spec"])
    assert known - fields(schema["properties"]["spec"]) == set()
