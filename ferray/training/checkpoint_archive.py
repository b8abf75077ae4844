"""`write_archive`: the file that `torch.save` writes, for a state most of whose tensors were in the file before.

A head of a frozen backbone is 70 kB beside 14 MB that all heads have alike: hundreds of small tensors, of which torch
works out each time how they are pickled, where they lie and what their checksums are.
"""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zlib
from collections.abc import Iterable
from typing import Any, BinaryIO

import torch
from torch import Tensor, UntypedStorage

PROTOCOL = 2  # torch's
ALIGNMENT = 64  # of each part of the file, so that torch can map it
MOST_BYTES, MOST_PARTS = 2**31, 2**15  # beyond them an archive has other headers
_LOCAL, _CENTRAL, _END = "<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"


class KeptTensors:
    """Tensors on CPU that nobody changes, and what it takes to write them once more."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        self._tensors = list(tensors)  # as long as they are kept, nothing else has their identity
        self.reduced = {id(tensor): _reduced(tensor) for tensor in self._tensors}
        storages = [tensor.untyped_storage() for tensor in self._tensors]
        self._contents = {storage._cdata: _content(storage) for storage in storages}
        self._versions = self._versions_now()

    @property
    def are_unchanged(self) -> bool:
        """Whether nobody has written to them after all."""
        return self._versions == self._versions_now()

    def content(self, storage: UntypedStorage) -> tuple[memoryview, int]:
        """What a storage holds, and its CRC-32."""
        return self._contents.get(storage._cdata) or _content(storage)

    def _versions_now(self) -> list[int]:
        return [tensor._version for tensor in self._tensors]


def write_archive(state: dict[str, Any], stream: BinaryIO, kept: KeptTensors) -> None:
    """Write plain containers and tensors on CPU, the `kept` ones among them, for `torch.load` to read."""
    pickled = io.BytesIO()
    pickler = _Pickler(pickled, kept)
    pickler.dump(state)
    storages = pickler.storages
    is_large = len(storages) > MOST_PARTS or sum(storage.nbytes() for storage in storages) > MOST_BYTES
    if is_large or not kept.are_unchanged:
        torch.save(state, stream)
        return
    archive = _Archive(stream)
    archive.add("data.pkl", pickled.getbuffer())
    archive.add(".format_version", b"1")
    archive.add(".storage_alignment", str(ALIGNMENT).encode())
    archive.add("byteorder", sys.byteorder.encode())
    for number, storage in enumerate(storages):
        archive.add(f"data/{number}", *kept.content(storage))
    archive.add("version", b"3\n")
    archive.end()


class _Pickler(pickle.Pickler):
    """Pickles as `torch.save` does: what tensors hold is named by a number, and comes as `storages` in that order."""

    def __init__(self, stream: BinaryIO, kept: KeptTensors) -> None:
        super().__init__(stream, PROTOCOL)
        self._reduced = kept.reduced
        self._numbers: dict[int, int] = {}  # by where a storage lies
        self.storages: list[UntypedStorage] = []

    def reducer_override(self, found: Any) -> Any:
        return self._reduced.get(id(found), NotImplemented)

    def persistent_id(self, found: Any) -> Any:
        if not isinstance(found, torch.TypedStorage):
            return None
        stored: Any = found  # torch does not type what it asks here itself
        storage = stored._untyped_storage
        number = self._numbers.setdefault(storage._cdata, len(self.storages))
        if number == len(self.storages):
            self.storages.append(storage)
        return ("storage", getattr(torch, stored._pickle_storage_type()), str(number), "cpu", stored._size())


class _Archive:
    """A zip file whose parts are stored as they are, each aligned."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offset = 0
        self._contents: list[bytes] = []

    def add(self, name: str, content: bytes | memoryview, checksum: int | None = None) -> None:
        """One more part."""
        path, size = f"archive/{name}".encode(), len(content)
        crc = zlib.crc32(content) if checksum is None else checksum
        shared = (0, 0, 0, 0, crc, size, size, len(path))  # flags, stored, no time, no date
        filling = -(self._offset + struct.calcsize(_LOCAL) + len(path) + 4) % ALIGNMENT
        extra = struct.pack("<2sH", b"FB", filling) + b"Z" * filling
        central = struct.pack(_CENTRAL, b"PK\1\2", 0, 0, *shared, 0, 0, 0, 0, 0, self._offset)
        self._contents.append(central + path)
        self._write(struct.pack(_LOCAL, b"PK\3\4", 0, *shared, len(extra)) + path + extra)
        self._write(content)

    def end(self) -> None:
        """The table of contents, with which the file is whole."""
        begin, table = self._offset, b"".join(self._contents)
        num = len(self._contents)
        self._write(table + struct.pack(_END, b"PK\5\6", 0, 0, num, num, len(table), begin, 0))

    def _write(self, content: bytes | memoryview) -> None:
        self._stream.write(content)
        self._offset += len(content)


def _content(storage: UntypedStorage) -> tuple[memoryview, int]:
    content = torch.empty(0, dtype=torch.uint8).set_(storage).numpy().data
    return content, zlib.crc32(content)


def _reduced(tensor: Any) -> Any:
    return tensor.__reduce_ex__(PROTOCOL)
