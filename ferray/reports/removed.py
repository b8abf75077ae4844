"""What outlier removal dropped in a trial, with small pictures of it, of which a page holds no more than so many."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ferray.config.place import DataPlace
from ferray.errors import DataError, FerrayError
from ferray.results.originals import Originals
from ferray.results.removals import Gone, Removals
from ferray.study.records import TrialRecord

MOST_PICTURES = 48
MOST_BYTES = 400_000  # of all pictures together, as the page holds them
MOST_LISTED = 200  # of the removed samples, in the table
SIDE = 72  # pixels
QUALITY = 82  # of JPEG, 0 to 100

Decode = Callable[[Gone], NDArray[np.uint8]]


@dataclass(frozen=True)
class Face:
    """A removed sample and its picture as a `data:` address."""

    gone: Gone
    source: str


@dataclass(frozen=True)
class RemovedSamples:
    """One trial's removals from the highest loss down, and the faces of the first; `note` says which are missing."""

    removals: Removals
    listed: tuple[Gone, ...]
    faces: tuple[Face, ...] = ()
    note: str = ""

    @property
    def num_removed(self) -> int:
        """How many went, whether or not they are listed."""
        return len(self.removals.removed)


def removed_samples(removals: Removals, trial: TrialRecord, data: DataPlace | None) -> RemovedSamples:
    """What the trial removed; without `data`, or where that is not what was trained on, without pictures."""
    by_loss = sorted(removals.removed, key=lambda gone: -gone.sample.loss)
    listed = tuple(by_loss[:MOST_LISTED])
    if data is None:
        return RemovedSamples(removals, listed, note="no pictures: the page was made without the data")
    try:
        decode = decoder(Originals(trial.trial_config(), data))
        faces = tuple(within(MOST_BYTES, _faces(by_loss[:MOST_PICTURES], decode)))
    except FerrayError as error:
        return RemovedSamples(removals, listed, note=f"no pictures: {error.message}")
    left = len(by_loss) - len(faces)
    note = f"{left} more have no picture here: a page holds {MOST_PICTURES} at most" if left else ""
    return RemovedSamples(removals, listed, faces, note)


def decoder(originals: Originals) -> Decode:
    """What gives a removed sample's picture; DataError for one that is none of the training split."""
    ids: dict[int, frozenset[int]] = {}

    def decode(gone: Gone) -> NDArray[np.uint8]:
        if gone.fold not in ids:
            ids[gone.fold] = originals.training_ids(gone.fold)
        if gone.sample.sample_id not in ids[gone.fold]:
            raise DataError(f"`{gone.sample.name}` is no training sample of this data")
        return originals.picture(gone.sample.sample_id, gone.sample.name, SIDE)

    return decode


def within(most_bytes: int, faces: Iterable[Face]) -> Iterator[Face]:
    """The first faces, as far as they fit into so many bytes together."""
    for face in faces:
        most_bytes -= len(face.source)
        if most_bytes < 0:
            return
        yield face


def _faces(removed: Sequence[Gone], decode: Decode) -> Iterator[Face]:
    return (Face(gone, as_source(decode(gone))) for gone in removed)


def as_source(image_HWC: NDArray[np.uint8]) -> str:
    """An RGB picture as a JPEG inside an address."""
    out = io.BytesIO()
    Image.fromarray(image_HWC).save(out, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
