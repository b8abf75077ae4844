"""Tiny sets whose pictures lie inside other files: Parquet, Arrow, tar. Each writer returns the data root."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from ferray.emotions import Emotion
from ferray.testing.fake_data import fake_image

# Classes of a column as somebody may have numbered them: by name, which is ferray's order for none but the first.
CLASS_NAMES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def png(label: int, number: int, *, side: int = 20) -> bytes:
    """The bytes of a picture of a class."""
    return cv2.imencode(".png", fake_image(label, number, width=side, height=side))[1].tobytes()


def image_rows(per_class: int, first: int = 0) -> list[dict[str, Any]]:
    """Rows as `datasets` of Hugging Face keeps pictures and classes."""
    return [
        {"image": {"bytes": png(emotion, number), "path": f"{emotion}_{number}.png"}, "label": int(emotion)}
        for number in range(first, first + per_class)
        for emotion in Emotion
    ]


def table_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str] = CLASS_NAMES) -> pa.Table:
    """A table of rows; `names` of its classes stand in the schema as `datasets` writes them, unless there are none."""
    features = features_of(names)
    table = pa.Table.from_pylist([dict(row) for row in rows])
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})} if names else {})


def features_of(names: Sequence[str]) -> dict[str, Any]:
    """What `datasets` says of a column of pictures and one of classes."""
    return {"image": {"_type": "Image"}, "label": {"names": list(names), "_type": "ClassLabel"}}


def write_parquet(root: Path, *, per_class: int = 3, names: Sequence[str] = CLASS_NAMES) -> Path:
    """`data/train-00000-of-00001.parquet` and `data/validation-...` as on the hub, in row groups of five."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(("train", "validation")):
        table = table_of(image_rows(per_class, 1000 * number), names)
        pq.write_table(table, root / "data" / f"{part}-00000-of-00001.parquet", row_group_size=5)
    return root


def write_arrow(root: Path, *, per_class: int = 3) -> Path:
    """`train/data-00000-of-00001.arrow` and `test/...` as `save_to_disk` writes them, classes beside."""
    for number, part in enumerate(("train", "test")):
        (root / part).mkdir(parents=True, exist_ok=True)
        table = table_of(image_rows(per_class, 1000 * number), ())
        path = root / part / "data-00000-of-00001.arrow"
        with path.open("wb") as stream, ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table, max_chunksize=5)
        (root / part / "dataset_info.json").write_text(json.dumps({"features": features_of(CLASS_NAMES)}))
        (root / part / "state.json").write_text("{}")
    return root


def write_shards(root: Path, *, per_class: int = 3) -> Path:
    """`train-000000.tar`, whose labels are `.cls`, and `val-000000.tar`, whose labels stand in `.json`."""
    train = [(f"{e:d}_{n}", {"png": png(e, n), "cls": e.title.encode()}) for n in range(per_class) for e in Emotion]
    write_tar(root / "train-000000.tar", train)
    val = [
        (f"{e:d}_{n}", {"png": png(e, 1000 + n), "json": json.dumps({"label": e.title, "subject": f"p{n}"}).encode()})
        for n in range(per_class)
        for e in Emotion
    ]
    return write_tar(root / "val-000000.tar", val)


def write_tar(path: Path, entries: Iterable[tuple[str, Mapping[str, bytes]]]) -> Path:
    """An archive of files `key.suffix`; its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:") as archive:
        for key, files in entries:
            for suffix, content in files.items():
                member = tarfile.TarInfo(f"{key}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path.parent
