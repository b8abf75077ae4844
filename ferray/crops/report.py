"""What a preparation found, counted by class and flag: `report.json`, and the rows of `faces.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ferray.crops.journal import Record
from ferray.crops.plan import Plan
from ferray.crops.quality import FLAGS, Bounds
from ferray.data.bad_samples import BadSample
from ferray.data.samples import Sample
from ferray.faces._boxes import box_cells


@dataclass(frozen=True)
class Row:
    """One picture: its sample, the name of its class, what was done with it, and what is remarkable about it."""

    sample: Sample
    class_name: str
    record: Record
    flags: tuple[str, ...]

    @property
    def bad(self) -> BadSample | None:
        """The picture as one that cannot be used; None where it can."""
        if self.record.bad is None:
            return None
        kind, reason = self.record.bad
        return BadSample(self.sample.name, self.class_name, kind, reason)


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many pictures there are, have a face, carry each flag, and how many crops were written."""
    numbers = {flag: sum(flag in row.flags for row in rows) for flag in FLAGS}
    found = sum(row.record.chosen is not None for row in rows)
    written = sum(bool(row.record.file) for row in rows)
    return {"images": len(rows), "found": found, **numbers, "written": written}


def document(plan: Plan, rows: Sequence[Row], bounds: Bounds, *, classes: Sequence[str]) -> dict[str, Any]:
    """The report as plain data; the same pictures, faces and settings give the same document."""
    return {
        "dataset": plan.dataset.model_dump(mode="json"),
        "faces": plan.faces.model_dump(mode="json"),
        "crop": plan.crop.model_dump(mode="json"),
        "bounds": bounds.model_dump(mode="json"),
        "counts": counts(rows),
        "classes": {name: counts([row for row in rows if row.class_name == name]) for name in classes},
    }


def cells(row: Row) -> dict[str, str]:
    """A picture's line of `faces.csv`."""
    face = row.record.chosen
    known = {
        "source": row.sample.name,
        "class": row.class_name,
        "part": row.sample.part,
        "num_faces": str(len(row.record.faces)),
        "flags": " ".join(row.flags),
        "file": row.record.file,
    }
    if row.record.bad:
        return known
    known["sharpness"] = f"{row.record.sharpness:.1f}"
    if face is None:
        return known
    tilt = "" if face.tilt_deg is None else f"{face.tilt_deg:.1f}"
    return {**known, **box_cells(face), "tilt_deg": tilt}
