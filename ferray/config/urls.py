"""URLs of stores as they may be shown and written."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

_URL = re.compile(r"[A-Za-z][\w+.-]*://\S+")
_SECRET = re.compile(r"pass(word|wd|phrase)|pwd|secret|token", re.IGNORECASE)


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


def storable(url: str) -> str:
    """A URL that opens the same store, without its password and options that may hold one; a file's path absolute."""
    if "://" not in url:
        return without_password(url)
    parts = urlsplit(url)
    account, at, host = parts.netloc.rpartition("@")
    pairs = [pair for pair in parse_qsl(parts.query) if not _SECRET.search(pair[0])]
    query = f"?{urlencode(pairs, safe='/')}" if pairs else ""
    path = parts.path
    if parts.scheme.partition("+")[0] == "sqlite" and path.strip("/"):
        path = f"/{Path(path.removeprefix('/')).absolute()}"
    return f"{parts.scheme}://{account.partition(':')[0]}{at}{host}{path}{query}"


def lacks_password(url: str) -> bool:
    """Whether a URL names a user and no password."""
    parts = urlsplit(url)
    return bool(parts.username) and parts.password is None
