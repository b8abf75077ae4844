"""What the environment says around an embedded Ray, and after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ferray.launch import _clusters
from ferray.launch._clusters import others_cluster, own_cluster


def test_each_embedded_cluster_has_a_token_of_its_own(tmp_path: Path) -> None:
    tokens = []
    for _ in range(2):
        with own_cluster(tmp_path):
            tokens.append(os.environ["RAY_AUTH_TOKEN"])
    assert len(set(tokens)) == 2


def test_what_the_environment_says_of_other_clusters_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "theirs")
    monkeypatch.delenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", raising=False)
    with own_cluster(tmp_path):
        assert os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
        assert os.environ["RAY_AUTH_TOKEN"] != "theirs"
    assert os.environ["RAY_AUTH_TOKEN"] == "theirs"
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in os.environ


def test_another_cluster_is_joined_with_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "theirs")
    monkeypatch.setattr(_clusters, "refuse_unanswered", lambda _: None)
    with others_cluster("auto") as options:
        assert os.environ["RAY_AUTH_TOKEN"] == "theirs"
        assert options == {"address": "auto"}
