"""Filling the templates: everything that others wrote is escaped, and nothing but ferray's own script may run.

The page's policy names its style and its script by their hashes and allows no request at all, so that a browser refuses
what might slip through. Data goes into an element that no browser runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ferray.config.readable import readable_params, readable_value
from ferray.reports import confusions, cost, summary
from ferray.reports.contents import Contents
from ferray.results.blinding import readings_sentence
from ferray.results.trial_intervals import accuracy_interval, value_interval
from ferray.system.packages import installed_version
from ferray.text.counting import counted
from ferray.text.sanitize import visible

NOTHING = "'none'"
HERE = Path(__file__).parent
STYLES = ("page.css", "figures.css", "print.css")
PIECES = 1000  # of a page that are joined at once: a large one has hundreds of thousands
MOST_SIGNS = 1000  # of a text of others: a message, a name
SCRIPTS = ("data.js", "svg.js", "table.js", "detail.js", "figures.js", "slices.js", "page.js")


def filled(contents: Contents) -> str:
    """The page of these contents."""
    style, script = own("\n".join(map(_asset, STYLES))), own(_script())
    pieces = (
        _environment()
        .get_template("page.html")
        .stream(
            page=contents,
            board=contents.board,
            record=contents.sweep.record,
            style=style,
            script=script,
            policy=policy(style, script),
            data=embedded(contents.data),
            version=installed_version("ferray"),
        )
    )
    pieces.enable_buffering(PIECES)
    return "".join(pieces)


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy: no request, and of styles and scripts these alone."""
    rules = {"default-src": NOTHING, "img-src": "data:", "style-src": _hash(style), "script-src": _hash(script)}
    return "; ".join(f"{kind} {of}" for kind, of in {**rules, "base-uri": NOTHING, "form-action": NOTHING}.items())


def embedded(data: Any) -> Markup:
    """Data as JSON that no text in it can end: `<`, `>` and `&` are escaped, as is what turns text around."""
    return Markup(_dumped(data).translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}))


def _dumped(data: Any, levels: int = 2) -> str:
    """Harmless data as JSON; of its upper levels only those parts are walked through that hold such a text."""
    if levels and isinstance(data, dict):
        parts = (f"{_dumped(str(name), 0)}:{_dumped(value, levels - 1)}" for name, value in data.items())
        return f"{{{','.join(parts)}}}"
    if levels and isinstance(data, list | tuple):
        return f"[{','.join(_dumped(value, levels - 1) for value in data)}]"
    text = _strict(data)
    return text if _is_harmless(text) else _strict(_harmless(data))


def _strict(data: Any) -> str:
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def _is_harmless(text: str) -> bool:
    """Whether every text in a JSON document is short, and plain ASCII without what JSON escapes."""
    return not ("\\" in text or "\x7f" in text) and max(map(len, text.split('"')[1::2]), default=0) <= MOST_SIGNS


def own(text: str) -> Markup:
    """A file of ferray's own, which needs no escapes; ValueError where it would end the element that it stands in."""
    if "</" in text:
        raise ValueError("a style or script holds `</`")
    return Markup(text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": summary.number,
        "reach": summary.reach,
        "coded": coded,
        "cut": cut,
        "duration": cost.duration,
        "readable": readable_value,
        "span": summary.span,
    }
    environment.globals |= {
        "HOW_SAVED": cost.HOW_SAVED,
        "HOW_SPENT": cost.HOW_SPENT,
        "accuracy_interval": accuracy_interval,
        "counted": counted,
        "readable_params": readable_params,
        "readings_sentence": readings_sentence,
        "recalls": confusions.recalls,
        "value_interval": value_interval,
        "why_no_interval": summary.why_no_interval,
    }
    return environment


def printable(value: Any) -> Any:
    """What a template prints: text with its control characters and turns written out, a "" for None."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else _visible(value) if isinstance(value, str) else value


def coded(text: str) -> Markup:
    """A sentence with what stands in backticks as code, all of it escaped; a lone backtick stays one."""
    parts = escape(_visible(text)).split("`")
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if place % 2 else part for place, part in enumerate(parts))


def cut(text: str, most: int = MOST_SIGNS) -> str:
    """A text's first signs, so that no page grows beyond what a browser opens at once; it says that it was cut."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def _visible(text: str) -> str:
    """Also half characters, of file names that are no UTF-8, which no page can hold."""
    return visible(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _harmless(data: Any) -> Any:
    if isinstance(data, str):
        return _visible(cut(data))
    if isinstance(data, dict):
        return {_visible(cut(str(key))): _harmless(value) for key, value in data.items()}
    return [_harmless(value) for value in data] if isinstance(data, list | tuple) else data


def _script() -> str:
    """All scripts as one, strict, without a name that others see."""
    return "(function () {\n'use strict';\n" + "\n".join(map(_asset, SCRIPTS)) + "\n})();\n"


def _asset(name: str) -> str:
    return (HERE / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
