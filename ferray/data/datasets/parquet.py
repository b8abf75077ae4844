"""Pictures inside tables: Parquet files, and folders of Hugging Face's `datasets`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ferray.data.arrow_tables import SUFFIXES, ArrowTable, PieceCache
from ferray.data.columns import column_if_any, column_of
from ferray.data.datasets._archives import ArchiveDataset, ArchiveParams, part_of
from ferray.data.datasets._labels import GROUP_NAMES, LABEL_NAMES, SPLIT_NAMES, Column
from ferray.data.files import shown
from ferray.data.line_names import line_name
from ferray.data.samples import Sample
from ferray.data.table_rows import Row

IMAGE_NAMES = ("image", "img", "picture", "pixel_values", "bytes")


class Parquet(ArchiveDataset):
    """Parquet files with pictures inside, or a folder of Hugging Face's `datasets` as the hub or `save_to_disk` has it.

    All `.parquet` and `.arrow` files below `path` are read; a picture is the bytes of its file, as `datasets` keeps
    images. Parts come from a column, or from names such as `train-00000-of-00001.parquet` or `validation/`. Numbers
    are named by the classes that `datasets` writes into its files, else `label_order` says whose they are.
    """

    class Params(ArchiveParams):
        image_column: Column | None = None
        """Names the column of pictures; null finds it by its name."""
        label_column: Column | None = None
        """Names the column of labels; null finds it by its name."""
        split_column: Column | None = None
        """Names the column of parts; null takes one called split, part, usage, set or subset, else files' names."""
        group_column: Column | None = None
        """Names the column of groups, which are not split; null takes one called group, subject, person or video."""

    params: Params
    suffixes = SUFFIXES
    origin = "part `{part}` of its files"
    groups = "groups of a column"
    expected_layout = "train-00000-of-00001.parquet\ndata/train-00000-of-00001.parquet\ntrain/data-00000-of-00001.arrow"
    how_to_get = "the files are your own: a column of pictures as bytes, and one of labels"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cache = PieceCache()

    def reads(self, path: str) -> bool:
        return super().reads(path) or path.lower().endswith("dataset_info.json")

    def rows(self, path: Path) -> Iterator[Row]:
        table = ArrowTable(path)
        image, label, part, group = self._columns(table)
        names = table.class_names(label)
        file = path.relative_to(self.root).as_posix()
        number = 0
        for index in range(table.num_pieces):
            wanted = tuple(dict.fromkeys(column for column in (image, label, part, group) if column))
            for row, cells in enumerate(table.piece(index, wanted)):
                number += 1
                data = _bytes_of(cells[image])
                yield Row(
                    line_name(shown(file), number),
                    _label(cells[label], names),
                    source=f"{file}@{index}:{row}@{image}",
                    content=hashlib.blake2b(data or b"", digest_size=16).hexdigest(),
                    part=_text(cells[part]) if part else part_of(path),
                    group=_text(cells[group]) if group else "",
                    flaw=None if data else ("no picture", "holds no bytes of a picture"),
                )

    def picture_bytes(self, sample: Sample) -> bytes:
        file, place, column = sample.source.rsplit("@", 2)
        piece, _, row = place.partition(":")
        return _bytes_of(self._cache.cell(self.root / file, (int(piece), int(row)), column)) or b""

    def _columns(self, table: ArrowTable) -> tuple[str, str, str, str]:
        """Those of picture, label, part and group, "" for none."""
        params = self.params
        return (
            column_of(table, params.image_column, IMAGE_NAMES, key="image_column"),
            column_of(table, params.label_column, LABEL_NAMES, key="label_column"),
            column_if_any(table, params.split_column, SPLIT_NAMES, key="split_column"),
            column_if_any(table, params.group_column, GROUP_NAMES, key="group_column"),
        )


def _bytes_of(cell: Any) -> bytes | None:
    """The bytes of a picture as `datasets` keeps it, `{bytes: ..., path: ...}`, or as they are; None for none."""
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    return data if isinstance(data, bytes) and data else None


def _label(cell: Any, names: tuple[str, ...]) -> str:
    """The label in words: a number by its name, where numbers have names."""
    if isinstance(cell, int) and not isinstance(cell, bool) and 0 <= cell < len(names):
        return names[cell]
    return _text(cell)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
