"""Every file that ships in cluster/ is valid by every validator, and a typo in any of them is caught."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from ferray.cluster.checks.report import Report
from ferray.cluster.kinds import render_all
from tests.cluster.checks.said import report_on, with_typo

RAY, EC2, GCE = "Ray's launcher", "EC2's RunInstances", "Compute Engine's discovery document"
KUBERNETES, KUBERAY = "Kubernetes' API", "KubeRay's fields"
COMMANDS = "Ray's command line"
COMPOSE = "the Compose specification"
# By file: a word, the same misspelt, and who notices.
TYPOS: Mapping[str, tuple[str, str, str]] = {
    "aws.yaml": ("InstanceMarketOptions", "InstanceMarketOption", EC2),
    "aws-account.yaml": ("ec2:RunInstances", "ec2:RunInstance", "cfn-lint"),
    "docker/Dockerfile": ("WORKDIR", "WORKDRI", "hadolint"),
    "gcp.yaml": ("provisioningModel", "provisioningMode", GCE),
    "gcp-account.sh": ("if ", "fi ", "shellcheck"),
    "kuberay/cluster.yaml": ("workerGroupSpecs", "workerGroupSpec", KUBERAY),
    "kuberay/job.yaml": ("shutdownAfterJobFinishes", "shutdownAfterJobFinish", KUBERAY),
    "kuberay/namespace.yaml": ("kind: Namespace", "kind: Namespaec", KUBERNETES),
    "kuberay/network.yaml": ("podSelector", "podSelectr", KUBERNETES),
    "kuberay/storage.yaml": ("accessModes", "acessModes", KUBERNETES),
    "local/head.sh": ("ray start --head", "ray start --haed", COMMANDS),
    "local/worker.sh": ("ray start --address", "ray start --adress", COMMANDS),
    "monitoring/compose.yaml": ("restart", "restrat", COMPOSE),
    "node/setup.sh": ("fi\n", "if\n", "shellcheck"),
    "onprem.yaml": ("setup_commands", "setup_comands", RAY),
    "postgres/compose.yaml": ("healthcheck", "healtcheck", COMPOSE),
    "postgres/kubernetes.yaml": ("readinessProbe", "readynessProbe", KUBERNETES),
    "slurm/sweep.sbatch": ("% 10000))", "% 10000)", "shellcheck"),
}
READ_BY_NOBODY = {"README.md", "docker/Dockerfile.dockerignore"}
OF_OTHERS = {"monitoring/kubernetes.yaml"}  # a resource of Prometheus' operator
FILES = render_all()


@cache
def report(file: str) -> Report:
    return report_on(FILES[file], file)


def test_a_typo_is_planted_in_every_file_that_a_program_reads() -> None:
    assert set(TYPOS) == set(FILES) - READ_BY_NOBODY - OF_OTHERS


@pytest.mark.parametrize("file", sorted(set(FILES) - READ_BY_NOBODY))
def test_it_is_valid(file: str) -> None:
    assert report(file).findings == ()


@pytest.mark.parametrize("file", TYPOS)
def test_a_typo_in_it_is_caught(file: str) -> None:
    right, wrong, validator = TYPOS[file]
    errors = report_on(with_typo(FILES[file], right, wrong), file).errors
    assert validator in [finding.validator for finding in errors]


def test_an_action_that_is_none_is_named_with_its_line_and_the_nearest() -> None:
    text = with_typo(FILES["aws-account.yaml"], "ec2:RunInstances", "ec2:RunInstance")
    line = text[: text.index("ec2:RunInstance\n")].count("\n") + 1
    said = [(one.line, one.message) for one in report_on(text, "aws-account.yaml").errors]
    assert said == [(line, "W3037: `runinstance` is not known: did you mean `runinstances`?")]


def test_all_validators_are_asked_about_what_ships() -> None:
    asked = {name for file in FILES for names in report(file).validators.values() for name in names}
    assert asked >= {RAY, EC2, GCE, KUBERNETES, KUBERAY, COMMANDS, COMPOSE, "cfn-lint", "shellcheck", "hadolint"}
