"""What a file for `ray up` asks Amazon EC2 for."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.aws import NAME
from tests.cluster.checks.said import said_by, with_typo

GOOD = """\
cluster_name: ferray
provider: {type: aws, region: eu-central-1, availability_zone: "eu-central-1a,eu-central-1b"}
max_workers: 2
head_node_type: head
available_node_types:
  head:
    resources: {}
    node_config:
      InstanceType: m6i.xlarge
      ImageId: ami-0123456789abcdef0
      SubnetIds: [subnet-1]
  gpu:
    resources: {}
    node_config:
      InstanceType: g5.xlarge
      ImageId: ami-0123456789abcdef0
      InstanceMarketOptions: {MarketType: spot}
      BlockDeviceMappings:
        - DeviceName: /dev/sda1
          Ebs: {VolumeSize: 200, VolumeType: gp3}
"""


def test_a_good_file_is_let_pass() -> None:
    assert said_by(NAME, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("InstanceMarketOptions", "InstanceMarketOption", 17, "did you mean `InstanceMarketOptions`?"),
        ("VolumeSize: 200", "VolumeSize: 200GB", 20, "`200GB` is no integer"),
        ("VolumeType: gp3", "VolumeType: gp33", 20, "did you mean `gp3`?"),
        ("g5.xlarge", "g5.xlrage", 15, "did you mean `g5.xlarge`?"),
        ("region: eu-central-1", "region: eu-centrall-1", 2, "did you mean `eu-central-1`?"),
        ("eu-central-1b", "eu-west-1b", 2, "`eu-west-1b` is no zone of the region `eu-central-1`"),
        ("      ImageId: ami-0123456789abcdef0\n      Inst", "      Inst", 14, "has no `ImageId`"),
        ("[subnet-1]", "[subnet-1]\n      SubnetId: [x]", 12, "is no string"),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    said = said_by(NAME, with_typo(GOOD, right, wrong))
    assert [(number, message) for number, message in said if number == line and words in message], said


def test_other_clouds_are_none_of_its_business() -> None:
    assert said_by(NAME, "cluster_name: x\nprovider: {type: local}\n") == []
