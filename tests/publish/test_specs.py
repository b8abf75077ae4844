"""The specs of the saved view and the report pass wandb-workspaces' own models, and name only what runs have."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from wandb_workspaces.expr import FE_METRIC_NAME_MAP
from wandb_workspaces.reports.v2 import Report
from wandb_workspaces.reports.v2.internal import ReportViewspec, Spec
from wandb_workspaces.workspaces import Workspace
from wandb_workspaces.workspaces.internal import View, WorkspaceViewspec

from ferray.publish import wording
from ferray.publish.contents import SweepContents
from ferray.publish.specs import specs_of
from ferray.testing.wandb_specs import Named, keys_named

FIXTURES = ("shown", "confirmed", "nothing_done")
OF_EVERY_RUN = {("run", name) for name in ("group", "jobType", "displayName", "name", "createdAt")}


@pytest.fixture(params=FIXTURES)
def any_sweep(request: pytest.FixtureRequest) -> SweepContents:
    contents: SweepContents = request.getfixturevalue(request.param)
    return contents


def sent(model: Any) -> Any:
    return json.loads(model.model_dump_json(by_alias=True, exclude_none=True))


def known_keys(shown: SweepContents) -> set[Named]:
    parts = {"config": shown.keys.config, "summary": shown.keys.summary, "history": shown.keys.history}
    return OF_EVERY_RUN | {(part, key) for part, keys in parts.items() for key in keys}


def without_empty_comments(spec: Any) -> Any:
    """What reading adds to a heading's words: a list of no comments."""
    if isinstance(spec, dict):
        return {key: without_empty_comments(value) for key, value in spec.items() if (key, value) != COMMENTS}
    return [without_empty_comments(value) for value in spec] if isinstance(spec, list) else spec


COMMENTS = ("inlineComments", [])


def without_places_of_tables(spec: Any) -> Any:
    """wandb-workspaces forgets where a table's panel lies when it reads one."""
    if isinstance(spec, dict):
        is_table = spec.get("viewType") == "Weave"
        return {k: without_places_of_tables(v) for k, v in spec.items() if not (is_table and k == "layout")}
    return [without_places_of_tables(value) for value in spec] if isinstance(spec, list) else spec


def test_the_view_reads_back_as_it_was(any_sweep: SweepContents) -> None:
    spec = specs_of(any_sweep)["view"]["spec"]
    assert sent(WorkspaceViewspec.model_validate(spec)) == spec


def test_the_report_reads_back_as_it_was(any_sweep: SweepContents) -> None:
    spec = specs_of(any_sweep)["report"]["spec"]
    assert without_empty_comments(sent(Spec.model_validate(spec))) == spec


def test_the_view_is_a_workspace_that_would_be_saved_alike(any_sweep: SweepContents) -> None:
    spec = specs_of(any_sweep)["view"]["spec"]
    view = View(entity="", project="", display_name="x", name="", id="", spec=WorkspaceViewspec.model_validate(spec))
    again = sent(Workspace._from_model(view)._to_model().spec)
    assert without_places_of_tables(again) == without_places_of_tables(spec)


def test_the_report_is_one_that_would_be_saved_alike(any_sweep: SweepContents) -> None:
    spec = specs_of(any_sweep)["report"]["spec"]
    again = sent(
        Report._from_model(ReportViewspec(project={"name": "ferray"}, spec=Spec.model_validate(spec)))._to_model().spec
    )
    assert without_places_of_tables(again) == without_places_of_tables(spec)


@pytest.mark.parametrize("kind", ["view", "report"])
def test_no_panel_column_filter_or_order_names_a_key_that_no_run_has(any_sweep: SweepContents, kind: str) -> None:
    assert keys_named(specs_of(any_sweep)[kind]["spec"]) <= known_keys(any_sweep)


def test_keys_are_found_in_panels_columns_filters_and_orders(confirmed: SweepContents) -> None:
    named = keys_named(specs_of(confirmed)["view"]["spec"])
    panels = {("history", "val/uar"), ("summary", "outliers/removed"), ("config", "p/optimizer/lr")}
    assert named >= panels | {("run", "group"), ("summary", "score")}


@pytest.mark.parametrize("kind", ["view", "report"])
def test_no_key_of_a_run_is_one_that_wandb_workspaces_takes_for_its_own(confirmed: SweepContents, kind: str) -> None:
    own = {*FE_METRIC_NAME_MAP, *FE_METRIC_NAME_MAP.values()}
    named = {key for part, key in keys_named(specs_of(confirmed)[kind]["spec"]) if part != "run"}
    assert named & own == set()


@pytest.mark.parametrize("kind", ["view", "report"])
def test_no_filter_compares_sizes_which_wandb_workspaces_would_change(confirmed: SweepContents, kind: str) -> None:
    text = json.dumps(specs_of(confirmed)[kind]["spec"])
    assert set(re.findall(r'"op": "([^"]+)"', text)) <= {"=", "IN"}


def test_the_view_shows_the_sweeps_runs_best_first(shown: SweepContents) -> None:
    (run_set,) = specs_of(shown)["view"]["spec"]["section"]["runSets"]
    kept = [(item["key"]["name"], item["op"], item["value"]) for item in run_set["filters"]["filters"]]
    assert kept == [("group", "=", "fake"), ("jobType", "IN", ["trial", "sweep"])]
    assert run_set["sort"]["keys"] == [{"key": {"section": "summary", "name": "score"}, "ascending": False}]


def test_the_view_pins_the_columns_of_a_leaderboard(shown: SweepContents) -> None:
    (run_set,) = specs_of(shown)["view"]["spec"]["section"]["runSets"]
    pinned = list(run_set["runFeed"]["columnPinned"])
    assert pinned[:7] == ["run:displayName", *(f"summary:{key}" for key in LEADING)]
    assert "config:p/optimizer/lr.value" in pinned


LEADING = ("rank", "outcome", "score", "score_low", "score_high", "n_val")


def test_the_view_has_its_six_sections_whatever_there_is(any_sweep: SweepContents) -> None:
    sections = specs_of(any_sweep)["view"]["spec"]["section"]["panelBankConfig"]["sections"]
    names = ["Leaderboard", "Search", "Curves", "Confusions", "Removed samples", "Failures"]
    assert [section["name"] for section in sections] == names
    assert all(section["panels"] for section in sections)


def run_sets(shown: SweepContents) -> dict[str, Any]:
    blocks = specs_of(shown)["report"]["spec"]["blocks"]
    grids = [block["metadata"]["runSets"] for block in blocks if block["type"] == "panel-grid"]
    return {run_set["name"]: run_set for sets in grids for run_set in sets}


def test_the_report_has_complete_and_pruned_trials_apart(shown: SweepContents) -> None:
    sets = run_sets(shown)
    outcomes = {name: one["filters"]["filters"][-1]["value"] for name, one in sets.items()}
    assert outcomes == {"Complete trials": "completed", "Pruned trials": "pruned", "The sweep itself": ["sweep"]}
    assert sets["Pruned trials"]["sort"]["keys"][0]["key"]["name"] == "score_so_far"


def words_of(shown: SweepContents) -> str:
    blocks = specs_of(shown)["report"]["spec"]["blocks"]
    return "\n".join(block["content"] for block in blocks if block["type"] == "markdown-block")


def test_the_report_tells_each_score_with_its_interval_and_n(shown: SweepContents) -> None:
    words = words_of(shown)
    for row in shown.board.rows:
        assert all(cell in words for cell in row[2:4] if cell)  # `0.750 ±0.134`, `0.750 [0.598–0.858] n=40`


def test_the_report_tells_what_was_confirmed(confirmed: SweepContents) -> None:
    assert confirmed.confirmation is not None
    words = words_of(confirmed)
    assert "trial-4" in words
    assert "not distinguishable" in words


def test_the_report_says_what_luck_has_to_do_with_it(shown: SweepContents) -> None:
    # Two complete trials on 40 images; see tests/results/test_selection.py for the numbers.
    assert "of the best value is that it was chosen among 2 trials on the same 40 images" in words_of(shown)


def test_the_report_says_how_the_sweep_was_made(confirmed: SweepContents) -> None:
    code = [block for block in specs_of(confirmed)["report"]["spec"]["blocks"] if block["type"] == "code-block"]
    assert "log_uniform" in json.dumps(code)
    assert "`ferray sweep fake`" in words_of(confirmed)


def test_what_others_have_written_stays_text_in_markdown() -> None:
    assert wording.plain("a|b [x](http://y) <b>") == r"a\|b [x]\(http://y) \<b\>"


def test_the_report_compares_runs(shown: SweepContents) -> None:
    assert '"viewType": "Run Comparer"' in json.dumps(specs_of(shown)["report"]["spec"])
