"""Pairs of pictures whose hashes are alike: what is worth aligning pixel by pixel.

All N * N pairs are compared, as products of small matrices; the pictures of a pair may be mirrored, and the first one
may be cropped.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ferray.audit.perceptual_hash import CROPS, WHOLE, Crop, Hashes, PerceptualHash
from ferray.system.cores import num_cores

ALIKE = 0.55  # similarity of hashes from which on a pair may be aligned; of two photographs it is 0.06 in the median
FEWEST = 15_000  # pairs that are aligned, the most alike; of a larger set as many as it has pictures
TILE = 1024  # hashes a side of what is compared at once: the products stay in the cache of a core
MOST_ALIKE = 32  # pairs of a picture that are followed, the most alike, so that a film of 10,000 frames stays possible

Ints = NDArray[np.int64]
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Candidates:
    """M pairs of rows, `first` (M,) < or > `second` (M,): `crops[crop]` of the first, mirrored or not, is the second.

    `similarity` (M,) is between 0.55 and 1.
    """

    first: Ints
    second: Ints
    crop: Ints
    is_mirrored: NDArray[np.bool_]
    similarity: NDArray[np.float32]
    crops: tuple[Crop, ...] = (WHOLE, *CROPS)

    def __len__(self) -> int:
        return len(self.first)

    def best_of_each_pair(self) -> Candidates:
        """The most alike of each pair, whichever was cropped."""
        low, high = np.minimum(self.first, self.second), np.maximum(self.first, self.second)
        order = np.lexsort((-self.similarity, high, low))
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
        return self.only(order[is_new])

    def most_alike(self, count: int) -> Candidates:
        """So many of the pairs, as they are where there are fewer."""
        return self.only(np.sort(np.argsort(-self.similarity, kind="stable")[:count]))

    def only(self, chosen: Ints) -> Candidates:
        """These pairs."""
        return Candidates(
            self.first[chosen],
            self.second[chosen],
            self.crop[chosen],
            self.is_mirrored[chosen],
            self.similarity[chosen],
        )


def find_candidates(greys: NDArray[np.uint8], progress: Told) -> Candidates:
    """The pairs among pictures (N, S, S) that are alike, each once; `progress(done, total)` hears of every block."""
    hash_of = PerceptualHash.fit(greys)
    whole = hash_of.of(greys)
    blocks = range(0, len(greys), TILE)
    done, total = 0, len(blocks) * (1 + len(CROPS))
    found: list[Candidates] = []
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(num_cores()) as pool:
        for crop, part in enumerate((WHOLE, *CROPS)):
            hashes = whole if part is WHOLE else hash_of.of(greys, part)
            for alike in pool.map(partial(_alike, hashes, whole, crop), blocks):
                found.append(alike)
                done += 1
                progress(done, total)
    return _joined(found).best_of_each_pair().most_alike(max(FEWEST, len(greys)))


def _alike(hashes: Hashes, whole: Hashes, crop: int, start: int) -> Candidates:
    """The pairs of one block of (cropped) pictures with all others, of whole ones with those that come after."""
    block = slice(start, start + TILE)
    ahead = start if hashes is whole else 0
    parts = [
        _in_tile(hashes.even[block], hashes.odd[block], whole, start, other, crop)
        for other in range(ahead, len(whole), TILE)
    ]
    return _most_alike(_joined(parts))


def _in_tile(
    even: NDArray[np.float32], odd: NDArray[np.float32], whole: Hashes, start: int, other: int, crop: int
) -> Candidates:
    mirrors = odd @ whole.odd[other : other + TILE].T
    similarity = even @ whole.even[other : other + TILE].T
    similarity += np.abs(mirrors)
    rows, columns = np.divmod(np.flatnonzero(similarity > ALIKE), similarity.shape[1])
    is_pair = (columns + other > rows + start) if crop == 0 else (columns + other != rows + start)
    rows, columns = rows[is_pair], columns[is_pair]
    return Candidates(
        rows + start,
        columns + other,
        np.full(len(rows), crop, dtype=np.int64),
        mirrors[rows, columns] < 0,
        similarity[rows, columns],
    )


def _most_alike(found: Candidates) -> Candidates:
    order = np.lexsort((-found.similarity, found.first))
    firsts = found.first[order]
    rank = np.arange(len(order)) - np.searchsorted(firsts, firsts)
    return found.only(order[rank < MOST_ALIKE])


def _joined(parts: list[Candidates]) -> Candidates:
    return Candidates(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.crop for part in parts]),
        np.concatenate([part.is_mirrored for part in parts]),
        np.concatenate([part.similarity for part in parts]),
    )
