"""A sweep shown whole by the real client, against a stand-in server, and offline; in processes of their own.

wandb keeps its settings for as long as a process lives.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ferray.publish.remembered import PUBLISHED
from ferray.results.leaderboard import rank
from ferray.testing.fake_sweep import TRIALS, sweep_record, trial_record
from ferray.testing.wandb_specs import Named, keys_named
from ferray.testing.wandb_views import ViewsServer
from ferray.track.wandb_runs.payload import sweep_run_id

KEY = "5ec2e7" + "0123456789abcdef" * 2 + "ab"
BEST = trial_record(TRIALS[4])
PLAY = """
import json, sys
from pathlib import Path
from ferray.apps.publish import PublishOptions, publish_at_end, publish_sweep
from ferray.events import Listener
from ferray.results.sweep import Sweep
from ferray.testing.fake_sweep import sweep_record
from ferray.testing.trackers import play
from ferray.track.wandb import Wandb
folder = Path(sys.argv[1])
class Ear(Listener):
    lines = []
    def noted(self, line): self.lines.append(line)
if "play" in sys.argv:
    tracker = Wandb(folder)
    play(tracker)
    tracker.close()
for act in [word for word in sys.argv[2:] if word != "play"]:
    if act == "forget":
        (folder / "wandb" / "published.json").unlink()
    elif act == "end":
        publish_at_end(sweep_record(), folder, Ear())
        print(json.dumps(Ear.lines))
    else:
        print(json.dumps(publish_sweep(Sweep(sweep_record(), folder), PublishOptions(act == "report")).to_json()))
"""


@dataclass(frozen=True)
class Kept:
    """What each publication returned, and the sweep's folder."""

    published: list[dict[str, Any]]
    folder: Path


@dataclass(frozen=True)
class Played(Kept):
    """With the server as it was left, and what the end of the sweep has told."""

    server: ViewsServer
    lines_at_end: list[str]


def play(folder: Path, *acts: str, **environment: str) -> list[dict[str, Any]]:
    """Act by act: `play` has the trials written by the tracker, `report` and `run` publish, `forget` loses the ids.

    `end` is the end of a sweep; it gives the lines that are told.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-c", PLAY, str(folder), *acts]
    done = subprocess.run(
        command,
        env={**kept, "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def identity_of(folder: Path) -> str:
    return f"fake\n{folder}"


def sweep_folder(folder: Path) -> Path:
    """The fake sweep's own, whose best trial has left a checkpoint."""
    from tests.publish.conftest import write_histories

    write_histories(folder)
    (folder / BEST.checkpoint).write_bytes(b"weights")
    place = {"study": "fake", "identity": str(folder), "storage": None, "seen": ["", "", 0]}
    (folder / "place.json").write_text(json.dumps(place))
    return folder


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Trials written online; then published with a report, plainly, and once more by a folder without its memory.

    When the sweep ends the server takes no views any more.
    """
    folder = sweep_folder(tmp_path_factory.mktemp("online"))
    with ViewsServer(most_saves=6) as server:
        acts = ("play", "report", "run", "forget", "report", "end")
        *published, lines = play(folder, *acts, WANDB_BASE_URL=server.url, WANDB_API_KEY=KEY)
        yield Played(published, folder, server, lines)


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = sweep_folder(tmp_path_factory.mktemp("offline"))
    return Kept(play(folder, "report", "run", WANDB_MODE="offline"), folder)


def test_published_again_a_sweep_has_one_view_and_one_report(online: Played) -> None:
    assert [len(online.server.of_type(kind)) for kind in ("project-view", "runs")] == [1, 1]


def test_a_report_that_is_there_is_brought_up_to_date_unasked(online: Played) -> None:
    assert len({one["report"] for one in online.published}) == 1


def test_a_sweep_has_one_run_beside_those_of_its_trials(online: Played) -> None:
    runs = online.server.record.runs
    assert [run["jobType"] for run in runs.values()].count("sweep") == 1
    assert runs[sweep_run_id(identity_of(online.folder))]["groupName"] == "fake"


def table_of(server: ViewsServer, run: str, key: str) -> dict[str, Any]:
    """The table that the run's summary holds under this key, as it was uploaded."""
    name = server.record.summaries[run][key]["path"]
    found: dict[str, Any] = json.loads(server.uploads[f"{run}/{name}"])
    return found


def test_the_sweeps_table_is_the_leaderboard_row_by_row(online: Played) -> None:
    table = table_of(online.server, sweep_run_id(identity_of(online.folder)), "leaderboard")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    entries = rank(sweep_record()).to_json()["trials"]
    for row, entry in zip(rows, entries, strict=True):
        low, high = entry["value_interval"] or (None, None)
        told = {**entry, "value_interval.low": low, "value_interval.high": high}
        told |= {f"params.{name}": value for name, value in entry["params"].items()}
        told |= {f"metrics.{name}": value for name, value in entry["metrics"].items()}
        shared = row.keys() & told.keys() - {"folds"}
        assert {name: row[name] for name in shared} == {name: told[name] for name in shared}
        assert len(shared) > 20


def keys_on_the_wire(server: ViewsServer) -> set[Named]:
    """Every key that some run has sent."""
    named: set[Named] = {("run", name) for name in ("group", "jobType", "displayName", "name", "createdAt")}
    for run, sent in server.record.runs.items():
        named |= {("config", key) for key in json.loads(sent.get("config") or "{}")}
        named |= {("summary", key) for key in server.record.summaries.get(run, {})}
        named |= {("history", key) for row in server.record.rows[run] for key in row}
    return named


def test_what_the_view_and_the_report_name_was_sent_by_some_run(online: Played) -> None:
    named = {key for view in online.server.views.values() for key in keys_named(json.loads(view["spec"]))}
    assert named <= keys_on_the_wire(online.server)
    assert ("config", "p/optimizer/lr") in named


def test_the_best_model_is_an_artifact_with_its_aliases(online: Played) -> None:
    (sent, *_) = next(sent for name, sent in online.server.artifacts.items() if name.startswith("fake-"))
    assert sorted(alias["alias"] for alias in sent["aliases"]) == ["best", "latest", "trial-4"]


def test_the_page_is_uploaded_whole(online: Played) -> None:
    pages = [content for name, content in online.server.uploads.items() if name.endswith(".html")]
    assert pages
    assert all(b"</html>" in page for page in pages)


def test_the_folder_remembers_what_is_saved(online: Played) -> None:
    kept = json.loads((online.folder / "wandb" / PUBLISHED).read_text())
    assert {kept["view"], kept["report"]} == set(online.server.views)


def test_what_w_and_b_refuses_at_the_end_of_a_sweep_is_told_and_fails_nothing(online: Played) -> None:
    first, *_, last = online.lines_at_end
    assert first.startswith("publishing `fake` to W&B")
    assert last.startswith("warning: the sweep is not shown as a whole in W&B: W&B did not take the saved view")
    assert "wandb publish" in last


def test_offline_the_sweeps_run_waits_in_the_folder_once(offline: Kept) -> None:
    assert len(list(offline.folder.glob(f"wandb/offline-run-*-{sweep_run_id(identity_of(offline.folder))}"))) == 1


def test_offline_it_is_said_what_was_not_made(offline: Kept) -> None:
    asked, plain = offline.published
    view, report = (
        "the saved view is not made: W&B is offline (as asked)",
        "the report is not made: W&B is offline (as asked)",
    )
    assert (asked["left_out"], plain["left_out"]) == ([view, report], [view])


def test_nothing_is_written_outside_the_sweeps_folder(offline: Kept) -> None:
    assert list((offline.folder.parent / "home").rglob("*")) == []
