"""The audit of one data set whose splits are open."""

from __future__ import annotations

from collections.abc import Sequence

from ferray.audit.copies import Told, groups_of, identical_pairs, near_pairs
from ferray.audit.findings import Findings
from ferray.audit.group_leaks import find_group_leaks
from ferray.audit.pictures import Pictures
from ferray.audit.placeholders import blank_rows, placeholder_rows
from ferray.data.samples import Sample


def examine(pictures: Pictures, grouped: Sequence[Sample], what: str, tell: Told) -> Findings:
    """Everything that an audit looks for. `grouped` are the samples with their film or person, `what` says which."""
    identical = identical_pairs(pictures)
    near = near_pairs(pictures, tell)
    return Findings(
        pictures,
        tuple(groups_of(identical)),
        tuple(groups_of([*identical, *near])),
        tuple(blank_rows(pictures.greys)),
        tuple(placeholder_rows(pictures.greys)),
        find_group_leaks(pictures, grouped, what),
    )
