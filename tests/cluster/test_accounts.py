"""What aws-account.yaml and gcp-account.sh give, held against what Ray's launcher and autoscaler ask for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from tests.cluster.shipped import CLUSTER, documents

NAME = "ferray"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
TYPES = ["m6i.xlarge", "g5.2xlarge"]
AN_IMAGE = "ami-12c6146b"  # that moto knows
ON_STARTING = {"ssm:GetParameters", "iam:PassRole", "ec2:CreateTags"}  # asked of EC2 itself when an instance starts


def resources() -> dict[str, Any]:
    (account,) = documents("aws-account.yaml")
    found: dict[str, Any] = account["Resources"]
    return found


def statements(name: str) -> list[dict[str, Any]]:
    """The statements of a managed policy, or of those written into a role."""
    properties = resources()[name]["Properties"]
    policies = properties.get("Policies", [properties])
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def of(statement: dict[str, Any]) -> list[str]:
    found: str | list[str] = statement["Action"]
    return [found] if isinstance(found, str) else found


def actions(name: str) -> set[str]:
    return {action for statement in statements(name) for action in of(statement)}


@dataclass(frozen=True)
class Asked:
    """What is asked of AWS from bootstrap to the end of a node, `ec2:RunInstances`, and whom the group lets in."""

    by_launcher: set[str]
    by_head: set[str]
    doors: list[Any]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Of Ray's own launcher and provider, in an account that has what aws-account.yaml makes."""
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for key, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "HOME": str(home),
        }.items():
            patch.setenv(key, value)
        _make_account()
        calls = _calls(patch)
        config = bootstrapped(patch)
        by_launcher = set(calls)
        calls.clear()
        _start_and_end_a_node(config)
        yield Asked(by_launcher, set(calls), _doors())


def _calls(patch: pytest.MonkeyPatch) -> set[str]:
    found: set[str] = set()
    whole = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore is not typed

    def counted(client: Any, operation: str, arguments: Any) -> Any:
        found.add(f"{client.meta.service_model.service_name}:{operation}")
        return whole(client, operation, arguments)

    patch.setattr(BaseClient, "_make_api_call", counted)
    return found


def _make_account() -> None:
    ec2, iam = boto3.client("ec2", region_name="us-west-2"), boto3.client("iam", region_name="us-west-2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    group = ec2.create_security_group(GroupName=NAME, Description="nodes", VpcId=vpc["VpcId"])["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    iam.create_instance_profile(InstanceProfileName=f"{NAME}-worker")


def bootstrapped(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The file as `ray up` has it before it starts the head; few types of instances, since all of them take seconds."""
    from ray.autoscaler._private import commands
    from ray.autoscaler._private.aws import node_provider

    def few(region: str, *_: Any, **__: Any) -> list[dict[str, Any]]:
        described = boto3.client("ec2", region_name=region).describe_instance_types(InstanceTypes=TYPES)
        listed: list[dict[str, Any]] = described["InstanceTypes"]
        return listed

    patch.setattr(node_provider, "list_ec2_instances", few)
    config: dict[str, Any] = commands._bootstrap_config(documents("aws.yaml")[0], no_config_cache=True)
    return config


def _start_and_end_a_node(config: dict[str, Any]) -> None:
    from ray.autoscaler._private.providers import _get_node_provider

    node = {**config["available_node_types"]["gpu-spot"]["node_config"], "ImageId": AN_IMAGE}
    provider = _get_node_provider(config["provider"], config["cluster_name"])
    provider.create_node(node, {"ray-node-type": "worker"}, 1)
    provider.terminate_nodes(provider.non_terminated_nodes({}))


def _doors() -> list[Any]:
    (group,) = boto3.client("ec2", region_name="us-west-2").describe_security_groups(GroupNames=[NAME])[
        "SecurityGroups"
    ]
    return [rule["IpRanges"] for rule in group["IpPermissions"]]


@pytest.mark.slow
def test_whoever_starts_a_cluster_on_aws_needs_the_launchers_rights_and_no_others(asked: Asked) -> None:
    assert actions("Launcher") == asked.by_launcher | asked.by_head | ON_STARTING


@pytest.mark.slow
def test_the_autoscaler_of_the_head_needs_its_rights_and_no_others(asked: Asked) -> None:
    assert actions("HeadRole") == asked.by_head | ON_STARTING


@pytest.mark.slow
def test_the_launcher_opens_no_door_of_the_group_that_it_finds(asked: Asked) -> None:
    assert asked.doors == [SSH["IpRanges"]]


def test_instances_of_others_are_out_of_reach_on_aws() -> None:
    changing = [
        statement
        for name in ("HeadRole", "Launcher")
        for statement in statements(name)
        if "instance/*" in str(statement.get("Resource"))
    ]
    assert changing
    assert all(statement["Condition"]["StringEquals"] for statement in changing)


@pytest.mark.parametrize("name", ["UseTheBucket", "HeadRole", "Launcher"])
def test_nothing_is_allowed_everywhere_on_aws_but_looking(name: str) -> None:
    everywhere = [action for statement in statements(name) if statement["Resource"] == "*" for action in of(statement)]
    assert [action for action in everywhere if ":Describe" not in action] == []
    assert [action for action in actions(name) if "*" in action] == []


def test_workers_may_use_the_bucket_and_nothing_else_on_aws() -> None:
    role = resources()["WorkerRole"]["Properties"]
    assert (role["ManagedPolicyArns"], "Policies" in role) == (["UseTheBucket"], False)


def test_the_bucket_is_nobody_elses_and_stays() -> None:
    bucket = resources()["Bucket"]
    assert bucket["DeletionPolicy"] == "Retain"
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())


@pytest.fixture
def google(tmp_path: Path) -> Path:
    """Where a stand-in for gcloud writes down what it is asked to make; it knows of nothing that is there already."""
    said = tmp_path / "said"
    stand_in = tmp_path / "gcloud"
    stand_in.write_text(f'#!/bin/bash\ncase "$*" in *" describe "*) exit 1;; esac\necho "$*" >>"{said}"\n')
    stand_in.chmod(0o755)
    place = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["bash", str(CLUSTER / "gcp-account.sh")], env=place, check=True, timeout=600)
    return said


def test_a_project_of_google_is_given_each_thing_once(google: Path) -> None:
    made = [line for line in google.read_text().splitlines() if " create " in line]
    kinds = [line.split("--project my-project ")[1].split(" create ")[0] for line in made]
    assert sorted(kinds) == [
        *("compute firewall-rules", "compute firewall-rules", "compute networks", "compute networks subnets"),
        *("iam roles", "iam service-accounts", "iam service-accounts", "storage buckets"),
    ]


def test_the_role_of_a_head_on_google_names_each_right(google: Path) -> None:
    (role,) = (line for line in google.read_text().splitlines() if "iam roles create" in line)
    permissions = role.split("--permissions=")[1].split(",")
    assert "compute.instances.create" in permissions
    assert [right for right in permissions if "*" in right or not right.startswith("compute.")] == []


def test_a_head_on_google_may_be_no_account_but_the_workers(google: Path) -> None:
    (line,) = (line for line in google.read_text().splitlines() if "roles/iam.serviceAccountUser" in line)
    assert "service-accounts add-iam-policy-binding ferray-worker@" in line


def test_ssh_is_the_only_door_of_a_network_on_google(google: Path) -> None:
    rules = [line for line in google.read_text().splitlines() if "firewall-rules create" in line]
    sources = [line.split("--source-ranges=")[1] for line in rules]
    assert sorted(sources) == ["10.128.0.0/20", "203.0.113.0/24"]
