"""The saved view of a sweep: W&B's workspace with its runs alone, best first, and the panels that say what it found."""

from __future__ import annotations

import re
from typing import Any

import wandb_workspaces.workspaces as workspaces
from wandb_workspaces import expr

from ferray.publish import panels, wording
from ferray.publish.contents import SweepContents
from ferray.publish.run_keys import RunKeys
from ferray.stats.ranking import sign
from ferray.track.wandb_runs import payload

MOST_CURVES = 50
FIRST = (
    *(payload.RANK, payload.OUTCOME, payload.SCORE, payload.SCORE_LOW, payload.SCORE_HIGH, payload.N_VAL),
    payload.SCORE_SO_FAR,
)
LAST = (payload.EPOCHS, payload.SECONDS)


def saved_view(shown: SweepContents, *, entity: str, project: str) -> Any:
    """The view as wandb-workspaces has it; nothing is asked of a server."""
    return workspaces.Workspace(
        entity=entity,
        project=project,
        name=view_title(shown.name),
        sections=_sections(shown),
        settings=workspaces.WorkspaceSettings(x_axis=payload.EPOCH, max_runs=MOST_CURVES),
        runset_settings=workspaces.RunsetSettings(
            filters=runs_of(shown.name, jobs=[payload.TRIAL_JOB, payload.SWEEP_JOB]),
            order=_order(shown),
            pinned_columns=columns(shown),
        ),
    )


def _order(shown: SweepContents) -> list[Any]:
    """By the score; as long as no run has one, the latest first."""
    if payload.SCORE not in shown.keys.summary:
        return [workspaces.Ordering(workspaces.Metric("CreatedTimestamp"), ascending=False)]
    return [workspaces.Ordering(workspaces.Summary(payload.SCORE), ascending=sign(shown.board.mode) < 0)]


def view_title(sweep: str) -> str:
    """What the view is called; W&B takes no emoji and few other signs."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', sweep)}: leaderboard"


def runs_of(sweep: str, *, jobs: list[str], outcome: str = "") -> Any:
    """The filter that keeps a sweep's runs of these job types, and where an outcome is given those of it alone."""
    conditions = [expr.Metric("Group") == sweep, expr.Metric("JobType").isin(jobs)]
    if outcome:
        conditions.append(expr.Summary(payload.OUTCOME) == outcome)
    return expr.And(*conditions)


def columns(shown: SweepContents) -> list[str]:
    """The columns that matter, as W&B names them, of those that some run has."""
    keys: RunKeys = shown.keys
    params = [f"config:{payload.param_key(axis.name)}.value" for axis in panels.axes(shown)]
    first, last = ([f"summary:{key}" for key in group if key in keys.summary] for group in (FIRST, LAST))
    return ["run:displayName", *first, *params, *last]


def _sections(shown: SweepContents) -> list[Any]:
    told = panels.text("\n\n".join(wording.introduction(shown)))
    return [
        _section("Leaderboard", [told, *panels.leaderboard_panels(shown)], "", is_open=True),
        _section("Search", panels.search_panels(shown), "Nothing that was searched differs among complete trials."),
        _section("Curves", panels.curve_panels(shown), "No trial has finished an epoch.", is_open=True),
        _section("Confusions", panels.confusion_panels(shown), "No trial has finished an epoch."),
        _section("Removed samples", panels.removed_panels(shown), "No trial has removed samples."),
        _section("Failures", panels.failure_panels(shown), "No trial has failed."),
    ]


def _section(name: str, found: list[Any], why_none: str, *, is_open: bool = False) -> Any:
    shown = found or [panels.text(why_none)]
    return workspaces.Section(name=name, panels=shown, is_open=is_open)
