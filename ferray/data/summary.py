"""What a start says of a data set in one line, and lists in a file: what was found, from where, and what is not read.

The list lies beside the packs as `found/<pack>.csv`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ferray.config.cache_folder import make_cache_folder
from ferray.config.data_root import data_root_words
from ferray.config.trial import DatasetChoice
from ferray.data.account import Account
from ferray.data.bad_samples import Skipped
from ferray.data.datasets import DatasetParams
from ferray.data.groups import grouped, groups_in_words
from ferray.data.left_out import LeftOut
from ferray.data.opened import open_dataset, short_hash
from ferray.data.same_pictures import Copies, count_copies, same_pictures
from ferray.data.samples import AUXILIARY, PackedSamples, Sample, SampleList, SealedSplit, Splits
from ferray.data.shared_groups import GroupedImages, GroupOf, SharedGroups, grouped_images, shared_groups
from ferray.files.atomic import write_text
from ferray.text.commands import command
from ferray.text.sanitize import csv_text

COLUMNS = ("what", "path", "class", "part", "count", "why")
MOST_PASSED = 4  # kinds of things passed over that a line names


@dataclass(frozen=True)
class SplitSummary:
    """One split: its images by class, in the order of the classes, where it comes from, and a hash of all its ids."""

    name: str
    counts: tuple[int, ...]
    source: str
    digest: str

    @property
    def total(self) -> int:
        """All its images."""
        return sum(self.counts)


@dataclass(frozen=True)
class DataSummary:
    """One data set as a configuration splits it. `limits` are words on what is capped, `listing` the file of all.

    `key` is a hash of all that decides the splits beside the files.
    """

    dataset: str
    key: str
    account: Account
    classes: tuple[str, ...]
    splits: tuple[SplitSummary, ...]
    limits: tuple[str, ...]
    copies: Copies
    listing: Path | None
    skipped: Skipped | None = None
    left_out: LeftOut | None = None
    shared: SharedGroups | None = None
    grouped: GroupedImages | None = None
    group_of: GroupOf = field(default_factory=GroupOf)

    def line(self) -> str:
        """The one line: classes, images by split and where each comes from, what is passed over."""
        place = f" in `{self.account.place}`" if self.account.place else ""
        parts = [f"{split.name} {split.total:,} ({split.source})" for split in self.splits if split.total]
        line = f"`{self.dataset}`{place}: {len(self.classes)} classes; {', '.join([*parts, *self.limits])}"
        passed = self.account.passed_in_words()
        if not passed:
            return line
        more = f" and {len(passed) - MOST_PASSED} more kinds" if len(passed) > MOST_PASSED else ""
        return f"{line}; passed over: {', '.join(passed[:MOST_PASSED])}{more}"

    def notes(self) -> list[str]:
        """What else one should know before anything is trained, a sentence each; the last one names the list."""
        notes = list(self.account.remarks)
        copies = self.copies.in_words()
        if copies:
            notes.append(f"the same picture several times: {copies}; `{command('data audit')}` shows them")
        if self.shared:
            notes.append(self.shared.in_words())
        if self.grouped:
            notes.append(self.grouped.in_words())
        notes = [f"`{self.dataset}`: {note}" for note in notes]
        if self.left_out:
            notes.insert(0, f"`{self.dataset}`: {self.left_out}")
        if self.skipped and self.skipped.is_known:
            notes.insert(0, self.skipped.sentence(self.dataset))
        if self.listing and (copies or self.account.remarks or self.account.passed):
            notes.append(f"all of it is listed in `{self.listing}`")
        return notes

    def to_json(self) -> dict[str, Any]:
        """For scripts; counts by class and split."""
        return {
            "dataset": self.dataset,
            "place": self.account.place,
            "classes": list(self.classes),
            "splits": {split.name: {"source": split.source, "counts": list(split.counts)} for split in self.splits},
            "limits": list(self.limits),
            "passed_over": [asdict(passed) for passed in self.account.passed],
            "remarks": list(self.account.remarks),
            "copies": asdict(self.copies),
            "shared_groups": asdict(self.shared) if self.shared else None,
            "grouped_images": asdict(self.grouped) if self.grouped else None,
            "left_out": [asdict(sample) for sample in self.skipped.samples] if self.skipped else [],
            "excluded": asdict(self.left_out) if self.left_out else None,
            "listing": str(self.listing) if self.listing else None,
        }


def summarise(
    choice: DatasetChoice, splits: Splits, *, limit_per_class: int | None, data_root: Path, cache_dir: Path
) -> DataSummary:
    """The summary of a data set whose splits are open; writes its list where there is something to list."""
    listing = open_dataset(choice, data_root, cache_dir).listing
    place = listing.account.place.replace(str(data_root), data_root_words(data_root))
    groups, params = same_pictures(listing), choice.build_params()
    named = _with_groups(listing, params, data_root)
    return DataSummary(
        dataset=choice.name,
        key=short_hash(f"{json.dumps(choice.canonical(), sort_keys=True)} {limit_per_class}"),
        account=replace(listing.account, place=place),
        classes=splits.train.classes,
        splits=_split_summaries(params, listing.account, splits),
        limits=_limits(choice, limit_per_class),
        copies=count_copies(groups, splits),
        listing=_write_list(splits.folder, listing, groups),
        skipped=splits.skipped,
        shared=shared_groups(named, splits, params),
        grouped=grouped_images(named, splits),
        group_of=GroupOf.of(named),
    )


def _with_groups(listing: SampleList, params: DatasetParams, data_root: Path) -> SampleList:
    """The listing with the groups that splits go by, and what these are called."""
    samples = tuple(grouped(listing.samples, params, data_root))
    account = replace(listing.account, groups=groups_in_words(params, listing.account.groups))
    return replace(listing, samples=samples, account=account)


def _split_summaries(params: DatasetParams, account: Account, splits: Splits) -> tuple[SplitSummary, ...]:
    words = {part: account.origins.get(part, f"its {part} part") for part in ("train", "val", "test")}
    words["all"] = account.origins.get("all", "the whole set")
    words[AUXILIARY] = account.origins.get(AUXILIARY, "other sets")
    words["groups"] = groups_in_words(params, account.groups)
    each: tuple[tuple[str, PackedSamples | SealedSplit], ...] = (
        ("train", splits.train),
        ("val", splits.val),
        ("test", splits.test),
    )
    return tuple(
        SplitSummary(
            name,
            samples.class_counts(),
            getattr(splits.sources, name, "").format_map(words),
            short_hash(np.sort(samples.sample_ids).tobytes().hex()),
        )
        for name, samples in each
    )


def _limits(choice: DatasetChoice, limit_per_class: int | None) -> tuple[str, ...]:
    most = choice.build_params().max_per_class
    capped = (f"at most {most:,} a class of all",) if most is not None else ()
    return (*capped, f"at most {limit_per_class:,} a class in each") if limit_per_class is not None else capped


def _write_list(pack: Path | None, listing: SampleList, groups: list[tuple[Sample, ...]]) -> Path | None:
    """Where the list is; None where there is nothing to list, or the cache takes no writing."""
    rows = list(_rows(listing, groups))
    if pack is None or not rows:
        return None
    path = pack.parent.parent / "found" / f"{pack.name}.csv"
    with suppress(OSError):
        make_cache_folder(path.parent)
        write_text(path, csv_text([COLUMNS, *rows]), errors="backslashreplace", durable=False)
        return path
    return None


def _rows(listing: SampleList, groups: list[tuple[Sample, ...]]) -> Iterator[tuple[object, ...]]:
    for passed in listing.account.passed:
        yield ("passed over", passed.path, "", "", passed.count, passed.why)
    for remark in listing.account.remarks:
        yield ("remark", "", "", "", "", remark)
    for number, samples in enumerate(groups, start=1):
        for sample in samples:
            yield (f"same picture {number}", sample.name, listing.classes[sample.label], sample.part, len(samples), "")
