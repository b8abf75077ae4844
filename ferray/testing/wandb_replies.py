"""What W&B's server keeps of runs and answers about them, as far as its client asks: GraphQL and the file stream."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ENTITY = "somebody"
HISTORY, SUMMARY = "wandb-history.jsonl", "wandb-summary.json"


@dataclass
class Record:
    """What the server was sent, by run id: `rows` of history, the last of the `summaries`, exit codes in `ended`.

    A run that goes on is not in `ended` until it ends again. `requests` are GraphQL operations in order, `files` the
    names of uploads as `run/name`, `tables` those of artifacts.
    """

    requests: list[str] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    tables: list[str] = field(default_factory=list)

    def config(self, run: str) -> dict[str, Any]:
        """A run's config without W&B's own keys and wrapping."""
        kept = json.loads(self.runs[run].get("config") or "{}")
        return {key: item["value"] for key, item in kept.items() if key not in ("_wandb", "wandb_version")}

    def state(self, run: str) -> str:
        """`running`, `finished` or `failed`, as W&B shows it."""
        code = self.ended.get(run)
        return "running" if code is None else "failed" if code else "finished"

    def epochs(self, run: str) -> list[int]:
        """The epochs of a run's rows, in order."""
        return [row["epoch"] for row in self.rows[run] if "epoch" in row]


def stream(record: Record, run: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a run's file stream sends: lines are put where their offset says, so that none sent again is doubled."""
    files: dict[str, Any] = body.get("files") or {}
    history = files.get(HISTORY, {})
    lines = [json.loads(line) for line in history.get("content", ())]
    offset = history.get("offset", 0)
    record.rows[run][offset : offset + len(lines)] = lines
    for line in files.get(SUMMARY, {}).get("content", ()):
        record.summaries[run] = json.loads(line)
    if body.get("complete"):
        record.ended[run] = body.get("exitcode", 0)
    return {"limits": {}}


def answered(record: Record, operation: str, asked: dict[str, Any], url: str) -> dict[str, Any]:
    """The `data` of a GraphQL operation; nothing for one that is not known."""
    record.requests.append(operation)
    reply = _REPLIES.get(operation)
    return reply(record, {**asked, "url": url}) if reply else {}


def _project(asked: dict[str, Any]) -> dict[str, Any]:
    return {"id": "p", "name": asked.get("project"), "entity": {"id": "e", "name": ENTITY}}


def _resume_status(record: Record, asked: dict[str, Any]) -> dict[str, Any]:
    """A run goes on only where its `wandbConfig` has a `t`, as real ones do."""
    name = asked.get("name", "")
    known = record.runs.get(name)
    if known is None:
        return {"model": {**_project(asked), "bucket": None}}
    rows = record.rows[name]
    bucket = {
        **_node(record, name),
        "logLineCount": 0,
        "eventsLineCount": 0,
        "historyTail": json.dumps([json.dumps(row) for row in rows[-1:]]),
        "eventsTail": "[]",
        "wandbConfig": json.dumps({"t": 1}),
    }
    return {"model": {**_project(asked), "bucket": bucket}}


def _node(record: Record, name: str) -> dict[str, Any]:
    """A run as queries give it."""
    known = record.runs[name]
    return {
        "id": f"id-{name}",
        "projectId": "1",
        "name": name,
        "displayName": known.get("displayName"),
        "tags": known.get("tags") or [],
        "notes": known.get("notes"),
        "description": None,
        "group": known.get("groupName"),
        "jobType": known.get("jobType"),
        "state": record.state(name),
        "config": known.get("config") or "{}",
        "summaryMetrics": json.dumps(record.summaries.get(name, {})),
        "systemMetrics": "{}",
        "historyLineCount": len(record.rows[name]),
        "historyKeys": {},
        "sweepName": None,
        "commit": None,
        "readOnly": False,
        "createdAt": "2026-01-01T00:00:00",
        "heartbeatAt": "2026-01-01T00:00:00",
        "user": {"name": ENTITY, "username": ENTITY},
    }


def _upsert(record: Record, asked: dict[str, Any]) -> dict[str, Any]:
    """Of a run by its name, as a client that writes it knows it, or by its id, as one that edits it does."""
    name = str(asked.get("name") or str(asked.get("id")).removeprefix("id-"))
    is_new = name not in record.runs
    kept = record.runs.setdefault(name, {})
    given = {**asked, "displayName": asked.get("displayName") or asked.get("display_name")}
    kept.update({key: value for key, value in given.items() if value is not None and key not in ("url", "id")})
    if asked.get("summaryMetrics") is not None:
        record.summaries[name] = json.loads(asked["summaryMetrics"])
    if asked.get("name") and "display_name" not in asked:  # it is being written again
        record.ended.pop(name, None)
    bucket = {**_node(record, name), "project": _project(kept), "sweepName": None}
    return {"upsertBucket": {"bucket": bucket, "inserted": is_new}}


def _runs(record: Record, asked: dict[str, Any]) -> dict[str, Any]:
    """The runs of a project that a filter on their names lets through, in pages."""
    wanted = (json.loads(asked.get("filters") or "{}").get("name") or {}).get("$in")
    names = [name for name in record.runs if wanted is None or name in wanted]
    first = int(asked.get("cursor") or 0)
    page = names[first : first + int(asked.get("perPage") or 50)]
    end = first + len(page)
    edges = [{"node": _node(record, name), "cursor": str(end)} for name in page]
    info = {"endCursor": str(end), "hasNextPage": end < len(names)}
    found = {"internalId": "1", "runCount": len(names), "readOnly": False, "runs": {"edges": edges, "pageInfo": info}}
    return {"project": found if record.runs else None}


def _run(record: Record, asked: dict[str, Any]) -> dict[str, Any]:
    name = asked.get("name", "")
    return {"project": {"run": _node(record, name) if name in record.runs else None}}


def _sampled_history(record: Record, asked: dict[str, Any]) -> dict[str, Any]:
    """Rows that have every key asked for; whole, as the client asks for more than there are."""
    (spec,) = map(json.loads, asked["specs"])
    rows = [row for row in record.rows[asked["name"]] if all(key in row for key in spec["keys"])]
    return {"project": {"run": {"sampledHistory": [[{key: row[key] for key in spec["keys"]} for row in rows]]}}}


def _create_files(_: Record, asked: dict[str, Any]) -> dict[str, Any]:
    run = str(asked.get("run"))
    files = [{"name": name, "uploadUrl": f"{asked['url']}/uploads/{run}/{name}"} for name in asked.get("files") or ()]
    return {"createRunFiles": {"runID": f"id-{run}", "uploadHeaders": [], "files": files}}


def _create_artifact(record: Record, asked: dict[str, Any]) -> dict[str, Any]:
    """Claims to have had it before, so that its files are not sent."""
    kept = {"id": "a", "state": "COMMITTED", "artifactSequence": {"latestArtifact": {"id": "a"}}}
    record.tables.append(str(asked["input"]["artifactCollectionName"]))
    return {"createArtifact": {"artifact": kept}}


_SOMEBODY = {"id": "u", "name": ENTITY, "entity": ENTITY, "username": ENTITY, "flags": "{}", "teams": {"edges": []}}
_FEATURES: dict[str, Any] = {"cliVersionInfo": {}, "latestLocalVersionInfo": None, "features": []}
_REPLIES: dict[str, Callable[[Record, dict[str, Any]], dict[str, Any]]] = {
    "Viewer": lambda *_: {"viewer": _SOMEBODY},
    "GetViewer": lambda *_: {
        "viewer": {**_SOMEBODY, "deletedAt": None, "email": "", "admin": False, "apiKeys": {"edges": []}}
    },
    "GetDefaultEntity": lambda *_: {"viewer": _SOMEBODY},
    "RunResumeStatus": _resume_status,
    "UpsertBucket": _upsert,
    "Runs": _runs,
    "Run": _run,
    "RunSampledHistory": _sampled_history,
    "CreateRunFiles": _create_files,
    "CreateArtifact": _create_artifact,
    "ArtifactType": lambda *_: {"project": {"artifact": None}},
    "RunStoppedStatus": lambda *_: {"project": {"run": {"stopped": False}}},
    "ServerInfo": lambda *_: {"serverInfo": _FEATURES},
}
