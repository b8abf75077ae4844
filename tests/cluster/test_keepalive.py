"""How soon Ray's own processes miss an answer that a cut link has lost."""

from __future__ import annotations

import pytest

from ferray.cluster.kinds import KEEPALIVE
from tests.cluster.shipped import CLUSTER, OF_KUBERAY, STARTS_RAY, text_without_comments


@pytest.mark.parametrize("name", [name for name in STARTS_RAY if name not in OF_KUBERAY])  # these have the image's
def test_every_ray_start_begins_with_it(name: str) -> None:
    text = text_without_comments(CLUSTER / name)
    assert text.count(KEEPALIVE) == max(1, text.count("/ray start"))
