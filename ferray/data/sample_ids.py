"""Ids of samples: numbers that stay with an image, whatever other images are added or taken away."""

from __future__ import annotations

import hashlib

NUM_BYTES = 6  # 15 digits at most: exact in a spreadsheet, a float and JavaScript


class SampleIds:
    """Ids for the samples of one data set: hashes of 48 bits, all different.

    An id is made of a path inside the data set and of a hash of the content. Of samples that share both, such as equal
    rows of a csv, each later one gets the id of its occurrence.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def of(self, path: str, content: str) -> int:
        """The id of the next sample with this path and content."""
        occurrence = 0
        while True:
            text = f"{path}\0{content}\0{occurrence}".encode("utf-8", "surrogateescape")
            number = int.from_bytes(hashlib.blake2b(text, digest_size=NUM_BYTES).digest())
            if number not in self._taken:
                self._taken.add(number)
                return number
            occurrence += 1
