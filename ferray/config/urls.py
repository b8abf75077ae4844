"""URLs of stores as they may be shown and written."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_URL = re.compile(r"[A-Za-z][\w+.-]*://\S+")


def without_password(url: str) -> str:
    """A URL without user, password and options, which may hold one too."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        return "(not a URL)"
    parts = urlsplit(url)
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def hide_passwords(argument: str) -> str:
    """An argument of a command with every URL in it cut by `without_password`."""
    return _URL.sub(lambda found: without_password(found.group()), argument)
