"""A headless Chromium for tests and benchmarks, which opens files and is asked what it shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@dataclass
class OpenedPage:
    """A file as a browser shows it; `heard` is what its console said, `asked` what it asked for beside itself."""

    page: Any
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """The visible text of each element, in the order of the page."""
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return [" ".join(text.split()) for text in found]

    def violations(self) -> list[str]:
        """What axe-core finds wrong for people who hear a page or use its keys, a line each."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


class Browser:
    """A Chromium that runs."""

    def __init__(self, started: Any) -> None:
        self._started = started

    def open(self, file: Path, *, width: int = 1280, scheme: str = "light") -> OpenedPage:
        """Show a file in a window of its own, drawn to its end."""
        context = self._started.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened = OpenedPage(context.new_page())
        opened.page.on("console", lambda message: opened.heard.append(message.text))
        opened.page.on("pageerror", lambda error: opened.heard.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.heard.append(dialog.message))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(file.absolute().as_uri())
        opened.asked = [url for url in opened.asked if url != file.absolute().as_uri() and url[:5] != "data:"]
        return opened


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own, gone at the end; its profile is new and empty."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A socket of Chromium's lies among its temporary files, and no socket's path is longer than some 100 bytes.
        place: dict[str, str | float | bool] = {**os.environ, "TMPDIR": "/tmp"}
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS), env=place)
        try:
            yield Browser(started)
        finally:
            started.close()
