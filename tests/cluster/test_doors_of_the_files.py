"""What ships in cluster/ must not open a cluster to its network, and holds no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.shipped import (
    CLUSTER,
    OF_KUBERAY,
    OF_RAY_UP,
    STARTS_RAY,
    USED,
    documents,
    groups,
    named,
    pod_specs,
    ray_cluster,
    text_without_comments,
)

# KubeRay's operator asks the head of a RayJob how it is; the token and the policy in network.yaml keep others out.
OPEN_BEHIND_A_POLICY = {"kuberay/job.yaml": 1}
SECRET = re.compile(r"(TOKEN|PASSWORD|API_KEY|SECRET|password)(=|: +|, *value: +)[\"']?(?!/run/secrets)\w")


@pytest.mark.parametrize("name", STARTS_RAY)
def test_token_authentication_is_switched_on(name: str) -> None:
    assert re.search(r"RAY_AUTH_MODE=token|authOptions: \{mode: token", text_without_comments(CLUSTER / name))


@pytest.mark.parametrize("path", USED, ids=named)
def test_nothing_listens_on_every_interface(path: Path) -> None:
    open_to_all = re.findall(r"0\.0\.0\.0(?!/0)|\[::\]", text_without_comments(path))
    assert len(open_to_all) == OPEN_BEHIND_A_POLICY.get(named(path), 0)


@pytest.mark.parametrize("path", USED, ids=named)
def test_no_token_is_written_down(path: Path) -> None:
    assert not re.search(r"RAY_AUTH_TOKEN(=|\s+value:)", text_without_comments(path))


@pytest.mark.parametrize("path", USED, ids=named)
def test_no_secret_is_written_down(path: Path) -> None:
    assert SECRET.findall(text_without_comments(path)) == []


@pytest.mark.parametrize(
    "line", ["POSTGRES_PASSWORD: hunter2", "{name: WANDB_API_KEY, value: abc}", "export X_TOKEN=abc"]
)
def test_a_secret_that_is_written_down_is_found(line: str) -> None:
    assert SECRET.search(line)


@pytest.mark.parametrize("key", ["head_start_ray_commands", "worker_start_ray_commands"])
@pytest.mark.parametrize("name", OF_RAY_UP)
def test_every_ray_start_over_ssh_names_the_mode(name: str, key: str) -> None:
    starts = [command for command in documents(name)[0][key] if "ray start" in command]
    assert starts
    assert [command for command in starts if not command.startswith("RAY_AUTH_MODE=token ")] == []


@pytest.mark.parametrize("name", OF_RAY_UP)
def test_the_dashboard_stays_on_loopback_over_ssh(name: str) -> None:
    head = documents(name)[0]["head_start_ray_commands"][-1]
    assert "--dashboard-host=127.0.0.1" in head


def test_the_dashboard_stays_on_loopback_on_kubernetes() -> None:
    assert ray_cluster("kuberay/cluster.yaml")["headGroupSpec"]["rayStartParams"]["dashboard-host"] == "127.0.0.1"


@pytest.mark.parametrize("name", OF_KUBERAY)
def test_every_pod_of_ray_takes_the_token_from_the_secret(name: str) -> None:
    assert ray_cluster(name)["authOptions"] == {"mode": "token", "secretName": "ferray-ray-token"}


@pytest.mark.parametrize("name", OF_KUBERAY)
def test_the_network_policy_is_of_every_pod_of_ray(name: str) -> None:
    (policy,) = documents("kuberay/network.yaml")
    chosen = policy["spec"]["podSelector"]["matchLabels"].items()
    assert all(chosen <= group["template"]["metadata"]["labels"].items() for group in groups(name))


def containers() -> list[dict[str, Any]]:
    return [container for pod in pod_specs() for container in pod["containers"]]


def test_no_pod_is_root() -> None:
    assert [pod for pod in pod_specs() if not pod["securityContext"]["runAsNonRoot"]] == []


def test_no_container_gains_rights() -> None:
    assert all(not container["securityContext"]["allowPrivilegeEscalation"] for container in containers())
    assert all(container["securityContext"]["capabilities"] == {"drop": ["ALL"]} for container in containers())


def test_every_container_has_limits() -> None:
    assert all({"cpu", "memory"} <= container["resources"]["limits"].keys() for container in containers())


def test_no_pod_gets_credentials_of_kubernetes_but_the_autoscalers_own_container() -> None:
    mounting = [c for c in containers() if any("serviceaccount" in m["mountPath"] for m in c.get("volumeMounts", []))]
    assert [pod for pod in pod_specs() if pod["automountServiceAccountToken"] is not False] == mounting == []


def test_pods_cannot_ask_a_cloud_for_the_rights_of_their_node() -> None:
    (policy,) = documents("kuberay/network.yaml")
    worlds = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule.get("to", []) if "ipBlock" in peer]
    assert [block["except"] for block in worlds] == [["169.254.0.0/16"]]


def test_the_image_runs_as_an_ordinary_user() -> None:
    users = re.findall(r"^USER (.*)$", (CLUSTER / "docker" / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert users == ["1000"]
