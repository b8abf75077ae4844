"""A split without what an audit found: the list of samples that leave it, which `--exclude` takes.

No original is touched. Of a photograph in several splits the copies in the last of them stay, test before validation
before training, so that what a model is judged by stays as whole as it can; of identical files within one split one
stays. A photograph under several labels goes from everywhere, as nobody knows which of them is right, and so does a
blank picture or a placeholder. Near copies within one split stay: they are no leak, and frames of a film are many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ferray.audit.copies import CopyGroup
from ferray.audit.findings import Findings
from ferray.audit.pictures import SPLITS
from ferray.config.exclusion import EVERYWHERE, ID, NAME, SCOPE
from ferray.files.atomic import write_text
from ferray.text.sanitize import csv_text

CONTESTED, SEEN, TWICE = "stands under several labels", "has a copy in", "is the same file as another one"


@dataclass(frozen=True)
class Leaving:
    """A row of `Pictures` that leaves the split, and why."""

    row: int
    why: str


def leaving(findings: Findings) -> list[Leaving]:
    """What leaves, by row, each once."""
    reasons: dict[int, str] = {}
    for rows, why in ((findings.blank, "is blank"), (findings.placeholders, "is mostly of one grey")):
        reasons.update(dict.fromkeys(rows, why))
    for group in findings.copies:
        for row, why in _of_group(findings, group):
            reasons.setdefault(row, why)
    return [Leaving(row, reasons[row]) for row in sorted(reasons)]


def _of_group(findings: Findings, group: CopyGroup) -> Iterator[tuple[int, str]]:
    if len(findings.labels_of(group)) > 1:
        yield from ((row, CONTESTED) for row in group.rows)
        return
    pictures, last = findings.pictures, findings.splits_of(group)[-1]
    contents: set[str] = set()
    for row in group.rows:
        content = pictures.contents[row]
        if pictures.parts[row] != last:
            yield row, f"{SEEN} {last}"
        elif content and content in contents:
            yield row, TWICE
        contents.add(content if pictures.parts[row] == last else "")


def write_clean_split(path: Path, findings: Findings) -> dict[str, int]:
    """Write the list; how many samples leave each split. StorageError where it cannot be written."""
    left = leaving(findings)
    pictures = findings.pictures
    rows = [
        (
            pictures.samples[one.row].sample_id,
            pictures.samples[one.row].name,
            EVERYWHERE,
            pictures.classes[pictures.labels[one.row]],
            pictures.parts[one.row],
            one.why,
        )
        for one in left
    ]
    header = (ID, NAME, SCOPE, "class", "split", "why")
    write_text(path, csv_text([header, *rows]), errors="backslashreplace")
    return {split: sum(pictures.parts[one.row] == split for one in left) for split in SPLITS}
