"""A whole data set to a folder of crops, which a killed run of the same command goes on with.

The folder holds `<Part>/<Class>/<stem>.png`, `faces.csv`, `contact.png` and, once all is done, `report.json`; what was
done for each picture is in `.faces.jsonl`. Crops and report appear by rename.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ferray.crops.contact import Picture, write_sheets
from ferray.crops.cropper import crop_all
from ferray.crops.cutting import Image
from ferray.crops.journal import Journal, Record
from ferray.crops.plan import Plan, Task, tasks
from ferray.crops.quality import Bounds, flags
from ferray.crops.report import Row, cells, document
from ferray.data.bad_samples import BadSample, refusal, sort_out
from ferray.data.datasets import Dataset
from ferray.data.images import read_rgb
from ferray.data.layout import PREPARED, REPORT
from ferray.data.pack_file import Progress
from ferray.data.samples import SampleList
from ferray.errors import BadSampleError, ConfigError, DataError
from ferray.faces._boxes import write_boxes
from ferray.files.atomic import remove_leftovers_below, write_json
from ferray.files.os_errors import os_errors_as


@dataclass(frozen=True)
class Prepared:
    """The report, and how many pictures this run dealt with and how many were done before."""

    report: dict[str, Any]
    num_done: int
    num_before: int


def prepare(plan: Plan, bounds: Bounds, *, workers: int, progress: Progress | None = None) -> Prepared:
    """Cut every picture that is not cut yet, then write the report; `progress(done, total)` after each picture.

    Pictures that the data set's `bad_samples` refuses raise a DataError that names all of them, once the others are
    cut. ConfigError for a finder that cannot work here and for a folder that is not for crops.
    """
    dataset, finder = plan.open_dataset(), plan.open_finder()
    if dataset.kind == "features":
        raise ConfigError(f"`{plan.dataset.name}` holds rows of numbers, no pictures", "name a data set of pictures")
    listing = _with_known_labels(dataset.samples())
    finder.check([sample.name for sample in listing.samples])
    _refuse_own_sources(plan, listing)
    with _named_disk(plan.to), _only_writer(plan.to):
        (plan.to / REPORT).unlink(missing_ok=True)
        journal = Journal(plan.to / PREPARED)
        known = journal.read()
        planned = list(tasks(plan, dataset, finder, listing))
        todo = [_with_known_faces(task, known) for task in planned if not _is_done(plan.to, task, known)]
        records = dict(known)
        for done, record in enumerate(crop_all(plan, todo, workers=workers), start=len(planned) - len(todo) + 1):
            journal.append(record)
            records[record.name] = record
            if progress:
                progress(done, len(planned))
        report = _finish(plan, bounds, dataset, listing, records)
    return Prepared(report, len(todo), len(planned) - len(todo))


def _finish(
    plan: Plan, bounds: Bounds, dataset: Dataset, listing: SampleList, records: dict[str, Record]
) -> dict[str, Any]:
    rows = [
        Row(sample, listing.classes[sample.label], records[sample.name], flags(records[sample.name], bounds))
        for sample in listing.samples
    ]
    bad = [*listing.bad, *(row.bad for row in rows if row.bad)]
    refused, _ = sort_out(bad, dataset.params.bad_samples, holds_blank=dataset.holds_blank)
    if refused:
        raise refusal(plan.dataset.name, refused, others=len(rows) - len(refused))
    report = document(plan, rows, bounds, classes=listing.classes)
    if not report["counts"]["found"] and plan.crop.missed == "drop":
        raise DataError(f"`{plan.faces.name}` finds no face in `{plan.dataset.name}`", "pass `--missed keep`")
    if not report["counts"]["written"]:
        raise refusal(plan.dataset.name, bad, others=0)
    _forget_others(plan.to, rows)
    write_boxes(plan.to / "faces.csv", map(cells, rows))
    sheets = write_sheets(plan.to, rows, _pictures(plan, dataset), title=_title(plan, report["counts"]))
    report |= {"contact_sheets": sheets, "bad": [vars(sample) for sample in bad]}
    write_json(plan.to / REPORT, report)
    return report


def _is_done(folder: Path, task: Task, known: dict[str, Record]) -> bool:
    """Whether the journal has this very task, and its crop is there with all its bytes."""
    record = known.get(task.sample.name)
    if record is None or (record.found_by, record.cut_by) != (task.found_by, task.cut_by):
        return False
    if not record.file:
        return True
    try:
        return (folder / record.file).stat().st_size == record.num_bytes
    except OSError:
        return False


def _with_known_faces(task: Task, known: dict[str, Record]) -> Task:
    record = known.get(task.sample.name)
    if record is None or record.bad or record.found_by != task.found_by:
        return task
    return replace(task, faces=record.faces)


def _with_known_labels(listing: SampleList) -> SampleList:
    """The listing with samples whose label no class stands for among the bad ones."""
    num_classes = len(listing.classes)
    strange = tuple(sample for sample in listing.samples if not 0 <= sample.label < num_classes)
    bad = tuple(
        BadSample(sample.name, "", "unknown label", f"has the label `{sample.label}`, not 0 to {num_classes - 1}")
        for sample in strange
    )
    good = tuple(sample for sample in listing.samples if sample not in strange) if strange else listing.samples
    return SampleList(good, listing.classes, (*listing.bad, *bad))


def _forget_others(folder: Path, rows: Sequence[Row]) -> None:
    """Delete crops of pictures that are gone, dropped or cut elsewhere, and torn files; then forget them."""
    journal = Journal(folder / PREPARED)
    current = [row.record for row in rows]
    for file in journal.files() - {record.file for record in current}:
        (folder / file).unlink(missing_ok=True)
    remove_leftovers_below(folder)
    journal.rewrite(current)


def _pictures(plan: Plan, dataset: Dataset) -> Picture:
    """What a contact sheet shows: the crop, else the picture that none was cut from."""

    def picture(row: Row) -> Image | None:
        if row.record.file:
            return read_rgb(plan.to / row.record.file)
        try:
            return None if row.record.bad else dataset.original(row.sample)
        except BadSampleError:
            return None

    return picture


def _title(plan: Plan, counts: dict[str, int]) -> str:
    numbers = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    return f"{plan.dataset.name} by {plan.faces.name}: {numbers}"


def _refuse_own_sources(plan: Plan, listing: SampleList) -> None:
    if any((plan.root / sample.source).is_relative_to(plan.to) for sample in listing.samples):
        raise ConfigError(f"the pictures to cut lie in `{plan.to}`, where the crops would go", "pass another `--to`")


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock, where the disk knows locks; ConfigError where its content is not ours."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / PREPARED).exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise ConfigError(f"`{folder}` holds files that are no crops of this command", "pass another `--to`")
    with ExitStack() as held:
        lock = held.enter_context((folder / ".faces.lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(f"another process cuts faces into `{folder}`", "wait for it to end") from error
        except OSError:
            pass  # a disk without locks
        (folder / PREPARED).touch()
        yield


def _named_disk(place: Path) -> AbstractContextManager[None]:
    return os_errors_as(DataError, f"crops cannot be written to `{place}`", "free space there, or pass `--to`")
