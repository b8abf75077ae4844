"""The specs of a saved view and a report: as documents, and through wandb-workspaces' own models and back."""

from __future__ import annotations

import json
from typing import Any

from wandb_workspaces.reports.v2 import internal as report_models
from wandb_workspaces.workspaces import internal as view_models

from ferray.publish.contents import SweepContents
from ferray.publish.saved_view import saved_view
from ferray.publish.written_report import written_report


def specs_of(shown: SweepContents) -> dict[str, Any]:
    """What publishing would save, as JSON has it, without an entity or a project; nothing is asked of a server."""
    view = saved_view(shown, entity="", project="")._to_model()
    report = written_report(shown, entity="", project="")._to_model()
    return {
        "sweep": shown.name,
        "view": {"name": view.display_name, "spec": json.loads(_document(view.spec))},
        "report": {
            "name": report.display_name,
            "description": report.description,
            "spec": json.loads(_document(report.spec)),
        },
    }


def read_view_spec(spec: dict[str, Any]) -> Any:
    """The model of a saved view of such a document; ValueError for what is none."""
    return view_models.WorkspaceViewspec.model_validate(spec)


def read_report_spec(spec: dict[str, Any]) -> Any:
    """The model of a report of such a document; ValueError for what is none."""
    return report_models.Spec.model_validate(spec)


def _document(model: Any) -> str:
    """As wandb-workspaces sends it."""
    text: str = model.model_dump_json(by_alias=True, exclude_none=True)
    return text
