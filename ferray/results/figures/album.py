"""Where figures are kept: PNG and SVG files that say in their metadata what they show, replaced as a whole or not."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from ferray.errors import ConfigError
from ferray.files.atomic import atomic_write
from ferray.results.figures.letters import dress
from ferray.results.figures.style import HEIGHT_IN, LOOK, MARGIN_IN, WIDTH_IN

Draw = Callable[[Figure], None]
Item = TypeVar("Item")

DPI = 200
FILES: dict[str, Any] = {
    "backend": "agg",
    "figure.dpi": DPI,
    "svg.fonttype": "none",  # letters stay letters: they can be searched, and read by a test
    "svg.hashsalt": "ferray",  # the same bytes each time
}
DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


class Album:
    """The figures of one subject in one folder, which is made when the first is drawn.

    `subject` (`sfew, trial 17`) is written into every file. `files` are those written, `replaced` those of them that
    were there before, `missing` the letters that no installed font has. No window and no global state of matplotlib is
    touched, so any thread may draw. ConfigError where the folder holds figures of another subject.
    """

    def __init__(self, folder: Path, subject: str, *, sweep: Path | None = None) -> None:
        """`sweep` is the sweep's own folder: figures in it are of this sweep, whatever it was called when drawn."""
        self.folder = folder
        self.subject = subject
        self._sweep = sweep
        self.files: list[Path] = []
        self.replaced: list[Path] = []
        self.missing: set[str] = set()
        self._refuse_others()

    def _refuse_others(self) -> None:
        for path in sorted(self.folder.glob("*.svg")):
            if (other := subject_of(path)) and not self._is_own(other):
                raise ConfigError(
                    f"`{self.folder}` holds figures of `{other}`, not of `{self.subject}`", "choose another `--to`"
                )

    def _is_own(self, subject: str) -> bool:
        if subject == self.subject:
            return True
        is_inside = self._sweep is not None and self.folder.absolute().is_relative_to(self._sweep.absolute())
        return is_inside and subject.partition(", ")[2] == self.subject.partition(", ")[2] != ""

    def chapter(self, name: str, subject: str) -> Album:
        """Figures of a narrower subject in a folder below, counted with these."""
        inner = Album(self.folder / name, subject, sweep=self._sweep)
        inner.files, inner.replaced, inner.missing = self.files, self.replaced, self.missing
        return inner

    def add(self, stem: str, draw: Draw, *, width_in: float = WIDTH_IN, height_in: float = HEIGHT_IN) -> None:
        """Let `draw` fill an empty figure, and write it as `stem`.png and `stem`.svg, each in one step.

        `height_in` is that of the axes; what `draw` entitles and the legend make the figure higher.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        settings: Any = {**dict(mpl.rcParamsDefault), **LOOK, **FILES}
        with mpl.rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # `missing` has them
            figure = Figure(figsize=(width_in, height_in), layout="constrained")
            draw(figure)
            figure.draw_without_rendering()  # so that every tick has its text
            self.missing |= dress(figure)
            figure.set_layout_engine("none")  # everything has its place; finding it again takes longest
            whole = _whole(figure)
            for kind in ("png", "svg"):
                self._save(figure, self.folder / f"{stem}.{kind}", whole)

    def add_pages(
        self,
        stem: str,
        items: Sequence[Item],
        draw: Callable[[Figure, Sequence[Item]], None],
        *,
        most: int,
        height_in: Callable[[Sequence[Item]], float] = lambda _: HEIGHT_IN,
        width_in: float = WIDTH_IN,
    ) -> None:
        """`add` for at most so many items at a time, as `stem`, `stem`_2 and on; nothing where there is no item.

        Pages of an earlier set beyond the last one go away. `height_in` is asked with the items of the page.
        """
        pages = [items[start : start + most] for start in range(0, len(items), most)]
        for number, page in enumerate(pages, start=1):
            name = stem if number == 1 else f"{stem}_{number}"
            self.add(name, _of_page(draw, page), width_in=width_in, height_in=height_in(page))
        if pages:
            self._forget_pages(stem, len(pages) + 1)

    def _forget_pages(self, stem: str, number: int) -> None:
        while self._is_own(subject_of(self.folder / f"{stem}_{number}.svg")):
            for kind in ("png", "svg"):
                (self.folder / f"{stem}_{number}.{kind}").unlink(missing_ok=True)
            number += 1

    def _save(self, figure: Figure, path: Path, whole: Bbox | None) -> None:
        unset = {"Date": None, "Creator": None} if path.suffix == ".svg" else {"Software": None}
        if path.exists():
            self.replaced.append(path)
        metadata = {**unset, "Description": self.subject}
        with atomic_write(path, durable=False) as stream:  # it can be drawn again
            figure.savefig(stream, format=path.suffix[1:], metadata=metadata, bbox_inches=whole)
        self.files.append(path)


def subject_of(path: Path) -> str:
    """What an SVG says that it shows; "" where it says nothing, or is not there."""
    try:
        found = ElementTree.parse(path).getroot().find(f".//{DESCRIPTION}")
    except (OSError, ElementTree.ParseError):
        return ""
    return found.text or "" if found is not None else ""


def _of_page(draw: Callable[[Figure, Sequence[Item]], None], page: Sequence[Item]) -> Draw:
    return lambda figure: draw(figure, page)


def _whole(figure: Figure) -> Bbox | None:
    """The figure with all that reaches beyond it, and a margin, in inches; None where nothing does."""
    page = Bbox.from_bounds(0, 0, figure.get_figwidth(), figure.get_figheight())
    drawn = figure.get_tightbbox()
    beyond = max(page.x0 - drawn.x0, page.y0 - drawn.y0, drawn.x1 - page.x1, drawn.y1 - page.y1)
    return None if beyond <= 0 else Bbox.union([page, drawn.padded(MARGIN_IN)])
