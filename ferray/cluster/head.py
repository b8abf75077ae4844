"""`Head`: the head of a Ray cluster as the server of its dashboard answers, which also takes jobs.

Ray serves its jobs and the state of the cluster over HTTP alone, by default on the head's own loopback. Every call here
is bounded in time, and what goes wrong is a ClusterError.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from ferray.cluster.tokens import read_token
from ferray.errors import ClusterError, ConfigError, HeadFailed, NoSuchJob, Unreachable
from ferray.files.os_errors import system_words

DEFAULT_URL = "http://127.0.0.1:8265"
ADDRESS_VARIABLE = "RAY_API_SERVER_ADDRESS"  # as Ray's own `ray job` has it
ANSWER_WITHIN_S = 10.0
MOST_BYTES = 256 * 2**20  # of one answer: the log of a job
_LOOPBACK = ("127.", "localhost", "::1")
_GET_TOKEN = "set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to a file, to what `ray get-auth-token` prints on its head"
_REFUSED = (401, 403)
_NOT_FOUND = 404
_SERVER_FAILED = 500


def url_of(address: str | None) -> str:
    """The URL that an address stands for; without one, that of the environment, else of this machine.

    ConfigError for what Ray calls an address and is not the dashboard's.
    """
    given = address or os.environ.get(ADDRESS_VARIABLE) or DEFAULT_URL
    url = given if "://" in given else f"http://{given}"
    if given == "auto" or not _is_dashboard(url):
        message = f"`{given}` is not the address of a dashboard"
        raise ConfigError(message, f"write it as `{DEFAULT_URL}`: the dashboard takes the jobs")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_dashboard(url: str) -> bool:
    """Whether a URL may be that of a dashboard: one of HTTP with a host, a port there may be, and no password."""
    try:
        parts = urlsplit(url)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    has_signs_of_a_host = bool(parts.hostname) and not any(sign.isspace() for sign in parts.netloc)
    return parts.scheme in ("http", "https") and has_signs_of_a_host and is_port and "@" not in parts.netloc


@dataclass(frozen=True)
class Head:
    """A head that answers at `url` and takes `token`, which is "" where it asks for none."""

    url: str
    token: str = field(repr=False, default="")
    asks_token: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """What every request has."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def notes(self) -> list[str]:
        """What its user should know of who else gets in."""
        if not self.asks_token:
            return [f"the cluster at `{self.url}` asks for no token: whoever reaches it runs code as its owner"]
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not (parts.hostname or "").startswith(_LOOPBACK):
            return [f"the token goes to `{self.url}` as plain text, and whoever listens has it: use a tunnel"]
        return []

    def get(self, path: str, **query: str | int) -> Any:
        """The document at a path of the API, such as `/api/jobs/`."""
        return self._ask(Request(f"{self.url}{path}{'?' if query else ''}{urlencode(query)}"))

    def post(self, path: str) -> Any:
        """The answer to a request without content."""
        return self._ask(Request(f"{self.url}{path}", method="POST", data=b""))

    def _ask(self, request: Request) -> Any:
        for name, value in self.headers.items():
            request.add_unredirected_header(name, value)  # whoever this head points to is not the head
        return _answer(self.url, request)


def connect(address: str | None) -> Head:
    """The head at an address, by the token of this user; ClusterError where nothing answers or the token is refused."""
    url, token = url_of(address), read_token()
    answer = _answer(url, Request(f"{url}/api/authentication_mode"))
    mode = answer.get("authentication_mode") if isinstance(answer, dict) else None
    head = Head(url, token if mode == "token" else "", asks_token=mode == "token")
    if head.asks_token and not token:
        raise ClusterError(f"the cluster at `{url}` asks for a token, and there is none here", _GET_TOKEN)
    named = head.get("/api/version")
    if not isinstance(named, dict) or "ray_version" not in named:
        raise _stranger(url, "it names no version of Ray")
    return head


def _answer(url: str, request: Request) -> Any:
    try:
        with _opener(url).open(request, timeout=ANSWER_WITHIN_S) as answer:
            return json.loads(answer.read(MOST_BYTES))
    except HTTPError as error:
        raise _refusal(url, error) from error
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        words = system_words(reason) if isinstance(reason, Exception) else str(reason)
        message = f"nothing answers at `{url}`: {words}"
        raise Unreachable(message, "open a tunnel to the head's dashboard, or pass its `--address`") from error
    except (ValueError, RecursionError) as error:
        raise _stranger(url, "its answer is no JSON") from error


def _refusal(url: str, error: HTTPError) -> ClusterError:
    if error.code in _REFUSED:
        return ClusterError(f"the cluster at `{url}` refuses our token", _GET_TOKEN)
    with error:
        words = error.read(500).decode("utf-8", "replace").strip().split("\n")[-1]
    if error.code == _NOT_FOUND and "/api/jobs/" in (error.url or ""):
        return NoSuchJob(words or "there is no such job")
    said = f"{error.code}" + (f": {words}" if words else "")
    if error.code >= _SERVER_FAILED:
        return HeadFailed(f"the head at `{url}` answers with {said}", "see the head's own logs, or try again")
    return _stranger(url, f"it says {said}")


def _stranger(url: str, why: str) -> ClusterError:
    message = f"what answers at `{url}` is no dashboard of Ray's: {why}"
    return ClusterError(message, "pass the address of the head's dashboard, which Ray prints when it starts")


def _opener(url: str) -> OpenerDirector:
    """The environment's proxy, if any, but for this machine itself: the end of a tunnel is nobody else's."""
    is_here = (urlsplit(url).hostname or "").startswith(_LOOPBACK)
    return build_opener(ProxyHandler({})) if is_here else build_opener()
