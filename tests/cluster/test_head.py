"""A head is reached within seconds, by a token that is asked for, or the error says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ferray.cluster.head import connect, url_of
from ferray.errors import ClusterError, ConfigError, HeadFailed, NoSuchJob, Unreachable
from ferray.testing.ray_head import RayHead

TOKEN = "a" * 64


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_API_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("given", ["http://10.0.0.1:8265", "10.0.0.1:8265", "http://10.0.0.1:8265/#/jobs"])
def test_an_address_is_a_url_or_host_and_port(given: str) -> None:
    assert url_of(given) == "http://10.0.0.1:8265"


def test_without_an_address_the_environment_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "https://ray.internal")
    assert url_of(None) == "https://ray.internal"


@pytest.mark.parametrize(
    "given",
    [
        "auto",
        "ray://10.0.0.1:10001",
        "http://me:secret@10.0.0.1:8265",
        "http://",
        "[::",
        "head:http",
        "head:99999",
        "http://a b",
    ],
)
def test_what_is_no_dashboards_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="is not the address of a dashboard"):
        url_of(given)


def test_a_token_is_sent_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    with RayHead(token=TOKEN) as head:
        assert connect(head.url).get("/api/version")["ray_version"] == "2.60.0"


def test_a_token_is_not_sent_to_a_head_that_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    with RayHead() as head:
        assert connect(head.url).headers == {}


@pytest.mark.parametrize("answer", [[], {}, "ray", None])
def test_another_server_of_json_is_no_head(answer: object) -> None:
    with RayHead() as head:
        head.answers = {"/api/authentication_mode": answer, "/api/version": answer}
        with pytest.raises(ClusterError, match="is no dashboard of Ray's"):
            connect(head.url)


def test_an_open_head_is_noted() -> None:
    with RayHead() as head:
        assert "whoever reaches it runs code as its owner" in connect(head.url).notes[0]


def test_without_a_token_nothing_more_is_asked() -> None:
    with RayHead(token=TOKEN) as head:
        with pytest.raises(ClusterError, match="asks for a token, and there is none here"):
            connect(head.url)
        assert head.asked == ["GET /api/authentication_mode"]


def test_another_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "b" * 64)
    with RayHead(token=TOKEN) as head, pytest.raises(ClusterError, match="refuses our token"):
        connect(head.url)


def test_a_token_is_in_no_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    with RayHead(token=TOKEN) as head:
        assert TOKEN not in repr(connect(head.url))


def test_a_closed_port_is_a_sentence() -> None:
    with RayHead() as head:
        url = head.url
    with pytest.raises(Unreachable, match="nothing answers at"):
        connect(url)


def test_another_server_is_no_head() -> None:
    with RayHead({"/api/authentication_mode": 404}) as head, pytest.raises(ClusterError, match="no dashboard of Ray's"):
        connect(head.url)


def test_the_token_does_not_follow_to_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    with RayHead(token=TOKEN) as another, RayHead(token=TOKEN) as head:
        head.answers["/api/version"] = f"{another.url}/api/version"
        with pytest.raises(ClusterError, match="refuses our token"):
            connect(head.url)


def test_a_job_that_is_not_there_is_told_from_a_server_that_fails() -> None:
    with RayHead({"/api/jobs/b": 500}) as head:
        found = connect(head.url)
        with pytest.raises(NoSuchJob):
            found.get("/api/jobs/a")
        with pytest.raises(HeadFailed, match="answers with 500"):
            found.get("/api/jobs/b")


def test_a_proxy_is_not_asked_for_this_machine_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with RayHead() as head:
        assert connect(head.url).url == head.url
