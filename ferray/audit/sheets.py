"""Contact sheets of what an audit found: copies side by side, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from ferray.audit.copies import CopyGroup
from ferray.audit.findings import Findings
from ferray.data.contact_sheet import COLUMNS, Tile, draw_sheet, evenly
from ferray.data.png import write_png

MOST = 200  # images on a sheet
OF_A_GROUP = 5  # of which so many of one group
SHEETS = ("across-splits.png", "two-labels.png", "within-splits.png", "placeholders.png")


def write_sheets(folder: Path, findings: Findings) -> list[Path]:
    """The sheets in the folder, of what there is; those of an earlier audit go away. DataError where it is full."""
    if not findings.pictures.greys.size:
        return []
    contested = [group for group in findings.copies if len(findings.labels_of(group)) > 1]
    across = [group for group in findings.copies if len(findings.splits_of(group)) > 1]
    within = [group for group in findings.copies if len(findings.splits_of(group)) == 1]
    pages = (
        _groups_sheet(findings, across, "across splits"),
        _groups_sheet(findings, contested, "under several labels"),
        _groups_sheet(findings, within, "within one split"),
        _rows_sheet(findings, [*findings.blank, *findings.placeholders], "show no face, or mostly one grey"),
    )
    written = (_write(folder / name, title, tiles) for name, (title, tiles) in zip(SHEETS, pages, strict=True))
    return [path for path in written if path is not None]


def _write(path: Path, title: str, tiles: Sequence[Tile]) -> Path | None:
    if not tiles:
        path.unlink(missing_ok=True)
        return None
    write_png(path, draw_sheet(tiles, title))
    return path


def _groups_sheet(findings: Findings, groups: Sequence[CopyGroup], what: str) -> tuple[str, list[Tile]]:
    """An even choice of the groups, each in one row of the sheet; a thick frame marks one under several labels."""
    tiles: list[Tile] = []
    chosen = evenly(groups, MOST // OF_A_GROUP * 2)
    shown = 0
    for group in chosen:
        of_group = [_tile(findings, row, group) for row in _telling(findings, group)]
        room = -len(tiles) % COLUMNS
        if 0 < room < len(of_group):
            tiles += [Tile(None, ())] * room
        if len(tiles) + len(of_group) > MOST:
            break
        tiles += of_group
        shown += 1
    return f"copies {what}: {shown} of {len(groups):,} groups; framed: under several labels", tiles


def _telling(findings: Findings, group: CopyGroup) -> list[int]:
    """A few rows of a group: one of each split and label first, then the others, in their order."""
    pictures = findings.pictures
    firsts = {(pictures.parts[row], pictures.labels[row]): row for row in reversed(group.rows)}.values()
    others = [row for row in group.rows if row not in firsts]
    return sorted([*sorted(firsts), *others][:OF_A_GROUP])


def _tile(findings: Findings, row: int, group: CopyGroup) -> Tile:
    pictures = findings.pictures
    number = findings.copies.index(group) + 1
    caption = (
        f"{number}: {PurePosixPath(pictures.samples[row].name).stem}",
        f"{pictures.parts[row]}, {pictures.classes[pictures.labels[row]]}",
        "; ".join(group.kinds),
    )
    return Tile(_colour(findings, row), caption, is_flagged=len(findings.labels_of(group)) > 1)


def _rows_sheet(findings: Findings, rows: Sequence[int], what: str) -> tuple[str, list[Tile]]:
    pictures = findings.pictures
    tiles = [
        Tile(
            _colour(findings, row),
            (
                PurePosixPath(pictures.samples[row].name).stem,
                f"{pictures.parts[row]}, {pictures.classes[pictures.labels[row]]}",
            ),
        )
        for row in rows[:MOST]
    ]
    return f"{len(tiles)} of {len(rows):,} pictures that {what}", tiles


def _colour(findings: Findings, row: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.repeat(findings.pictures.greys[row][:, :, None], 3, axis=2)
