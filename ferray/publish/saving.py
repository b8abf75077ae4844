"""Saving a sweep's view and report in W&B: once each, however often, found again where the folder forgot their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import wandb
from wandb_workspaces._graphql import execute_graphql
from wandb_workspaces.reports.v2 import gql
from wandb_workspaces.reports.v2 import internal as report_models
from wandb_workspaces.workspaces import internal as view_models

from ferray.publish.contents import SweepContents
from ferray.publish.refusals import refusals_named
from ferray.publish.saved_view import saved_view
from ferray.publish.written_report import written_report
from ferray.track.wandb_runs.payload import sweep_run_id

Kind = Literal["project-view", "runs"]  # W&B's words for a saved view and for a report
_NAME_LENGTH = 11  # as W&B draws them
_BY_NAME = """
query View($entity: String, $project: String, $kind: String, $name: String) {
    project(name: $project, entityName: $entity) {
        allViews(viewType: $kind, viewName: $name) { edges { node { id } } }
    }
}
"""


@dataclass(frozen=True)
class Saved:
    """What W&B knows a view or report by, and where it is to be seen."""

    id: str
    url: str


def save_view(shown: SweepContents, *, entity: str, project: str, known_id: str) -> Saved:
    """Save the view over the one of this id, or over the sweep's where the id is not known."""
    with refusals_named("the saved view"):
        view = saved_view(shown, entity=entity, project=project)
        model = view._to_model()
        model.name = view_models._url_query_str_to_internal_name(_name(shown.identity))
        model.id = known_id or _id_by_name("project-view", model.name, entity, project)
        kept = view_models.upsert_view2(model)["upsertView"]["view"]
        view._internal_name, view._internal_id = kept["name"], kept["id"]
        return Saved(kept["id"], view.url)


def save_report(shown: SweepContents, *, entity: str, project: str, known_id: str) -> Saved:
    """Save the report over the one of this id, or over the sweep's where the id is not known.

    wandb-workspaces' own `save` gives it a name by chance, and asks for the project once a run set.
    """
    with refusals_named("the report"):
        report = written_report(shown, entity=entity, project=project)
        model = report._to_model()
        name = _name(shown.identity)
        _place_run_sets(model.spec, entity, project)
        sent = {
            "id": known_id or _id_by_name("runs", name, entity, project) or None,
            "name": name,
            "entityName": entity,
            "projectName": project,
            "description": model.description,
            "displayName": model.display_name,
            "type": "runs",
            "spec": model.spec.model_dump_json(by_alias=True, exclude_none=True),
        }
        report.id = execute_graphql(wandb.Api(), gql.upsert_view, sent)["upsertView"]["view"]["id"]
        return Saved(report.id, report.url)


def _name(identity: str) -> str:
    """What W&B calls the view and the report of a sweep where people do not see it."""
    return sweep_run_id(identity)[:_NAME_LENGTH]


def _id_by_name(kind: Kind, name: str, entity: str, project: str) -> str:
    """The id of the view or report of this name, "" where there is none."""
    asked = {"entity": entity, "project": project, "kind": kind, "name": name}
    answer = execute_graphql(wandb.Api(), _BY_NAME, asked)
    edges = ((answer.get("project") or {}).get("allViews") or {}).get("edges") or []
    return str(edges[0]["node"]["id"]) if edges else ""


def _place_run_sets(spec: Any, entity: str, project: str) -> None:
    """Say of each run set which project its runs are in."""
    asked = {"entityName": entity, "projectName": project}
    found = execute_graphql(wandb.Api(), gql.projectInternalId, asked)["project"]
    place = report_models.Project(entity_name=entity, name=project, id=found["internalId"])
    for block in spec.blocks:
        if isinstance(block, report_models.PanelGrid):
            for run_set in block.metadata.run_sets:
                run_set.project = place
