"""A driver's packs without Ray, for workers of another node that are in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ferray.config.trial import DatasetChoice
from ferray.data.pack_server import PackServer
from ferray.data.pack_source import PackOffer, PackSource, SourceFile, asking

PIECE = 1000  # bytes


class ServedPacks(PackSource):
    """Asks a server in this process; `asked` are the files whose content was asked for, in their order.

    The first `num_damaged` of them arrive with a flipped bit.
    """

    def __init__(self, data_root: Path, cache_dir: Path, *, num_damaged: int = 0) -> None:
        self.asked: list[str] = []
        self._server = PackServer(data_root, cache_dir)
        self._num_damaged = num_damaged

    def offer(self, choice: DatasetChoice, size: int) -> PackOffer:
        with asking(None):  # the server is no worker
            return self._server.offer(choice, size)

    def groups(self, choice: DatasetChoice, size: int) -> tuple[str, ...]:
        with asking(None):
            return self._server.groups(choice, size)

    def rows(self, name: str) -> SourceFile | None:
        return self._server.rows(name)

    def pieces(self, file: SourceFile) -> Iterator[memoryview]:
        self.asked.append(file.name)
        is_damaged = len(self.asked) <= self._num_damaged
        for start in range(0, file.num_bytes, PIECE):
            piece = bytearray(self._server.read(file.path, start, PIECE))
            piece[0] ^= is_damaged
            yield memoryview(piece)
