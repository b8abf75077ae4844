"""ferray's rules of safety, asked of any file."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.safety import NAME
from tests.cluster.checks.said import said_by

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  securityContext: {runAsNonRoot: true}
  containers:
    - name: main
      image: x
      env: [{name: PGPASSWORD, valueFrom: {secretKeyRef: {name: x, key: y}}}]
      securityContext: {allowPrivilegeEscalation: false}
      resources: {limits: {cpu: "1", memory: 1Gi}}
"""
CLUSTER = """\
apiVersion: ray.io/v1
kind: RayCluster
spec:
  authOptions: {mode: token}
  headGroupSpec: {serviceType: ClusterIP, template: {spec: {containers: []}}}
"""
COMPOSE = 'services: {x: {image: y, environment: {POSTGRES_PASSWORD_FILE: /run/x}, ports: ["127.0.0.1:5432:5432"]}}\n'
RAY = "cluster_name: x\nprovider: {{type: local}}\nhead_start_ray_commands:\n  - {command}\n"
RAY_AWS = """\
cluster_name: x
provider:
  type: aws
  security_group: {GroupName: x, IpPermissions: [{FromPort: 22, IpRanges: [{CidrIp: 10.0.0.0/8}]}]}
"""
START = "RAY_AUTH_MODE=token ray start --head --dashboard-host=127.0.0.1"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (POD, "a.yaml"),
        (CLUSTER, "a.yaml"),
        (COMPOSE, "a.yaml"),
        (RAY.format(command=START), "a.yaml"),
        (f"{START}\n", "a.sh"),
        ("export RAY_AUTH_MODE=token\nsrun ray symmetric-run --address x -- y\n", "a.sh"),
        ('export RAY_AUTH_TOKEN_PATH=~/.ray/t\nexport PGPASSWORD="$(cat x)"\nexport A_TOKEN="$1"\n', "a.sh"),
        ('psql postgresql://ferray@db/ferray\npsql "postgresql://ferray:$PASSWORD@db/ferray"\n', "a.sh"),
    ],
)
def test_a_good_file_is_let_pass(text: str, path: str) -> None:
    assert said_by(NAME, text, path) == []


@pytest.mark.parametrize(
    ("text", "right", "wrong", "words"),
    [
        (POD, "{runAsNonRoot: true}", "{}", "may run as root"),
        (POD, "{allowPrivilegeEscalation: false}", "{}", "may gain rights"),
        (
            POD,
            "{allowPrivilegeEscalation: false}",
            "{allowPrivilegeEscalation: false, privileged: true}",
            "may gain rights",
        ),
        (POD, "memory: 1Gi", "x: 1", "has no limit of `memory`"),
        (
            POD,
            "valueFrom: {secretKeyRef: {name: x, key: y}}",
            "value: hunter2",
            "`PGPASSWORD` is written into the file",
        ),
        (POD, "  containers:", "  hostNetwork: true\n  containers:", "shares the network"),
        (POD, "kind: Pod", "kind: Secret\nstringData: {x: y}", "a secret's contents stand in the file"),
        (CLUSTER, "authOptions: {mode: token}", "authOptions: {mode: disabled}", ""),
        (RAY_AWS, "10.0.0.0/8", "0.0.0.0/0", "lets the whole world in"),
        (CLUSTER, "ClusterIP", "LoadBalancer", "reached from outside the cluster"),
        (COMPOSE, "127.0.0.1:5432:", "5432:", "open on every interface"),
        (COMPOSE, "POSTGRES_PASSWORD_FILE: /run/x", "POSTGRES_PASSWORD: hunter2", "written into the file"),
        (RAY.format(command=START), "RAY_AUTH_MODE=token ", "", "started without `RAY_AUTH_MODE=token`"),
        (RAY.format(command=START), "127.0.0.1", "0.0.0.0", "opens the dashboard"),
    ],
)
def test_a_door_left_open_is_named(text: str, right: str, wrong: str, words: str) -> None:
    cluster = text.replace("containers: []", "containers: [{name: h}]") if text is CLUSTER else text
    assert right in cluster
    assert words in str(said_by(NAME, cluster.replace(right, wrong)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("export RAY_AUTH_TOKEN=0123456789abcdef", "`RAY_AUTH_TOKEN` is written into the file"),
        ("ferray sweep demo --storage postgresql://ferray:hunter2@db/ferray", "a key or a password stands in the file"),
        ("export X=AKIAIOSFODNN7EXAMPLE", "a key or a password stands in the file"),
        ("# RAY_AUTH_MODE=token\nray start --head", "started without `RAY_AUTH_MODE=token`"),
        ("ray start --head\nexport RAY_AUTH_MODE=token", "started without `RAY_AUTH_MODE=token`"),
    ],
)
def test_a_secret_or_an_open_start_in_a_script_is_named(line: str, words: str) -> None:
    assert words in str(said_by(NAME, f"{line}\n", "run.sh"))


def test_a_container_that_starts_ray_asks_for_tokens_by_itself_or_by_its_operator() -> None:
    container = "{name: h, env: [{name: RAY_AUTH_MODE, value: token}]}"
    text = CLUSTER.replace("containers: []", f"containers: [{container}]").replace("  authOptions: {mode: token}\n", "")
    assert "starts Ray without" not in str(said_by(NAME, text))
    assert "starts Ray without `RAY_AUTH_MODE: token`" in str(
        said_by(NAME, text.replace("value: token", "value: disabled"))
    )
