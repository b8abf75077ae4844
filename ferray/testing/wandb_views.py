"""A stand-in W&B server that keeps saved views and reports too, as its web app would show them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ferray.testing.wandb_replies import ENTITY
from ferray.testing.wandb_server import Reply, WandbServer

PROJECT_ID = 7
WHEN = "2026-01-01T00:00:00"


class ViewsServer(WandbServer):
    """`views` are those saved, by id, each as it was last sent; `artifacts` what was asked of each, by its collection.

    `uploads` are the contents of the files of runs, by `run/name`, `links` what was put into a registry. After
    `most_saves` of views it refuses them.
    """

    def __init__(self, *, most_saves: int = 1_000, **asked: Any) -> None:
        super().__init__(**asked)
        self.saves_left = most_saves
        self.views: dict[str, dict[str, Any]] = {}
        self.artifacts: dict[str, list[dict[str, Any]]] = {}
        self.uploads: dict[str, bytes] = {}
        self.links: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        if path == "/graphql" and self.error is None and not self.refuses_key:
            asked = json.loads(body)
            found = re.match(r"\s*(?:query|mutation)\s+(\w+)", asked.get("query", ""))
            operation, variables = found[1] if found else "", asked.get("variables") or {}
            if operation == "CreateArtifact":
                sent = variables["input"]
                self.artifacts.setdefault(sent["artifactCollectionName"], []).append(sent)
            if operation in _REPLIES:
                with self.lock:
                    self.record.requests.append(operation)
                    return self._reply(operation, variables)
        if method == "PUT":
            self.uploads[path.removeprefix("/uploads/")] = body
        return super().answer(method, path, body)

    def _reply(self, operation: str, variables: dict[str, Any]) -> Reply:
        try:
            return 200, {"data": _REPLIES[operation](self, variables)}
        except KeyError as error:
            return 200, {"data": None, "errors": [{"message": f"view {error} not found"}]}

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The views of a type: `project-view` for saved ones, `runs` for reports."""
        return [view for view in self.views.values() if view["type"] == kind]


def _upsert(server: ViewsServer, asked: Mapping[str, Any]) -> dict[str, Any]:
    """By its id; without one another view is made, whatever there is of that name."""
    server.saves_left -= 1
    if server.saves_left < 0:
        raise KeyError("refused")
    known = asked.get("id")
    if known is not None and known not in server.views:
        raise KeyError(known)
    key = known or f"view-{len(server.views)}"
    server.views[key] = {**server.views.get(key, {}), **asked, "id": key}
    return {"upsertView": {"view": _node(server.views[key]), "inserted": known is None}}


def _node(view: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "displayName", "description", "type", "spec")
    project = {"id": "p", "name": view["projectName"], "entityName": view["entityName"]}
    return {**{name: view.get(name) for name in names}, "project": project}


def _edges(views: list[dict[str, Any]]) -> dict[str, Any]:
    page = {"endCursor": None, "hasNextPage": False}
    return {
        "project": {"allViews": {"edges": [{"node": _node(v), "cursor": v["id"]} for v in views], "pageInfo": page}}
    }


def _named(server: ViewsServer, asked: Mapping[str, Any]) -> dict[str, Any]:
    return _edges([view for view in server.of_type(asked["kind"]) if view["name"] == asked["name"]])


def _artifact(*_: object) -> dict[str, Any]:
    """The one of the runs' artifacts that is asked for: all are committed under one id."""
    place = {"id": "p", "internalId": "p", "name": "ferray", "entity": {"name": ENTITY}}
    return {
        "artifact": {
            "__typename": "Artifact",
            "id": "a",
            "artifactSequence": {"__typename": "ArtifactSequence", "name": "model", "project": place},
            "artifactType": {"name": "model"},
            "versionIndex": 0,
            "description": None,
            "metadata": "{}",
            "ttlDurationSeconds": -2,
            "size": 7,
            "ttlIsInherited": True,
            "tags": [],
            "historyStep": None,
            "state": "COMMITTED",
            "digest": "d",
            "commitHash": "c",
            "fileCount": 1,
            "createdAt": WHEN,
            "updatedAt": WHEN,
            "aliases": [],
        }
    }


def _organization(*_: object) -> dict[str, Any]:
    return {"entity": {"organization": {"name": "org", "orgEntity": {"name": "org-entity"}}, "user": None}}


def _link(server: ViewsServer, asked: Mapping[str, Any]) -> dict[str, Any]:
    sent = asked["input"]
    server.links.append(sent)
    place = {"id": "r", "internalId": "r", "name": sent["projectName"], "entity": {"name": sent["entityName"]}}
    membership = {
        "__typename": "ArtifactCollectionMembership",
        "id": "m",
        "versionIndex": 0,
        "createdAt": WHEN,
        "aliases": [],
        "artifactCollection": {
            "__typename": "ArtifactPortfolio",
            "name": sent["artifactPortfolioName"],
            "project": place,
        },
        **_artifact(),
    }
    return {"result": {"versionIndex": 0, "artifactMembership": membership}}


_REPLIES: dict[str, Any] = {
    "ArtifactByID": _artifact,
    "FetchOrgInfoFromEntity": _organization,
    "LinkArtifact": _link,
    "UpsertView2": _upsert,
    "upsertView": _upsert,
    "View": _named,
    "ProjectInternalId": lambda *_: {"project": {"id": "p", "internalId": PROJECT_ID}},
}
