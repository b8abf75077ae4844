"""What a file for `ray up` asks Google Compute Engine for."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.gcp import NAME
from tests.cluster.checks.said import said_by, with_typo

GOOD = """\
cluster_name: ferray
provider: {type: gcp, region: europe-west4, availability_zone: europe-west4-a, project_id: x}
max_workers: 2
head_node_type: head
available_node_types:
  head:
    resources: {}
    node_config:
      machineType: n2-standard-4
  gpu:
    resources: {}
    node_config:
      machineType: g2-standard-8
      disks:
        - boot: true
          initializeParams: {diskSizeGb: 200, sourceImage: projects/x/global/images/y}
      scheduling: {provisioningModel: SPOT, onHostMaintenance: TERMINATE}
      metadata: {items: [{key: x, value: y}]}
"""


def test_a_good_file_is_let_pass() -> None:
    assert said_by(NAME, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("machineType: g2", "machinType: g2", 13, "did you mean `machineType`?"),
        ("provisioningModel: SPOT", "provisioningModel: SPOTT", 17, "did you mean `SPOT`?"),
        ("diskSizeGb: 200", "diskSizeGB: 200", 16, "did you mean `diskSizeGb`?"),
        ("boot: true", "boot: yess", 15, "`yess` is not of the type boolean"),
        (
            "{provisioningModel: SPOT, onHostMaintenance: TERMINATE}",
            "[{preemptible: true}]",
            17,
            "not of the type object",
        ),
        ("europe-west4-a", "europe-west1-b", 2, "`europe-west1-b` is no zone of the region `europe-west4`"),
    ],
)
def test_a_typo_is_named_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    said = said_by(NAME, with_typo(GOOD, right, wrong))
    assert [(number, message) for number, message in said if number == line and words in message], said
