"""Weights & Biases, from the driver: one run a trial, written on a thread of its own so that the sweep never waits."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from ferray.config.place import words_for
from ferray.errors import ConfigError, FerrayError
from ferray.events import EpochReport, OutcomeKind, SweepStarted, TrialEnded, TrialStarted
from ferray.system.network import status_of
from ferray.text.commands import command
from ferray.text.sanitize import visible
from ferray.track import Tracker
from ferray.track._wandb_files import files_kept_in, found_where_written, remember_place
from ferray.track._wandb_upload import mark_unsent, runs_to_send, send
from ferray.track.wandb_runs.payload import (
    DEFAULT_PROJECT,
    FORMER_SUMMARY_KEYS,
    MESSAGE,
    OUTCOME,
    REMOVED_COLUMNS,
    RUNNING,
    SCORE,
    SCORE_SO_FAR,
    TRIAL_JOB,
    Standing,
    config_of,
    confusion_rows,
    epoch_row,
    fixed_tags,
    histograms,
    notes_of,
    removed_rows,
    run_id,
    run_name,
    summary_of,
    tags_with,
)

CLOSE_TIMEOUT_S = 30.0
FINISH_TIMEOUT_S = 10.0  # what is not sent by then stays on disk for `ferray sync`
INIT_TIMEOUT_S = 20.0
DISK_REFUSES = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)

Event = TrialStarted | tuple[int, EpochReport] | TrialEnded


class Voice:
    """Speaks to the user once: the first trouble says how to upload later, and what follows from it is no news.

    Never where `WANDB_SILENT` is `true`, as wandb itself.
    """

    def __init__(self) -> None:
        self.has_spoken = os.environ.get("WANDB_SILENT", "").lower() == "true"

    def say(self, text: str) -> None:
        """One line on stderr, unless there was one before."""
        if not self.has_spoken:
            self.has_spoken = True
            print(visible(f"W&B: {text}"), file=sys.stderr, flush=True)


class Wandb(Tracker):
    """Weights & Biases: one run a trial, grouped by sweep, offline where there is no key or no network.

    The driver's thread only puts events into a queue. When writing fails, the next event raises FerrayError there.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._files = ExitStack()
        self._files.enter_context(files_kept_in(folder))
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._failure: Exception | None = None
        self._voice = Voice()

    def sweep_started(self, sweep: SweepStarted) -> None:
        # A daemon, so that a second Ctrl-C ends the process whatever wandb is waiting for.
        self._thread = Thread(target=self._write, args=(sweep,), name="ferray-wandb", daemon=True)
        self._thread.start()

    def trial_started(self, trial: TrialStarted) -> None:
        self._send(trial)

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self._send((number, report))

    def trial_ended(self, trial: TrialEnded) -> None:
        self._send(trial)

    def close(self) -> None:
        """Write what is left, within CLOSE_TIMEOUT_S; FerrayError when writing failed and nobody has heard yet."""
        thread, self._thread = self._thread, None
        with self._files:
            if thread is not None:
                self._wait_for(thread)

    def _wait_for(self, thread: Thread) -> None:
        self._events.put(None)
        thread.join(CLOSE_TIMEOUT_S)
        if thread.is_alive():
            mark_unsent(self.folder)
            advice = _sync_advice(self.folder)
            self._voice.say(f"still busy after {CLOSE_TIMEOUT_S:.0f} s, going on without it; {advice}")
        self._raise_failure()

    def _send(self, event: Event) -> None:
        self._raise_failure()
        if self._thread is not None and self._thread.is_alive():
            self._events.put(event)

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            reason = str(failure) or type(failure).__name__
            raise FerrayError(f"W&B cannot be written: {reason}", "the leaderboard does not need it") from failure

    def _write(self, sweep: SweepStarted) -> None:
        """The thread: decide where to write, then one event after the other until None."""
        import wandb

        try:
            mode = choose_mode(wandb, self.folder, self._voice)
            if mode == "disabled":
                return
            runs = Runs(wandb, sweep, self.folder, mode, self._voice)
            while (event := self._events.get()) is not None:
                runs.handle(event)
            runs.abandon()
        except Exception as error:  # told on the driver's thread, where it can be acted on
            self._failure = error
        finally:
            _leave(wandb)


def _leave(wandb: Any) -> None:
    """End wandb's service now: at the end of the process it would wait for ever, or print why it was killed."""
    with suppress(Exception):
        wandb.teardown()


def choose_mode(wandb: Any, folder: Path, voice: Voice) -> str:
    """`online`, `offline` or `disabled`, said once on stderr; within seconds, whatever the network does.

    What the user set (`WANDB_MODE`, `wandb offline`) counts first; then a key has to be there and the host to answer.
    """
    settings = wandb.setup(wandb.Settings(silent=True)).settings
    if settings.mode == "disabled":
        return "disabled"
    reason = why_offline(wandb, settings)
    if reason:
        voice.say(f"offline ({reason}); {_sync_advice(folder)}")
    return "offline" if reason else "online"


def why_offline(wandb: Any, settings: Any) -> str:
    """Why nothing can be asked of W&B's server, in words; "" where it can."""
    if settings.mode in ("offline", "dryrun"):
        return "as asked"
    try:
        if not wandb.login(prompt=False, verify=False):
            return "no API key"
    except wandb.Error:
        return "the API key is malformed"
    # Whatever it answers: what it thinks of the request is for wandb to sort out.
    return "" if status_of(settings.base_url) is not None else "no network"


def _sync_advice(folder: Path) -> str:
    return f"to upload later: `{command('sync', *words_for(folder))}`"


def upload(folder: Path, tell: Callable[[str], None]) -> int:
    """Send what W&B has not received of the sweep in `folder`, and say how many runs that were.

    `tell` is given a line for each. ConfigError without a key that is taken or a server that answers, ClusterError
    where some run did not arrive.
    """
    runs = runs_to_send(folder)
    if not runs:
        return 0
    with files_kept_in(folder), found_where_written(folder) as lost:
        import wandb

        address = wandb.setup(wandb.Settings(silent=True)).settings.base_url
        if status_of(address) is None:  # wandb itself would try for hours
            raise ConfigError(f"the W&B server `{address}` does not answer", "run this again where there is a network")
        tell(f"uploading {len(runs)} runs to {address}")
        for place in lost:
            tell(f"warning: tables of runs that were written in `{place}` may not arrive, figures do")
        send(runs, folder, tell)
    return len(runs)


def last_epoch(file: Path) -> int:
    """The epoch that a run's file names, 0 where it names none."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


@dataclass
class OpenRun:
    """A run that is being written, and the removed samples it has to table at its end.

    `seen` keeps the last epoch written, in a file: a trial that goes on in another process tells its epochs again.
    """

    run: Any
    seen: Path
    removed: list[list[Any]] = field(default_factory=list)


class Runs:
    """The open runs. Lives on the writing thread, the only one that touches wandb."""

    def __init__(self, wandb: Any, sweep: SweepStarted, folder: Path, mode: str, voice: Voice) -> None:
        self._wandb = wandb
        self._voice = voice
        self._sweep = sweep
        self._folder = folder
        self._mode = mode
        self._open: dict[int, OpenRun] = {}
        (folder / "wandb").mkdir(parents=True, exist_ok=True)  # or wandb goes elsewhere without a word
        remember_place(folder)
        self._tables_accepted = True

    def handle(self, event: Event) -> None:
        """Write one event; those of a trial that was never announced are left out."""
        if isinstance(event, TrialStarted):
            run = self._start(event)
            self._open[event.number] = OpenRun(run, self._folder / "wandb" / f"{run.id}.epoch")
        elif isinstance(event, TrialEnded):
            if event.number in self._open:
                self._end(self._open.pop(event.number), event)
        elif event[0] in self._open:
            self._log(self._open[event[0]], event[1])

    def abandon(self) -> None:
        """Close the runs of trials that never ended: the sweep was stopped."""
        while self._open:
            _, opened = self._open.popitem()
            self._finish(opened.run, OutcomeKind.INTERRUPTED, exit_code=1)

    def _start(self, trial: TrialStarted) -> Any:
        try:
            run = self._init(trial)
        except self._wandb.Error as error:
            if self._mode == "offline":
                raise
            # A key that is refused or a host that stops answering must not cost the record.
            self._mode = "offline"
            self._voice.say(f"offline ({type(error).__name__}); {_sync_advice(self._folder)}")
            # wandb's service still holds the id that could not be started.
            run = self._init(trial, suffix="-offline")
        # wandb's own step is the number of log calls, and starts over when a run goes on.
        run.define_metric("*", step_metric="epoch")
        run.define_metric(self._sweep.metric, step_metric="epoch", summary=self._sweep.mode)
        run.name, run.notes = run_name(self._sweep.name, trial), notes_of(self._sweep, trial)
        run.config.update(config_of(self._sweep, trial), allow_val_change=True)
        self._forget_former_end(run)
        return run

    def _forget_former_end(self, run: Any) -> None:
        """Take out of a run that goes on what was said of its end."""
        for key in (MESSAGE, SCORE, SCORE_SO_FAR, *FORMER_SUMMARY_KEYS):
            if key in run.summary.keys():  # noqa: SIM118 (a summary is no mapping)
                del run.summary[key]
        run.summary[OUTCOME] = RUNNING

    def _init(self, trial: TrialStarted, suffix: str = "") -> Any:
        return self._wandb.init(
            project=os.environ.get("WANDB_PROJECT") or DEFAULT_PROJECT,
            group=self._sweep.name,
            job_type=TRIAL_JOB,
            id=run_id(self._sweep.identity, trial.root) + suffix,
            name=run_name(self._sweep.name, trial),
            notes=notes_of(self._sweep, trial),
            tags=tags_with(fixed_tags(trial), outcome=RUNNING, standing=Standing()),
            config=config_of(self._sweep, trial),
            dir=str(self._folder),
            mode=self._mode,
            resume="allow",
            reinit="create_new",
            settings=self._settings(),
        )

    def _settings(self) -> Any:
        wandb = self._wandb
        return wandb.Settings(
            silent=True,
            console="off",
            save_code=False,
            init_timeout=INIT_TIMEOUT_S,
            finish_timeout=FINISH_TIMEOUT_S,
            # The driver's own load and package list say nothing of a trial that runs elsewhere.
            x_disable_stats=True,
            x_save_requirements=False,
        )

    def _log(self, opened: OpenRun, report: EpochReport) -> None:
        opened.removed += removed_rows(report)
        if report.epoch <= last_epoch(opened.seen):
            return
        media = {
            name: self._wandb.Histogram(np_histogram=(list(counts), list(edges)))
            for name, (counts, edges) in histograms(report.outliers).items()
        }
        opened.run.log({**epoch_row(report), **media})
        opened.seen.write_text(str(report.epoch))

    def _end(self, opened: OpenRun, trial: TrialEnded) -> None:
        opened.run.summary.update(summary_of(trial.entry, Standing()))
        if trial.last is not None:
            self._log_tables(opened, trial, epoch=trial.last.epoch)
        failed = trial.outcome.kind in (OutcomeKind.FAILED, OutcomeKind.INTERRUPTED)
        self._finish(opened.run, trial.outcome.kind, exit_code=int(failed))

    def _log_tables(self, opened: OpenRun, trial: TrialEnded, epoch: int) -> None:
        if not self._tables_accepted:
            return
        try:
            opened.run.log({"epoch": epoch, **self._final_media(opened, trial)})
        except Exception as error:  # figures matter more than tables, so the runs go on without
            if isinstance(error, OSError) and error.errno in DISK_REFUSES:
                raise  # nor can figures be kept
            # Tables are artifacts: unlike figures, which wait to be sent, they make wandb ask its server at once.
            self._tables_accepted = False
            kind = type(error).__name__
            mark_unsent(self._folder)
            self._voice.say(f"no tables from here on ({kind}), figures go on; {_sync_advice(self._folder)}")

    def _final_media(self, opened: OpenRun, trial: TrialEnded) -> dict[str, Any]:
        wandb, media = self._wandb, {}
        if trial.best is not None:
            columns = ["Actual", "Predicted", "nPredictions"]
            table = wandb.Table(columns=columns, data=confusion_rows(trial.best))
            fields = {name: name for name in columns}
            media["best/confusion"] = wandb.plot_table("wandb/confusion_matrix/v1", table, fields, {"title": ""})
        if opened.removed:
            media["outliers/removed"] = wandb.Table(columns=REMOVED_COLUMNS, data=opened.removed)
        return media

    def _finish(self, run: Any, outcome: OutcomeKind, exit_code: int) -> None:
        run.summary[OUTCOME] = str(outcome)
        run.tags = tags_with(run.tags or (), outcome=str(outcome), standing=Standing())
        run.finish(exit_code=exit_code)
