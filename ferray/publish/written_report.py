"""The report of a sweep in W&B: words and tables as of now, over run sets that follow the runs."""

from __future__ import annotations

from typing import Any

import wandb_workspaces.reports.v2 as reports

from ferray.events import OutcomeKind
from ferray.publish import panels, saved_view, wording
from ferray.publish.contents import SweepContents
from ferray.results.blinding import readings_sentence
from ferray.stats.ranking import sign
from ferray.track.wandb_runs import payload

LONGEST_TITLE = 128  # W&B refuses longer ones
COMPARER_HEIGHT = 16
COMPLETE, PRUNED, ITSELF = "Complete trials", "Pruned trials", "The sweep itself"


def written_report(shown: SweepContents, *, entity: str, project: str) -> Any:
    """The report as wandb-workspaces has it; its run sets name no project, so that nothing is asked of a server."""
    trials, itself = _trial_sets(shown), [_sweep_set(shown)]
    compared = reports.RunComparer(diff_only="split", layout=reports.Layout(w=panels.GRID, h=COMPARER_HEIGHT))
    return reports.Report(
        entity=entity,
        project=project,
        title=report_title(shown.name),
        description=mark_of(shown.identity),
        blocks=[
            *_text("", wording.summary(shown)),
            *_text("Leaderboard", wording.leaderboard_rows(shown), wording.READING),
            *_grid("", panels.leaderboard_panels(shown), itself),
            *_text("Luck", *wording.luck(shown)),
            *_text("Confirmation", *wording.confirmed(shown), wording.finalist_rows(shown), wording.pair_rows(shown)),
            *_text("Test split", wording.test_rows(shown) or wording.plain(readings_sentence(shown.page.readings))),
            *_text("Pruned trials", wording.pruned_line(shown)),
            *_grid("Curves", panels.curve_panels(shown), trials),
            *_grid("Search", panels.search_panels(shown), [*trials, *itself]),
            *_grid("Confusions", panels.confusion_panels(shown), trials),
            *_grid("Removed samples", panels.removed_panels(shown), trials),
            *_grid("How trials ended", panels.failure_panels(shown), itself),
            *_grid("Side by side", [compared] if trials else [], trials),
            *_text("How it was made", *wording.commands(shown)),
            *([reports.CodeBlock(code=shown.page.space, language="yaml")] if shown.page.space else []),
        ],
    )


def report_title(sweep: str) -> str:
    """What the report is called."""
    return f"Sweep {sweep}"[:LONGEST_TITLE]


def mark_of(identity: str) -> str:
    """The line below the title: which run is the sweep's."""
    return f"Written by ferray; the sweep's own run is {payload.sweep_run_id(identity)}."


def _text(title: str, *paragraphs: str) -> list[Any]:
    heading = [reports.H2(title)] if title else []
    return [*heading, *(reports.MarkdownBlock(text=words) for words in paragraphs if words)]


def _grid(title: str, found: list[Any], sets: list[Any]) -> list[Any]:
    """Panels over these run sets below a heading, nothing where there is nothing to draw or to draw it of."""
    if not found or not sets:
        return []
    return [*_text(title), reports.PanelGrid(runsets=sets, panels=found)]


def _trial_sets(shown: SweepContents) -> list[Any]:
    """Complete and pruned trials apart, as far as there are some, each best first by what its trials have."""
    columns = saved_view.columns(shown)
    kinds = {COMPLETE: (OutcomeKind.COMPLETED, payload.SCORE), PRUNED: (OutcomeKind.PRUNED, payload.SCORE_SO_FAR)}
    return [
        reports.Runset(
            name=name,
            filters=saved_view.runs_of(shown.name, jobs=[payload.TRIAL_JOB], outcome=outcome),
            order=[reports.OrderBy(reports.SummaryMetric(score), ascending=sign(shown.board.mode) < 0)],
            visible_columns=columns,
            lock_columns=True,
        )
        for name, (outcome, score) in kinds.items()
        if outcome in shown.board.outcomes
    ]


def _sweep_set(shown: SweepContents) -> Any:
    filters = saved_view.runs_of(shown.name, jobs=[payload.SWEEP_JOB])
    return reports.Runset(name=ITSELF, filters=filters)
