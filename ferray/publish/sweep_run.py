"""The run of a sweep as a whole in W&B: its tables and chart, the page, and its best model as an artifact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import wandb

from ferray.artifacts.sweep import SweepArtifacts
from ferray.publish import contents
from ferray.publish.contents import SweepContents, sweep_summary
from ferray.publish.typed_tables import TypedTable, outcome_series
from ferray.publish.waiting import drop_runs, waiting_runs
from ferray.results.trial_intervals import value_interval
from ferray.study.records import TrialRecord
from ferray.track.wandb_runs.payload import OBJECTIVE, SWEEP_JOB, sweep_run_id
from ferray.track.wandb_runs.place import WandbPlace

INIT_TIMEOUT_S = 120.0  # a server that takes seconds a request is slow, not gone
FINISH_TIMEOUT_S = 120.0  # the model may be large; what has not gone up by then stays on disk
MODEL = "model"  # the type that W&B's registry of models takes
BEST = "best"

Mode = Literal["online", "offline"]


@dataclass(frozen=True)
class SweepRun:
    """Where the run lies; "" for `entity` and `url` offline.

    `model` is the artifact that holds the best model, `registered` where in a registry it is linked, "" for none, and
    `trouble` what the registry said to that.
    """

    entity: str
    project: str
    url: str = ""
    model: str = ""
    registered: str = ""
    trouble: str = ""


def write_sweep_run(shown: SweepContents, page: str, *, place: WandbPlace, mode: Mode, registry: str = "") -> SweepRun:
    """Write the sweep's run over the one that there is; with the best model linked to `registry` where it is named.

    TimeoutError where not all has gone up in FINISH_TIMEOUT_S; what wandb raises otherwise.
    """
    with _opened(shown, place, mode) as run:
        run.log({**_media(shown), contents.PAGE: wandb.Html(page, inject=False, data_is_not_path=True)})
        run.summary.update(sweep_summary(shown.board))
        model = _log_model(run, shown)
        wanted = registry_path(registry, shown.name) if model is not None and registry and mode == "online" else ""
        trouble = _link(run, model, wanted, shown) if wanted else ""
        where = {"entity": run.entity or "", "project": run.project or place.project, "url": run.url or ""}
    waiting = waiting_runs(shown.folder, shown.identity)
    drop_runs(waiting if mode == "online" else waiting[:-1])
    name = f"{_model_name(shown)}:{BEST}" if model is not None else ""
    return SweepRun(**where, model=name, registered="" if trouble else wanted, trouble=trouble)


@contextmanager
def _opened(shown: SweepContents, place: WandbPlace, mode: Mode) -> Iterator[Any]:
    """The run, ended however the block ends."""
    run = wandb.init(
        entity=place.entity or None,
        project=place.project,
        tags=place.tags,
        notes="\n\n".join([*filter(None, [place.notes]), *shown.page.summary, *shown.optimism]),
        group=shown.name,
        job_type=SWEEP_JOB,
        id=sweep_run_id(shown.identity),
        name=f"{shown.name} (sweep)",
        config=_config(shown),
        dir=str(shown.folder),
        mode=mode,
        resume="allow",
        reinit="create_new",
        settings=wandb.Settings(
            silent=True,
            console="off",
            save_code=False,
            init_timeout=INIT_TIMEOUT_S,
            finish_timeout=FINISH_TIMEOUT_S,
            finish_timeout_raises=True,
            x_disable_stats=True,
            x_save_requirements=False,
        ),
    )
    try:
        yield run
    except BaseException:
        run.finish(exit_code=1)
        raise
    run.finish()


def _config(shown: SweepContents) -> dict[str, Any]:
    """What was asked, and by which versions of what; no more of the machine than that."""
    record, page = shown.board.record, shown.page
    objective = {"metric": record.metric, "mode": record.mode, "epoch": record.counts}
    versions = dict(page.environment.versions) if page.environment else {}
    told = {OBJECTIVE: objective, "space": page.space, "versions": versions}
    return {key: value for key, value in told.items() if value}


def _media(shown: SweepContents) -> dict[str, Any]:
    """Every table, and outcomes over time as lines too."""
    media = {key: _table(table) for key, table in shown.tables.items()}
    if contents.OUTCOMES in shown.tables:
        series = _table(outcome_series(shown.tables[contents.OUTCOMES]))
        titles = {"title": contents.OVER_TIME_TITLE}
        media[contents.OVER_TIME] = wandb.plot_table(contents.LINES, series, contents.LINE_FIELDS, titles)
    return media


def _table(table: TypedTable) -> Any:
    rows = [list(row) for row in table.rows]
    return wandb.Table(columns=list(table.columns), data=rows, dtype=list(table.types), optional=True)


def _log_model(run: Any, shown: SweepContents) -> Any:
    """The best trial's checkpoint as an artifact of the run, None where it left none.

    One with the bits of a version that is there becomes no other version, and takes the aliases.
    """
    best = shown.board.best
    if best is None or not best.checkpoint or best.freed:
        return None
    file = SweepArtifacts.of(shown.folder).file(best.checkpoint)
    if not file.exists():
        return None
    model = wandb.Artifact(_model_name(shown), type=MODEL, metadata=_metadata(shown, best))
    local = Path(str(file))
    if local.is_file():  # read where it lies: it is not written again, and a copy would double a large file
        model.add_file(str(local), policy="immutable", skip_cache=True)
    else:
        with file.open() as stored, model.new_file(Path(best.checkpoint).name, mode="wb") as copy:
            copy.write(stored.read())
    return run.log_artifact(model, aliases=_aliases(shown))


def _link(run: Any, model: Any, target: str, shown: SweepContents) -> str:
    """Link the model, and say what went wrong, which leaves all else as it is; "" where nothing did."""
    try:
        run.link_artifact(model, target, aliases=_aliases(shown))
    except Exception as error:  # the client has an exception of its own for each layer that fails
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def _model_name(shown: SweepContents) -> str:
    """The collection of the sweep's best models: no other sweep of the same name has it."""
    return f"{shown.name[:100]}-{sweep_run_id(shown.identity)[:8]}"


def _aliases(shown: SweepContents) -> list[str]:
    best = shown.board.best
    return [BEST, f"trial-{best.number}"] if best is not None else []


def _metadata(shown: SweepContents, best: TrialRecord) -> dict[str, Any]:
    """What a model is worth and what it rests on, for who finds it in a registry."""
    interval = value_interval(best, shown.board.metric)
    return {
        "sweep": shown.name,
        "trial": best.number,
        "recipe": best.recipe,
        "epoch": best.best_epoch,
        "metric": shown.board.metric,
        "value": best.value,
        "interval": list(interval) if interval else None,
        "n_val": best.num_val,
        "classes": list(best.classes),
        "config": best.config,
    }


def registry_path(registry: str, sweep: str) -> str:
    """`wandb-registry-REGISTRY/COLLECTION`, with an organisation before it; the collection is else the sweep's name."""
    *organisation, name, collection = registry.split("/") if "/" in registry else (registry, sweep)
    return "/".join([*organisation, f"wandb-registry-{name.removeprefix('wandb-registry-')}", collection])
