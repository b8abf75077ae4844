"""`--watch`: a sweep followed from its store."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ferray.cli.terminal.picture import picture
from ferray.cli.terminal.standing import Standing
from ferray.cli.terminal.views import LinesView, PictureView, RankingView
from ferray.cli.terminal.watching import Follower, conclude, watch
from ferray.errors import ClusterError
from ferray.results.blinding import num_asked
from ferray.study.history import load_sweep
from ferray.study.records import DriverRecord, SweepRecord, TrialRecord
from ferray.sweeps.driver import SweepDriver
from ferray.testing.command import ferray
from ferray.testing.curves import curve_report, next_job, open_driver, run_curves, saturating, small_spec
from ferray.testing.fake_sweep import sweep_record

DEAD = DriverRecord("node7", 4711, 0.0, is_alive=False)


class Recorder:
    """Keeps what it is shown: trials that have ended, and the epoch of each that runs."""

    def __init__(self) -> None:
        self.shown: list[tuple[list[int], dict[int, int]]] = []
        self.is_closed = False

    def show(self, record: SweepRecord, standing: Standing, ended: list[TrialRecord]) -> None:
        epochs = {number: row.epoch for number, row in standing.running.items()}
        self.shown.append(([trial.number for trial in ended], epochs))

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def driver(tmp_path: Path) -> SweepDriver:
    """Of a sweep of one trial that has just been asked."""
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 1}))
    driver.start(slots=1)
    next_job(driver)
    return driver


def epochs_of(driver: SweepDriver) -> list[Callable[[], object]]:
    """What happens next, one act at each pause: two epochs, the end, the driver leaves."""
    config = driver._trials[0].config
    reports = [curve_report(config, epoch, saturating) for epoch in (1, 2)]
    acts: list[Callable[[], object]] = [lambda report=report: driver.epoch_ended(0, report) for report in reports]
    return [*acts, lambda: driver.ended(0), driver.study.close]


def follow(driver: SweepDriver) -> Recorder:
    view, acts = Recorder(), iter(epochs_of(driver))
    watch(driver.folder, None, view, pause=lambda _: next(acts)())
    return view


def test_a_sweep_is_followed_until_its_driver_leaves(driver: SweepDriver) -> None:
    assert follow(driver).shown == [([], {0: 0}), ([], {0: 1}), ([], {0: 2}), ([0], {}), ([], {})]


def test_the_view_is_closed_at_the_end(driver: SweepDriver) -> None:
    assert follow(driver).is_closed


def test_ctrl_c_closes_the_view(driver: SweepDriver) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    view = Recorder()
    with pytest.raises(KeyboardInterrupt):
        watch(driver.folder, None, view, pause=interrupt)
    assert view.is_closed


def test_trials_that_ended_before_are_told_at_first(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 3}))
    run_curves(driver)
    driver.study.close()
    view = Recorder()
    watch(driver.folder, None, view)
    assert view.shown == [([0, 1, 2], {})]


def test_a_dead_driver_is_said() -> None:
    with pytest.raises(ClusterError, match="the driver of `fake`, process 4711 on node7, has died"):
        conclude(replace(sweep_record(), driver=DEAD), Path("runs/fake"))


def test_a_sweep_that_nobody_drives_says_how_many_are_finished(capsys: pytest.CaptureFixture[str]) -> None:
    conclude(sweep_record(), Path("runs/fake"))
    assert capsys.readouterr().err == (
        "nobody drives `fake`: 5 trials are finished; the command that started it goes on\n"
    )


@pytest.mark.parametrize(("asked", "told"), [(5, "is finished: 5/5"), (9, "5 of 9 trials are finished")])
def test_the_budget_of_the_last_command_tells_whether_it_is_finished(
    asked: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "resolved.json").write_text(json.dumps({"budget": {"trials": asked}}))
    conclude(sweep_record(), tmp_path)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"budget": 3}'])
def test_a_damaged_record_of_the_budget_is_unknown(text: str, tmp_path: Path) -> None:
    (tmp_path / "resolved.json").write_text(text)
    assert num_asked(tmp_path) is None


def follower(trials: int | None = 9) -> Follower:
    return Follower(sweep_record(), trials, now=0.0)


def test_what_had_ended_is_counted_and_the_best_known() -> None:
    followed = follower()
    followed.update(sweep_record(), 0.0)
    standing = followed.standing
    assert (standing.finished, standing.best, sorted(standing.running)) == (5, (4, 0.75), [6])


def test_time_left_is_told_by_the_epochs_that_were_seen() -> None:
    followed, record = follower(trials=6), sweep_record()
    first, second = (replace(record.trials[6], epochs=epochs, epochs_asked=5) for epochs in (1, 2))
    followed.update(replace(record, trials=(*record.trials[:6], first)), 0.0)
    followed.update(replace(record, trials=(*record.trials[:6], second)), 10.0)
    assert followed.standing.seconds_left(10.0) == (5 - 2) * 10.0  # one epoch was seen in ten seconds


def drawn(view: PictureView) -> str:
    followed = follower()
    view.show(sweep_record(), followed.standing, followed.update(sweep_record(), 0.0))
    view.close()
    return "\n".join(view._draw())


def silent(width: int = 80, height: int = 20) -> Console:
    return Console(file=io.StringIO(), width=width, height=height)


def test_what_waits_for_a_worker_neither_runs_nor_has_ended() -> None:
    record = sweep_record()
    waits = replace(record.trials[6], state="waiting", outcome="waiting")
    followed = follower()
    assert followed.update(replace(record, trials=(waits,)), 0.0) == []
    assert (followed.standing.running, followed.standing.waiting) == ({}, 1)


def test_the_picture_says_how_many_wait() -> None:
    followed = follower()
    followed.standing.waiting = 12
    assert "0/9 trials, 0 running, 12 waiting" in ", ".join(picture(followed.standing, 0.0, 80, 20)).replace("  ", ", ")


def test_the_picture_shows_what_runs() -> None:
    lines = drawn(PictureView(lambda _: "", silent())).splitlines()
    assert lines[0].split() == ["trial", "epoch", "best", "val/uar", "parameters"]
    assert lines[1].split()[:3] == ["6", "1/2", "0.500"]


def test_the_ranking_stands_above_what_runs() -> None:
    lines = drawn(RankingView(None, silent(width=120))).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["rank", "trial"],
        ["─" * len(lines[2].split()[0])],
        ["1", "4"],
        ["2", "0"],
        ["trial", "epoch"],
        ["6", "1/2"],
        ["5/9", "trials"],
    ]


@pytest.mark.parametrize("height", [10, 12, 30])
def test_the_ranking_leaves_room_for_what_runs(height: int) -> None:
    record = sweep_record()
    many = tuple(replace(record.trials[4], number=number) for number in range(100, 160))
    record = replace(record, trials=(*record.trials, *many))
    view, followed = RankingView(None, silent(height=height)), follower()
    view.show(record, followed.standing, followed.update(record, 0.0))
    view.close()
    assert len(view._draw()) < height


def test_elsewhere_each_end_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    followed = follower()
    LinesView(lambda trial: "" if trial.number == 2 else f"{trial.number} {trial.outcome}").show(
        sweep_record(), followed.standing, followed.update(sweep_record(), 0.0)
    )
    assert capsys.readouterr().out.splitlines() == [
        "0 completed",
        "1 pruned",
        "3 diverged",
        "4 completed",
        "5 interrupted",
    ]


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    driver = open_driver(tmp_path / "curves", small_spec(budget={"trials": 2}))
    run_curves(driver)
    driver.study.close()
    return tmp_path


def test_trials_watch_of_a_finished_sweep_lists_it_and_ends(finished: Path) -> None:
    ran = ferray("trials", "curves", "--output", finished, "--watch")
    assert (ran.code, ran.out) == (0, ferray("trials", "curves", "--output", finished).out)
    assert "nobody drives `curves`: 2 trials are finished" in ran.err


def test_leaderboard_watch_ends_with_the_leaderboard(finished: Path) -> None:
    ran = ferray("leaderboard", "curves", "--output", finished, "--watch")
    assert ran.code == 0
    assert ran.out.endswith(ferray("leaderboard", "curves", "--output", finished).out)


@pytest.mark.parametrize("args", [["leaderboard", "--json"], ["leaderboard", "--csv"], ["trials", "--json"]])
def test_watch_prints_no_document(finished: Path, args: list[str]) -> None:
    command, document = args
    ran = ferray(command, "curves", "--output", finished, "--watch", document)
    assert (ran.code, f"`--watch` and `{document}` are two choices" in ran.err) == (2, True)


def test_interrupted_trials_are_not_among_the_failed(tmp_path: Path) -> None:
    driver = open_driver(tmp_path / "curves", small_spec())
    driver.start(slots=1)
    next_job(driver)
    driver.interrupt()
    driver.study.close()
    ran = ferray("trials", "curves", "--failed", "--output", tmp_path)
    assert (ran.out, ran.err) == ("", "no trial of `curves` failed or lost its worker\n")
    assert load_sweep(tmp_path / "curves").trials[0].state == "interrupted"
