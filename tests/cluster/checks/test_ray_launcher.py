"""Files for `ray up`, as Ray's own launcher reads them."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.ray_launcher import NAME
from tests.cluster.checks.said import said_by, with_typo

GOOD = """\
cluster_name: ferray
provider:
  type: local
  head_ip: head.example
  worker_ips: [worker.example]
auth: {ssh_user: ubuntu}
setup_commands:
  - echo x
"""


def test_a_good_file_is_let_pass() -> None:
    assert said_by(NAME, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("setup_commands", "setup_comands", 7, "did you mean `setup_commands`?"),
        ("ssh_user", "ssh_usr", 6, "did you mean `ssh_user`?"),
        ("worker_ips", "worker_ip", 5, "did you mean `worker_ips`?"),
        ("head_ip: head.example", "coordinator: x", 1, "Please supply a `head_ip`"),
        ("type: local", "type: locl", 1, "Unsupported node provider: locl"),
        ("cluster_name: ferray", "cluster_name: [1]", 1, "`[1]` is not of the type string"),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    said = said_by(NAME, with_typo(GOOD, right, wrong))
    assert [(number, message) for number, message in said if number == line and words in message], said


def test_more_workers_than_may_be_are_refused_by_rays_own_rules() -> None:
    types = "{head: {resources: {}, node_config: {}}, gpu: {min_workers: 3, resources: {}, node_config: {}}}"
    text = "cluster_name: x\nprovider: {type: aws, region: us-east-1}\nhead_node_type: head\nmax_workers: 2\n"
    assert "smaller than the sum of `min_workers`" in str(said_by(NAME, f"{text}available_node_types: {types}\n"))


def test_a_file_that_ray_does_not_expect_is_a_finding_and_no_traceback() -> None:
    assert [line for line, _ in said_by(NAME, "cluster_name: x\nprovider: [aws]\n")] == [1]
