"""A sweep shown whole by the real client against a stand-in server, and offline."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ferray.apps.publish import publish_at_end, publish_synced
from ferray.config.place import PLACE_NAME
from ferray.publish.options import PublishOptions
from ferray.publish.publishing import Published
from ferray.publish.remembered import PUBLISHED
from ferray.publish.sweep_run import registry_path
from ferray.results.leaderboard import rank
from ferray.results.sweep import Sweep, load
from ferray.testing.command import Ran, ferray
from ferray.testing.notes import Notes
from ferray.testing.recorded_sweep import NAME, run_recorded, spec_of
from ferray.testing.wandb_specs import Named, keys_named
from ferray.testing.wandb_views import ViewsServer
from ferray.track.wandb_runs.payload import sweep_run_id
from ferray.track.wandb_runs.place import WandbPlace

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
RUN_ID = sweep_run_id(f"{NAME}\none")


@contextmanager
def variables(home: Path, **chosen: str) -> Iterator[None]:
    """Those of a user of W&B, and none of this machine's own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        for name, value in {"HOME": str(home), "no_proxy": "127.0.0.1", **chosen}.items():
            patch.setenv(name, value)
        yield


def recorded(folder: Path) -> Sweep:
    """Four trials, of which the best has left a checkpoint; nothing of them is in W&B."""
    folder.mkdir()
    place = {"study": NAME, "identity": "one", "storage": None, "seen": ["", "", 0]}
    (folder / PLACE_NAME).write_text(json.dumps(place))
    run_recorded(folder, spec_of(trials=4, epochs=2), tracked=False)
    sweep = load(folder)
    assert sweep.best is not None
    (folder / sweep.best.record.checkpoint).write_bytes(b"weights")
    return sweep


@dataclass(frozen=True)
class Story:
    """A sweep published offline and then synced; online with a report, plainly, and by a folder without its memory.

    When it ended another time, the server took no views any more.
    """

    sweep: Sweep
    home: Path
    server: ViewsServer
    published: list[Published]
    offline: list[Published]
    waited: list[dict[str, Any]]
    synced: Ran
    lines_at_end: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = tmp_path_factory.mktemp("home")
    sweep = recorded(tmp_path_factory.mktemp("published") / NAME)
    plain, with_report, heard = PublishOptions(), PublishOptions(with_report=True, registry="models"), Notes()
    with ViewsServer() as server:
        with variables(home, WANDB_MODE="offline"):
            offline = [publish_synced(sweep, asked, listener=heard) for asked in (with_report, plain)]
        tables = sweep.folder.glob(f"wandb/offline-run-*-{RUN_ID}/files/media/table/leaderboard_*.json")
        waited = [json.loads(table.read_text()) for table in tables]
        with variables(home, WANDB_BASE_URL=server.url, WANDB_API_KEY=KEY):
            synced = ferray("sync", sweep.folder)
            published = [publish_synced(sweep, asked, listener=heard) for asked in (with_report, plain)]
            (sweep.folder / "wandb" / PUBLISHED).unlink()
            published.append(publish_synced(sweep, PublishOptions(True), listener=heard))
            WandbPlace(entity="somebody", is_online=True).remember(sweep.folder)
            server.saves_left, at_end = 0, Notes()
            publish_at_end(sweep.record, sweep.folder, at_end)
    return Story(sweep, home, server, published, offline, waited, synced, at_end.lines)


def test_published_again_a_sweep_has_one_view_and_one_report(story: Story) -> None:
    assert [len(story.server.of_type(kind)) for kind in ("project-view", "runs")] == [1, 1]


def test_a_report_that_is_there_is_brought_up_to_date_unasked(story: Story) -> None:
    assert len({one.report for one in story.published}) == 1


def test_a_sweep_has_one_run_beside_those_of_its_trials(story: Story) -> None:
    runs = story.server.record.runs
    assert sorted(run["jobType"] for run in runs.values()) == ["sweep", "trial", "trial", "trial", "trial"]
    assert {run["groupName"] for run in runs.values()} == {NAME}
    assert runs[RUN_ID]["jobType"] == "sweep"


def table_of(server: ViewsServer, key: str) -> dict[str, Any]:
    """The table that the summary of the sweep's run holds under this key, as it was uploaded."""
    name = server.record.summaries[RUN_ID][key]["path"]
    found: dict[str, Any] = json.loads(server.uploads[f"{RUN_ID}/{name}"])
    return found


def flat(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the leaderboard's JSON under the names of the table's columns, nothing for what is null."""
    told = {name: value for name, value in entry.items() if name not in ("params", "metrics", *INTERVALS)}
    told |= {f"params.{name}": value for name, value in entry["params"].items()}
    told |= {f"metrics.{name}": value for name, value in entry["metrics"].items()}
    ends = {f"{name}.{end}": entry[name] and entry[name][at] for name in INTERVALS for at, end in enumerate(ENDS)}
    return {
        name: value
        for name, value in {**told, **ends, "folds": json.dumps(entry["folds"])}.items()
        if value is not None
    }


INTERVALS, ENDS = ("interval", "value_interval"), ("low", "high")


def rows_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    named = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    return [{name: value for name, value in row.items() if value is not None} for row in named]


def test_the_sweeps_table_is_the_leaderboard_row_by_row_as_it_was_sent(story: Story) -> None:
    entries = rank(story.sweep.record).to_json()["trials"]
    assert rows_of(table_of(story.server, "leaderboard")) == list(map(flat, entries))


def test_the_sweeps_table_is_the_leaderboard_row_by_row_in_offline_files(story: Story) -> None:
    entries = rank(story.sweep.record).to_json()["trials"]
    assert rows_of(story.waited[0]) == list(map(flat, entries))


def keys_on_the_wire(server: ViewsServer) -> set[Named]:
    """Every key that some run has sent."""
    named: set[Named] = {("run", name) for name in ("group", "jobType", "displayName", "name", "createdAt")}
    for run in server.record.runs:
        named |= {("config", key) for key in server.record.config(run)}
        named |= {("summary", key) for key in server.record.summaries.get(run, {})}
        named |= {("history", key) for row in server.record.rows[run] for key in row}
    return named


def test_what_the_view_and_the_report_name_was_sent_by_some_run(story: Story) -> None:
    named = {key for view in story.server.views.values() for key in keys_named(json.loads(view["spec"]))}
    assert named <= keys_on_the_wire(story.server)
    assert named >= {("config", "p/optimizer/lr"), ("summary", "rank"), ("history", "val/uar")}


def test_trials_have_their_ranks_and_the_best_its_tag(story: Story) -> None:
    server = story.server.record
    ranks = sorted(summary["rank"] for summary in server.summaries.values() if "rank" in summary)
    assert ranks == list(range(1, len(rank(story.sweep.record).complete) + 1))
    tagged = [run for run, sent in server.runs.items() if "best" in (sent.get("tags") or ())]
    assert [server.summaries[run]["rank"] for run in tagged] == [1]


def test_the_best_model_is_an_artifact_with_its_aliases(story: Story) -> None:
    sent = next(sent for name, sent in story.server.artifacts.items() if name.startswith(f"{NAME}-"))
    assert story.sweep.best is not None
    aliases = {"best", "latest", f"trial-{story.sweep.best.number}"}
    assert {alias["alias"] for alias in sent[0]["aliases"]} == aliases


def test_the_best_model_is_linked_to_the_registry_that_was_named_once(story: Story) -> None:
    (link,) = story.server.links
    assert {one.run.model for one in story.published} == {f"{NAME}-{RUN_ID[:8]}:best"}
    assert [one.run.trouble for one in story.published] == ["", "", ""]
    assert (link["projectName"], link["artifactPortfolioName"]) == ("wandb-registry-models", NAME)
    assert {alias["alias"] for alias in link["aliases"]} >= {"best"}


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("models", "wandb-registry-models/sfew"),
        ("wandb-registry-models", "wandb-registry-models/sfew"),
        ("models/faces", "wandb-registry-models/faces"),
        ("lab/models/faces", "lab/wandb-registry-models/faces"),
    ],
)
def test_a_registry_may_be_named_shortly(named: str, path: str) -> None:
    assert registry_path(named, "sfew") == path


def test_the_page_is_uploaded_whole(story: Story) -> None:
    pages = [content for name, content in story.server.uploads.items() if name.endswith(".html")]
    assert pages
    assert all(b"</html>" in page for page in pages)


def test_the_folder_remembers_what_is_saved(story: Story) -> None:
    kept = json.loads((story.sweep.folder / "wandb" / PUBLISHED).read_text())
    assert {kept["view"], kept["report"]} == set(story.server.views)


def test_what_w_and_b_refuses_at_the_end_of_a_sweep_is_told_and_fails_nothing(story: Story) -> None:
    first, *_, last = story.lines_at_end
    assert first.startswith(f"publishing `{NAME}` to W&B")
    assert last.startswith("warning: the sweep is not shown as a whole in W&B: W&B did not take the saved view")
    assert "wandb publish" in last


def test_it_is_said_why_there_is_no_model(story: Story, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(story.sweep.folder, tmp_path / NAME))
    assert story.sweep.best is not None
    (folder / story.sweep.best.record.checkpoint).unlink()
    with variables(story.home, WANDB_MODE="offline"):
        ran = ferray("wandb", "publish", folder)
    assert f"no model is uploaded: that of trial {story.sweep.best.number} is not in its folder" in ran.err
    assert "sync" in ran.err.splitlines()[-1]


def test_offline_it_is_said_what_was_not_made(story: Story) -> None:
    asked, plain = story.offline
    why = "is not made: W&B is offline (as asked)"
    assert asked.left_out == (f"the saved view {why}", f"the report {why}", f"the link to the registry {why}")
    assert plain.left_out == (f"the saved view {why}",)


def test_offline_the_sweeps_run_waits_in_the_folder_once(story: Story) -> None:
    assert len(story.waited) == 1


def test_what_waited_is_published_by_a_sync_and_waits_no_more(story: Story) -> None:
    assert story.synced.code == 0, story.synced.err
    assert f"the run of the sweep itself was waiting in its folder: {story.server.url}" in story.synced.err
    assert list(story.sweep.folder.glob(f"wandb/offline-run-*-{RUN_ID}")) == []


def test_nothing_is_written_outside_the_sweeps_folder(story: Story) -> None:
    assert list(story.home.rglob("*")) == []
