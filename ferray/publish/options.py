"""What is asked of a publication beside the sweep's run and its saved view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishOptions:
    """Whether a report is written as well, and the registry that the best model is linked to, "" for none.

    `given` may have the `entity` and `project` of the runs; else they are where the sweep's are.
    """

    with_report: bool = False
    registry: str = ""
    given: Mapping[str, str | None] = field(default_factory=dict)
