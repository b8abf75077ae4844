"""Parquet and Arrow files, a piece at a time: a row group or a record batch, which memory holds.

The only module that knows pyarrow. What these libraries raise for a damaged file becomes a DataError that names it.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ferray.data.file_kinds import HEAD_BYTES, kind_of
from ferray.data.files import regular_file
from ferray.errors import DataError
from ferray.files.os_errors import reading
from ferray.system.late import late

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.ipc as ipc
    import pyarrow.parquet as pq
else:
    pa, ipc, pq = late("pyarrow"), late("pyarrow.ipc"), late("pyarrow.parquet")

SUFFIXES = (".parquet", ".arrow")
MOST_PIECE_BYTES = 2 * 2**30  # of a row group, once it is unpacked
MOST_FEATURES_BYTES = 2**20
KEPT_PIECES = 2
_ARROW_FILE = b"ARROW1"


class ArrowTable:
    """One file's rows in pieces; `columns` are its columns' names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._errors():
            regular_file(path)
            with path.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
            kind = kind_of(head)
            if kind is not None and not head.startswith(b"PAR1"):
                raise DataError(f"`{path}` is {kind.name}, not a table", kind.remedy)
            if path.suffix.lower() == ".parquet":
                self._parquet, self._batches = pq.ParquetFile(path), None
                self.schema = self._parquet.schema_arrow
            else:
                self._parquet, (self.schema, self._batches) = None, _read_arrow(path, head)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in their order."""
        return tuple(self.schema.names)

    @property
    def num_pieces(self) -> int:
        """How many pieces there are."""
        return int(self._parquet.num_row_groups if self._parquet is not None else len(self._batches or ()))

    def piece(self, index: int, columns: tuple[str, ...]) -> list[dict[str, Any]]:
        """The rows of one piece as dictionaries of these columns; DataError where it is damaged or too large."""
        with self._errors():
            if self._parquet is None:
                batch = (self._batches or ())[index].select(list(columns))
                batch.validate(full=True)  # else offsets that a damaged file holds are followed to wherever they lead
                return list(batch.to_pylist())
            num_bytes = self._parquet.metadata.row_group(index).total_byte_size
            if num_bytes > MOST_PIECE_BYTES:
                message = f"a row group of `{self.path}` has {num_bytes:,} bytes, at most {MOST_PIECE_BYTES:,} are read"
                raise DataError(message, "write it with smaller row groups")
            table = self._parquet.read_row_group(index, columns=list(columns))
            table.validate(full=True)
            return list(table.to_pylist())

    @cached_property
    def features(self) -> dict[str, Any]:
        """What `datasets` of Hugging Face says of the columns, in the schema or in `dataset_info.json`; {} for none."""
        written = (self.schema.metadata or {}).get(b"huggingface")
        if written:
            return _features_in(written, "info")
        info = self.path.parent / "dataset_info.json"
        is_small = info.is_file() and info.stat().st_size <= MOST_FEATURES_BYTES
        return _features_in(info.read_bytes()) if is_small else {}

    def class_names(self, column: str) -> tuple[str, ...]:
        """Names of the numbers in a column of classes; none where nothing names them."""
        known = self.features.get(column)
        names = known.get("names") if isinstance(known, dict) else None
        return tuple(map(str, names)) if isinstance(names, list) else ()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What pyarrow raises, as a DataError about the file; its errors of reading are OSErrors too."""
        try:
            with reading(self.path, DataError, "copy it again"):
                yield
        except (pa.ArrowException, pa.ArrowInvalid, ValueError, KeyError) as error:
            raise DataError(f"`{self.path}` is damaged, or no table", "copy it again") from error


class PieceCache:
    """The last pieces that were read, for threads that decode samples in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[Path, ArrowTable] = {}
        self._pieces: OrderedDict[tuple[Path, int, str], list[dict[str, Any]]] = OrderedDict()

    def cell(self, path: Path, place: tuple[int, int], column: str) -> Any:
        """The cell of a column at `place`, the piece and the row in it."""
        key = (path, place[0], column)
        with self._lock:
            if key not in self._pieces:
                if path not in self._tables:
                    self._tables[path] = ArrowTable(path)
                self._pieces[key] = self._tables[path].piece(place[0], (column,))
                while len(self._pieces) > KEPT_PIECES:
                    self._pieces.popitem(last=False)
            return self._pieces[key][place[1]][column]


def _read_arrow(path: Path, head: bytes) -> tuple[pa.Schema, list[Any]]:
    """Schema and batches of an Arrow file or stream, over the mapped file."""
    mapped = pa.memory_map(str(path), "r")
    if head.startswith(_ARROW_FILE):
        opened = ipc.open_file(mapped)
        return opened.schema, [opened.get_batch(index) for index in range(opened.num_record_batches)]
    stream = ipc.open_stream(mapped)
    return stream.schema, list(stream)


def _features_in(written: bytes, *keys: str) -> dict[str, Any]:
    """The `features` of a JSON document, below these keys; {} where it holds none."""
    try:
        found = json.loads(written)
    except ValueError:
        return {}
    for key in (*keys, "features"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
