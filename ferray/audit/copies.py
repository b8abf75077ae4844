"""Which samples are one photograph: groups of identical files, and of near copies that were aligned and compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferray.audit.alignment import align
from ferray.audit.candidates import Candidates, find_candidates
from ferray.audit.pictures import Pictures
from ferray.system.cores import num_cores

Told = Callable[[str, int, int], None]
EVERY = 256  # pairs between two words on progress
FLATTEST = 2.0  # grey levels of spread below which a picture shows nothing that could be compared


@dataclass(frozen=True)
class CopyPair:
    """Two rows of `Pictures`, the lower one first, that are one photograph, and what was done to it between them."""

    first: int
    second: int
    is_identical: bool = False
    is_mirrored: bool = False
    is_cropped: bool = False

    @property
    def kind(self) -> str:
        """`identical`, `near`, `mirrored`, `cropped` or `mirrored, cropped`."""
        if self.is_identical:
            return "identical"
        changed = [word for word, yes in (("mirrored", self.is_mirrored), ("cropped", self.is_cropped)) if yes]
        return ", ".join(changed) or "near"


@dataclass(frozen=True)
class CopyGroup:
    """Rows of `Pictures` that hang together by pairs, in order; near copies may do so through a third picture."""

    rows: tuple[int, ...]
    pairs: tuple[CopyPair, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of pair in it, once, by name."""
        return tuple(sorted({pair.kind for pair in self.pairs}))


def identical_pairs(pictures: Pictures) -> list[CopyPair]:
    """Each sample whose file stands there before, with the first one of that content."""
    first: dict[str, int] = {}
    pairs = [
        CopyPair(first.setdefault(content, row), row, is_identical=True)
        for row, content in enumerate(pictures.contents)
        if content
    ]
    return [pair for pair in pairs if pair.first != pair.second]


def near_pairs(pictures: Pictures, tell: Told) -> list[CopyPair]:
    """The pairs of files that differ and are one photograph: brightened, saved again, mirrored, cropped.

    One file of each content is compared, and no flat picture. `tell(what, done, total)` hears of the two steps.
    """
    if not pictures.greys.size:
        return []
    rows = _telling(pictures)
    greys = pictures.greys[rows]
    found = find_candidates(greys, lambda done, total: tell("comparing perceptual hashes", done, total))
    pairs = []
    with ThreadPoolExecutor(num_cores()) as pool:
        for done, pair in enumerate(
            pool.map(lambda row: _verified(greys, found, row), range(len(found)), chunksize=8), 1
        ):
            if pair is not None:
                low, high = sorted((int(rows[pair.first]), int(rows[pair.second])))
                pairs.append(CopyPair(low, high, is_mirrored=pair.is_mirrored, is_cropped=pair.is_cropped))
            if done % EVERY == 0 or done == len(found):
                tell("laying pictures over each other", done, len(found))
    return pairs


def groups_of(pairs: Sequence[CopyPair]) -> list[CopyGroup]:
    """The pairs that hang together, in order of their first row."""
    leader: dict[int, int] = {}
    for pair in pairs:
        low, high = sorted((_leader(leader, pair.first), _leader(leader, pair.second)))
        leader[high] = low
    members: dict[int, list[CopyPair]] = defaultdict(list)
    for pair in pairs:
        members[_leader(leader, pair.first)].append(pair)
    return [CopyGroup(tuple(sorted(set(_rows(group)))), tuple(group)) for _, group in sorted(members.items())]


def _rows(pairs: Sequence[CopyPair]) -> Iterator[int]:
    for pair in pairs:
        yield from (pair.first, pair.second)


def _leader(leader: dict[int, int], row: int) -> int:
    """The lowest row that this one hangs together with; the path to it is made short."""
    path = []
    while leader.get(row, row) != row:
        path.append(row)
        row = leader[row]
    leader.update(dict.fromkeys(path, row))
    return row


def _telling(pictures: Pictures) -> NDArray[np.int64]:
    """The rows of one picture of each content that shows something."""
    firsts = {content or str(row): row for row, content in reversed(list(enumerate(pictures.contents)))}
    rows = np.array(sorted(firsts.values()), dtype=np.int64)
    spread = np.array([pictures.greys[row].std() for row in rows.tolist()])
    chosen: NDArray[np.int64] = rows[spread >= FLATTEST]
    return chosen


def _verified(greys: NDArray[np.uint8], found: Candidates, index: int) -> CopyPair | None:
    first, second = int(found.first[index]), int(found.second[index])
    is_mirrored = bool(found.is_mirrored[index])
    aligned = align(greys[first], greys[second], found.crops[found.crop[index]], is_mirrored=is_mirrored)
    if not aligned.is_same:
        return None
    return CopyPair(first, second, is_mirrored=is_mirrored, is_cropped=aligned.is_cropped)
