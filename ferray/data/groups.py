"""What must not stand on two sides of a split: the film, the person, by a file name or by a csv of one's own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ferray.data.datasets import DatasetParams
from ferray.data.file_kinds import refuse_no_csv
from ferray.data.group_names import set_without_groups
from ferray.data.samples import AUXILIARY, Sample
from ferray.data.splits import SplitTable
from ferray.errors import ConfigError, DataError
from ferray.files.os_errors import reading

MOST_SHOWN = 3
CSV_COLUMNS = ("file", "group")


def table_of(samples: Sequence[Sample], params: DatasetParams, root: Path) -> SplitTable:
    """What a split may look at; ConfigError where it is to keep groups together and an image has none."""
    if not params.split.endswith("_by_group"):
        return SplitTable.from_samples(samples)
    named = grouped(samples, params, root)
    unnamed = [sample for sample in named if not sample.group and sample.part != AUXILIARY]
    if unnamed:
        raise ConfigError(_who_has_none(unnamed, len(named), params.split), _what_helps(unnamed, params))
    return SplitTable.from_samples(named)


def groups_in_words(params: DatasetParams, own: str) -> str:
    """What the groups are: those of a csv, of a pattern, or else the data set's `own`."""
    if params.groups is not None:
        return f"groups of `{params.groups}`"
    if params.group_pattern is not None:
        return f"groups by `{params.group_pattern}`"
    return own or "groups of its own"


def grouped(samples: Sequence[Sample], params: DatasetParams, root: Path) -> Sequence[Sample]:
    """The samples with the group that the parameters, or else the data set's names, give them; "" for none."""
    if params.groups is not None:
        return _by_csv(samples, root / params.groups)
    if params.group_pattern is not None:
        pattern = re.compile(params.group_pattern)
        return [replace(sample, group=_found(pattern, PurePosixPath(sample.name).name)) for sample in samples]
    return samples


def _found(pattern: re.Pattern[str], name: str) -> str:
    match = pattern.search(name)
    if match is None:
        return ""
    return (match["group"] if "group" in pattern.groupindex else match[1]) or ""


def _by_csv(samples: Sequence[Sample], path: Path) -> list[Sample]:
    group_of = _read_groups(path)
    named = [replace(sample, group=_looked_up(sample.name, group_of)) for sample in samples]
    if group_of and not any(sample.group for sample in named):
        message = f"`{path}` names none of the images: it has `{next(iter(group_of))}`, they are `{samples[0].name}`"
        raise DataError(message, "give each path below the data root, below the set's folder, or the file name alone")
    return named


def _looked_up(name: str, group_of: dict[str, str]) -> str:
    """The group of a sample by its path, or by the longest end of its path that has one."""
    parts = PurePosixPath(name).parts
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((group_of[end] for end in ends if end in group_of), "")


def _read_groups(path: Path) -> dict[str, str]:
    """The group of each file; DataError where it is no such csv, or gives one file two groups."""
    group_of: dict[str, str] = {}
    try:
        with reading(path, DataError, "give `groups` as a path below the data root"):
            refuse_no_csv(path)
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
                for file, group in _rows(csv.DictReader(stream), path):
                    if group_of.setdefault(file, group) != group:
                        raise DataError(f"`{path}` gives `{file}` to two groups", "leave one of the rows out")
    except csv.Error as error:
        raise DataError(f"`{path}` is not a csv: {error}", "save it as plain text with commas") from error
    return group_of


def _rows(reader: csv.DictReader[str], path: Path) -> Iterable[tuple[str, str]]:
    names = {name.strip().lower(): name for name in reader.fieldnames or ()}
    missing = [column for column in CSV_COLUMNS if column not in names]
    if missing:
        raise DataError(f"`{path}` has no column `{missing[0]}`", f"its header must name {', '.join(CSV_COLUMNS)}")
    for row in reader:
        file, group = ((row[names[column]] or "").strip() for column in CSV_COLUMNS)
        if group:
            yield file.replace("\\", "/").removeprefix("./"), group


def _who_has_none(unnamed: Sequence[Sample], total: int, split: str) -> str:
    examples = ", ".join(f"`{sample.name}`" for sample in unnamed[:MOST_SHOWN])
    more = f" and {len(unnamed) - MOST_SHOWN:,} more" if len(unnamed) > MOST_SHOWN else ""
    told = f"{len(unnamed):,} of {total:,} {'names' if len(unnamed) == 1 else 'name'} none: {examples}{more}"
    return f"split `{split}` needs the group (film, person) of every image, and {told}"


def _what_helps(unnamed: Sequence[Sample], params: DatasetParams) -> str:
    """One thing to do, which depends on whether names can tell at all."""
    by_csv = "list them in a csv with the columns file and group, below the data root, as `dataset.groups`"
    if params.groups is not None:
        return f"add rows for them to `{params.groups}`"
    if params.group_pattern is not None:
        return f"widen `{params.group_pattern}`, or {by_csv}"
    nameless = set_without_groups(PurePosixPath(unnamed[0].name).stem)
    if nameless:
        return f"the names of {nameless} tell no groups: {by_csv}, or choose `split: kfold`"
    example = "`dataset.group_pattern='^(S[0-9]+)_'`"
    return f"say where names tell them with {example} or the like, {by_csv}, or choose `split: kfold`"
