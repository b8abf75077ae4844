"""`run_sweep`: open or continue a sweep's folder, run it to its end, and say what the store holds then."""

from __future__ import annotations

import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ferray.artifacts.sweep import SweepArtifacts
from ferray.config.entry import Entry
from ferray.config.exclusion import find_exclusion, kept_list
from ferray.config.keep import keep_words
from ferray.config.output_address import sweep_address
from ferray.config.parameter_sets import ParameterSet
from ferray.config.place import (
    JOURNAL_NAME,
    PLACE_NAME,
    RESOLVED_NAME,
    SPACE_NAME,
    Place,
    place_at_start,
    read_place,
    unused,
)
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.config.urls import without_password
from ferray.errors import ClusterError, ConfigError, DataError, ResumeMismatch, SweepFailed
from ferray.events import Listener
from ferray.files.atomic import json_document, write_text
from ferray.files.os_errors import writing
from ferray.files.read import read_json
from ferray.registry import ROOMS
from ferray.results.blinding import already_read
from ferray.study.claim import mark
from ferray.study.data_identity import keep_data
from ferray.study.database import database_errors_named
from ferray.study.found import found_in
from ferray.study.history import read_sweep
from ferray.study.initial_design import initial_sets
from ferray.study.load import open_study
from ferray.study.records import DataIdentity, SweepRecord
from ferray.study.store import open_store
from ferray.study.study import Study
from ferray.sweeps.driver import SweepDriver
from ferray.sweeps.driver_lock import CHOOSE, one_of_drivers, only_driver
from ferray.sweeps.earlier_sweep import TakenOver
from ferray.sweeps.gpu_sharing import GpuSharing
from ferray.sweeps.launcher import Launcher
from ferray.sweeps.loop import run_trials
from ferray.sweeps.mirroring import record_mirrored
from ferray.sweeps.notification import Listeners
from ferray.system.cores import num_cores
from ferray.system.packages import installed_version
from ferray.text.commands import this_command
from ferray.text.counting import counted

MOST_COMMANDS = 20  # that a sweep was gone on with
_PACKAGES = ("ferray", "ray", "torch", "torchvision", "timm", "albumentations", "optuna", "wandb", "numpy")


def run_sweep(
    spec: SweepSpec,
    runtime: Runtime,
    *,
    text: str = "",
    fresh: bool = False,
    entry: Entry = Entry.ALONE,
    listeners: Sequence[Listener] = (),
    data: Sequence[DataIdentity] = (),
    first: Sequence[ParameterSet] = (),
    first_file: str = "",
    like: TakenOver | None = None,
    sharing: GpuSharing | None = None,
    launcher: Launcher | None = None,
) -> SweepRecord:
    """Run the sweep in `runtime.output / spec.name` until its budget is spent, continuing what is there.

    `text` is the space as written, kept beside the results; `fresh` puts an earlier sweep aside under another name;
    `entry` says whether it may be driven by others, or whether their place is taken.
    `listeners` watch beside the runtime's trackers; `data` is what trials are judged on, as the check found it; `first`
    are parameters to ask before the sampler is, each once however often the sweep is continued, from a file called
    `first_file` where there is one; `like` is what is taken over from an earlier sweep, once as well; `sharing` is what
    trials have of a GPU. Raises SweepFailed when nothing completed, ConfigError when another process runs the same
    sweep or where finished trials were judged on other images, and KeyboardInterrupt after everything has been written.
    """
    folder = (runtime.output / spec.name).absolute()
    if fresh:
        put_aside(folder, runtime.storage)
    locked = one_of_drivers if with_store(runtime, folder).storage else only_driver
    with locked(folder), record_mirrored(folder) as mirroring, database_errors_named():
        runtime = with_store(runtime, folder)
        place = place_at_start(read_place(folder), runtime)
        store = open_store(folder, runtime.storage)
        with _writing(folder):
            SweepArtifacts(place.artifacts or str(folder)).make()
        tell = partial(Listeners(list(listeners)).notify, "noted")
        opened = open_study(spec, store, place, data, entry=entry, tell=tell)
        with closing(opened.study) as study, closing(Listeners(list(listeners))) as all_listeners:
            with study.turn():
                place = _begun_meanwhile(opened.place, runtime) if entry is Entry.JOIN else opened.place
                mark(store, place, entry)
                keep_data(store, place.study, data)
                _write_facts(place, spec, text)
            invite_trackers(all_listeners, runtime, folder)
            former = read_sweep(store, place.study)
            found = found_in(former)
            driver = SweepDriver(spec, runtime, study, folder, all_listeners, found=found, identity=place.identity)
            driver.sharing, driver.mirroring = sharing, mirroring
            if mirroring is not None:
                mirroring.begin()
            num_freed = driver.retention.begin(former)
            for line in (
                *_notes(driver, former, opened.changed, num_freed),
                *_asked_first(study, first, like, former, file=first_file),
            ):
                driver.note(line)
            if not driver.is_done:
                run_trials(driver, launcher or ROOMS["launcher"].load(runtime.launcher)(runtime))
        record = replace(read_sweep(store, place.study), name=spec.name, words=place.words, driver=study.left_to)
    return _ended(driver, record)


def _ended(driver: SweepDriver, record: SweepRecord) -> SweepRecord:
    """The record of what has ended here, once it is said why; SweepFailed where it gave up or nothing completed."""
    if driver.failures.is_over:
        raise driver.failures.error(record.command("trials --failed"))
    if driver.time_is_up():
        driver.listeners.tell_user(_when_time_was_up(driver.spec, driver.study.num_finished, record))
    return _something(record, driver.folder)


def _begun_meanwhile(place: Place, runtime: Runtime) -> Place:
    """The place as another driver has written it that began in the same folder at the same moment."""
    now = read_place(place.folder)
    return place_at_start(now, runtime) if now.is_known and now.identity != place.identity else place


def invite_trackers(all_listeners: Listeners, runtime: Runtime, folder: Path) -> None:
    """Have the runtime's trackers hear of the sweep in `folder`."""
    for name in runtime.trackers:
        tracker: Callable[[Path], Listener] = ROOMS["tracker"].load(name)
        all_listeners.invite(name, partial(tracker, folder))


def _notes(driver: SweepDriver, former: SweepRecord, changed: Sequence[str], num_freed: int) -> Iterator[str]:
    """What is told of a sweep that goes on: what there is of it, what has `changed`, what was looked at already."""
    if driver.found.finished or driver.found.again or driver.found.waiting:
        yield f"going on with {driver.study.called}: {driver.found}"
    yield from changed
    if num_freed:
        of = counted(num_freed, "trial")
        yield f"the checkpoints of {of} are deleted (`--keep {keep_words(driver.runtime.keep_best)}`)"
    if driver.num_left:
        for read in already_read(former, driver.folder):
            yield f"{read}: no choice among the trials to come is blind"


def _asked_first(
    study: Study, first: Sequence[ParameterSet], like: TakenOver | None, former: SweepRecord, *, file: str
) -> Iterator[str]:
    """Have the study ask what the user gave and what an earlier sweep had, and say what of that is new.

    A new study that nobody gives anything begins with the middle of its space.
    """
    if num_first := study.enqueue(first, file=file):
        yield f"{counted(num_first, 'set of parameters is', 'sets of parameters are')} asked first"
    if like is not None and study.learn_from(like.knowledge):
        yield like.line
    if not former.trials and not first and like is None and study.enqueue(initial_sets(study.spec)):
        yield "the first trial is the middle of the space"


def with_store(runtime: Runtime, folder: Path) -> Runtime:
    """The runtime with the store that the folder's sweep is kept in; ConfigError where another is asked for."""
    former = read_place(folder)
    journal = folder / JOURNAL_NAME
    url = runtime.storage or former.storage
    if url is not None and journal.is_file() and journal.stat().st_size:
        message = f"`{folder}` keeps its record in `{JOURNAL_NAME}`, not in `{without_password(url)}`"
        raise ResumeMismatch(message, "leave `--storage` out, or give this sweep a `--name` of its own")
    if url is None and former.is_known and not journal.is_file():
        message = f"`{folder}` is the folder of a sweep, and holds no `{JOURNAL_NAME}`"
        raise ResumeMismatch(message, "pass the `--storage` that its record is in, or start anew with `--fresh`")
    return runtime.model_copy(update={"storage": url})


def put_aside(folder: Path, storage: str | None) -> None:
    """Move an earlier sweep out of the way, under its name and the time; ConfigError while somebody runs it."""
    refuse_putting_aside(folder, storage)
    if not folder.exists():
        return
    with only_driver(folder):
        folder.rename(unused(folder.with_name(f"{folder.name}.{time.strftime('%Y%m%d-%H%M%S')}")))


def refuse_putting_aside(folder: Path, storage: str | None) -> None:
    """ConfigError where the sweep is kept in a database or at an address, which nothing is moved out of."""
    if (address := sweep_address(folder)) is not None and read_place(folder).is_known:
        raise ConfigError(f"`--fresh` cannot move a sweep out of `{address}`", "start anew under another `--name`")
    if storage is not None:
        raise ConfigError("`--fresh` cannot move a sweep out of a database", "start anew under another `--name`")


def _when_time_was_up(spec: SweepSpec, num_finished: int, record: SweepRecord) -> str:
    """How far the sweep got in its time, and how it goes on."""
    asked = {trial.number for trial in record.trials}
    waiting = [trial for trial in record.trials if trial.superseded_by is not None and trial.superseded_by not in asked]
    wait = "waits where it" if len(waiting) == 1 else "wait where they"
    stopped = f", {len(waiting)} {wait} stopped" if waiting else ""
    if not_begun := sum(trial.state == "waiting" for trial in record.trials):
        stopped += f", {not_begun} asked and not begun"
    return (
        f"the time budget of {spec.budget.time_s:g} s is spent: {num_finished} of {spec.budget.trials} trials "
        f"are finished{stopped}; the same command goes on"
    )


def _something(record: SweepRecord, folder: Path) -> SweepRecord:
    """The record itself; SweepFailed where nothing completed."""
    if any(trial.state == "complete" for trial in record.trials):
        return record
    failed = [trial for trial in record.trials if trial.outcome == "failed"]
    if failed:
        first = failed[0]
        message = f"no trial completed, {len(failed)} failed; trial {first.number}: {first.message}"
        place = first.error_file or SweepArtifacts.of(folder).trial(first.folder).address
        raise SweepFailed(message, f"its traceback is in `{place}`")
    raise SweepFailed(
        f"of {counted(len(record.trials), 'trial')} none completed" if record.trials else "no trial has begun",
        "give it more time or trials and run the same command again",
    )


def _writing(folder: Path) -> AbstractContextManager[None]:
    """What the disk says, as one sentence that names the sweep's folder."""
    return writing(folder, ClusterError, CHOOSE)


def _write_facts(place: Place, spec: SweepSpec, text: str) -> None:
    """`place.json`, `sweep.yaml` verbatim, `resolved.json` with every default, `environment.json`, lists of samples.

    Where a sweep goes on under other versions, hosts or commits, `environment.json` keeps the former ones below,
    and always the commands that started it and went on with it.
    """
    folder = place.folder
    _write(folder / PLACE_NAME, json_document(place.to_json()))
    if text:
        _write(folder / SPACE_NAME, text)
    _write(folder / RESOLVED_NAME, json_document(spec.model_dump(mode="json")))
    file, now = folder / "environment.json", environment()
    former, commands = _former_environments(file, now), _commands(file)
    kept = {"commands": commands, "former": former}
    _write(file, json_document({**now, **{name: each for name, each in kept.items() if each}}))
    _keep_lists(folder, spec)


def _keep_lists(folder: Path, spec: SweepSpec) -> None:
    """Copy the lists of samples to leave out, for trials and for all who read the sweep when the originals are gone."""
    for digest, path in spec.lists.items():
        if (kept := kept_list(folder, digest)) is not None:
            _write(kept, find_exclusion(digest, Path(path)).to_csv())


def _former_environments(file: Path, now: dict[str, Any]) -> list[dict[str, Any]]:
    """The environments in which the sweep has run before, latest first, without the present one."""
    try:
        latest = read_json(file)
        earlier = latest.pop("former", [])
        latest.pop("commands", None)
        return [known for known in (latest, *earlier) if known != now]
    except (DataError, AttributeError, TypeError):
        return []  # there is none, or nobody can read it


def _commands(file: Path) -> list[str]:
    """The commands that the sweep was started and gone on with, the latest first, each once; no store's password."""
    try:
        earlier = [str(known) for known in read_json(file).get("commands", [])]
    except (DataError, AttributeError, TypeError):
        earlier = []
    return list(dict.fromkeys([*filter(None, [this_command()]), *earlier]))[:MOST_COMMANDS]


def _write(path: Path, text: str) -> None:
    with _writing(path.parent):
        write_text(path, text)


def environment() -> dict[str, Any]:
    """Versions, host and commit of this process: what a reviewer asks for."""
    versions = {package: installed_version(package) or "not installed" for package in _PACKAGES}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpus": num_cores(),
        "gpus": _gpu_names(),
        "git_commit": _git_commit(),
        "versions": versions,
    }


def _gpu_names() -> list[str]:
    return _lines("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")


def _git_commit() -> str:
    lines = _lines("git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD")
    return lines[0] if lines else ""


def _lines(*command: str) -> list[str]:
    """What a command prints, or nothing where it is absent or fails."""
    if shutil.which(command[0]) is None:
        return []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return []
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
