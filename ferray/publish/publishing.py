"""Showing a sweep as a whole in W&B: its run, its saved view, its report, one step after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ferray.errors import ClusterError
from ferray.publish.contents import SweepContents
from ferray.publish.options import PublishOptions
from ferray.publish.refusals import refusals_named
from ferray.publish.remembered import Remembered, recall, remember
from ferray.publish.saving import Saved, save_report, save_view
from ferray.publish.sweep_run import Mode, SweepRun, write_sweep_run
from ferray.text.counting import counted
from ferray.track.wandb_runs.place import WandbPlace

Save = Callable[..., Saved]


@dataclass(frozen=True)
class Published:
    """Where a sweep is to be seen, "" for what was not made; `left_out` says of each such thing that was asked why."""

    sweep: str
    run: SweepRun
    view: str = ""
    report: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def addresses(self) -> dict[str, str]:
        """What was made and where it is to be seen, in the order in which it was made."""
        at = {"run": self.run.url, "best model": self.run.model, "registry": self.run.registered}
        found = {**at, "saved view": self.view, "report": self.report}
        return {what: address for what, address in found.items() if address}

    def to_json(self) -> dict[str, Any]:
        """Plain containers."""
        return {**asdict(self), "left_out": list(self.left_out)}


def publish(
    shown: SweepContents,
    page: str,
    options: PublishOptions,
    *,
    place: WandbPlace,
    why_offline: str,
    tell: Callable[[str], None],
) -> Published:
    """Write the sweep's run and, online, save its view; also its report where that is asked for or is there already.

    `page` is the HTML of `ferray report`, `why_offline` is "" online; `tell` is given a line before each step. Of what
    W&B does not take, the parts before it stay: ConfigError for a key that it refuses, ClusterError for all else.
    """
    tell(f"writing the sweep's run: {counted(len(shown.tables), 'table')}, the page, the best model")
    with refusals_named("the sweep's run"):
        mode: Mode = "offline" if why_offline else "online"
        run = write_sweep_run(shown, page, place=place, mode=mode, registry=options.registry)
    left_out = _no_model(shown, run)
    if why_offline:
        return Published(shown.name, run, left_out=(*left_out, *_not_offline(why_offline, options)))
    tell("saving the view")
    known = recall(shown.folder, Remembered(shown.identity, run.entity, run.project))
    view = _saved(save_view, shown, run, known.view)
    known = replace(known, view=view.id)
    remember(shown.folder, known)
    published = Published(shown.name, run, view=view.url, left_out=left_out)
    if not options.with_report and not known.report:
        return published
    tell("saving the report")
    report = _saved(save_report, shown, run, known.report)
    remember(shown.folder, replace(known, report=report.id))
    return replace(published, report=report.url)


def _saved(save: Save, shown: SweepContents, run: SweepRun, known_id: str) -> Saved:
    """Saved over what has this id; where W&B has no such thing any more, anew."""
    try:
        return save(shown, entity=run.entity, project=run.project, known_id=known_id)
    except ClusterError:
        if not known_id:
            raise
        return save(shown, entity=run.entity, project=run.project, known_id="")


def _no_model(shown: SweepContents, run: SweepRun) -> tuple[str, ...]:
    """Why no model is there, in one sentence; nothing where there is one."""
    best = shown.board.best
    if run.model:
        return ()
    if best is None:
        return ("no model is uploaded: no trial is complete",)
    why = f"was deleted (`--keep {best.freed}`)" if best.freed else "is not in its folder"
    if best.folds:
        why = "would be one network a fold"
    return (f"no model is uploaded: that of trial {best.number} {why}",)


def _not_offline(why: str, options: PublishOptions) -> list[str]:
    """What is not made where W&B cannot be asked."""
    asked = {
        "the saved view": True,
        "the report": options.with_report,
        "the link to the registry": bool(options.registry),
    }
    return [f"{what} is not made: W&B is offline ({why})" for what, is_asked in asked.items() if is_asked]
