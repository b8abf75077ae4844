"""`faces.csv`: where the face of every picture is, written to be corrected by hand and read back."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ferray.data.file_kinds import refuse_no_csv
from ferray.errors import DataError
from ferray.faces import Detection, Point
from ferray.files.atomic import write_text
from ferray.files.os_errors import reading
from ferray.text.counting import counted
from ferray.text.sanitize import csv_text, read_cell

BOX = ("x", "y", "width", "height")
COLUMNS = ("source", "class", "part", *BOX, "score", "eyes", "num_faces", "flags", "tilt_deg", "sharpness", "file")
MOST_SHOWN = 20
FURTHEST = 100_000.0  # pixels; no picture that is read is as large


def read_boxes(path: Path) -> dict[str, Detection | None]:
    """The face of each source, None where its row has no box; only `source` and the four of the box must be there.

    `eyes` is `x y x y`, the eye on the left first, or empty. DataError that lists every row that is wrong.
    """
    found: dict[str, Detection | None] = {}
    wrong: list[str] = []
    for line, row in _rows(path):
        source = row["source"]
        try:
            face = _face(row)
            if source in found:
                raise ValueError("stands twice, each picture has one row")
            found[source] = face
        except ValueError as error:
            wrong.append(f"line {line}, `{source}`: {error}")
    if wrong:
        raise _listed(path, wrong)
    return found


def write_boxes(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Replace `path` by rows by column; what a row leaves out is empty."""
    text = csv_text([COLUMNS, *([row.get(name, "") for name in COLUMNS] for row in rows)])
    write_text(path, text, errors="backslashreplace")


def box_cells(face: Detection) -> dict[str, str]:
    """The cells of a row that say where the face is, exact to a thousandth of a pixel."""
    cells = {name: _short(getattr(face, name)) for name in BOX}
    eyes = "" if face.eyes is None else " ".join(_short(number) for eye in face.eyes for number in eye)
    return {**cells, "score": f"{face.score:.4f}", "eyes": eyes}


def unknown_sources(path: Path, sources: list[str], dataset_names: Iterable[str]) -> DataError | None:
    """The error for rows that name no picture of the data set."""
    known = set(dataset_names)
    strange = [f"`{source}` is no picture of the data set" for source in sources if source not in known]
    return _listed(path, strange) if strange else None


def _listed(path: Path, problems: list[str]) -> DataError:
    shown = [f"  {problem}" for problem in problems[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        shown.append(f"  and {len(problems) - MOST_SHOWN} more")
    return DataError(
        "\n".join([f"`{path}` has {counted(len(problems), 'problem')}", *shown]),
        "mend or delete the rows that are named",
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with reading(path, DataError, "check the path given as `--boxes`"):
        refuse_no_csv(path)
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            yield from _cells(csv.DictReader(stream, restval="", restkey="beyond"), path)


def _cells(reader: csv.DictReader[str], path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        missing = [name for name in ("source", *BOX) if name not in (reader.fieldnames or ())]
        if missing:
            hint = f"its header must name source, {', '.join(BOX)}"
            raise DataError(f"`{path}` has no column `{missing[0]}`", hint)
        for row in reader:
            yield reader.line_num, {key: read_cell(value) for key, value in row.items() if isinstance(value, str)}
    except csv.Error as error:
        raise DataError(f"`{path}` is not a csv: {error}", "save it as plain text with commas") from error


def _face(row: dict[str, str]) -> Detection | None:
    cells = [row[name].strip() for name in BOX]
    if not any(cells):
        return None
    x, y, width, height = (_number(name, cell) for name, cell in zip(BOX, cells, strict=True))
    if width <= 0 or height <= 0:
        raise ValueError(f"a box of `{width:g}` x `{height:g}` pixels holds nothing")
    score = row.get("score", "").strip()
    return Detection(x, y, width, height, _number("score", score) if score else 1.0, _eyes(row.get("eyes", "")))


def _eyes(text: str) -> tuple[Point, Point] | None:
    words = text.split()
    if not words:
        return None
    if len(words) != 4:
        raise ValueError(f"eyes are `{text}`, expected four numbers: x y of the left one, x y of the right one")
    left_x, left_y, right_x, right_y = (_number("eyes", word) for word in words)
    return (left_x, left_y), (right_x, right_y)


def _number(column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= FURTHEST:
        raise ValueError(f"{column} is `{text}`, not a number of pixels" if column != "score" else f"score is `{text}`")
    return number


def _short(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
