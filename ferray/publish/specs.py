"""The specs of a saved view and a report as documents."""

from __future__ import annotations

import json
from typing import Any

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


def _document(model: Any) -> str:
    """As wandb-workspaces sends it."""
    text: str = model.model_dump_json(by_alias=True, exclude_none=True)
    return text
