"""URLs of stores: read in one place, and as they may be shown, written and opened.

Passwords hold what a URL should not: `@`, `/`, `?`, spaces. What stands before the last `@` is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from ferray.errors import ConfigError

HIDDEN = "***"
_OPTION = "--storage"
_SHORTEST_SECRET = 4  # letters: shorter ones are words of other things
_URL = re.compile(r"[A-Za-z][\w+.-]*://.*", re.DOTALL)  # to the argument's end, as a password may hold spaces
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*")
_SECRET = re.compile(r"pass(word|wd|phrase)|pwd|secret|token", re.IGNORECASE)
_SERVER = re.compile(
    r"(?P<host>(?:\[[\w:.%]+\]|[\w.%-]*)(?::\d*)?)(?P<path>/[^?@]*)?(?:\?(?P<query>[\w.-]+=.*)?)?", re.DOTALL
)
_FILE = re.compile(r"(?P<host>)(?P<path>/[^?]*)(?:\?(?P<query>.*))?", re.DOTALL)


@dataclass(frozen=True)
class StoreUrl:
    """The parts of a URL, as they were written. `account` is what stands before the `@`, None without one."""

    scheme: str
    account: str | None
    host: str
    path: str
    query: str

    @property
    def user(self) -> str:
        return (self.account or "").partition(":")[0]

    @property
    def password(self) -> str | None:
        _, colon, password = (self.account or "").partition(":")
        return password if colon else None

    def __str__(self) -> str:
        at = "" if self.account is None else f"{self.account}@"
        return f"{self.scheme}://{at}{self.host}{self.path}" + (f"?{self.query}" if self.query else "")


def parse_url(url: str) -> StoreUrl | None:
    """The URL's parts: the password ends at the first `@` behind which a server can be read; None where none can."""
    scheme, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return None
    starts = [0, *(found.end() for found in re.finditer("@", rest))]
    for start in starts:
        found = (_FILE if rest.startswith("/") else _SERVER).fullmatch(rest, start)
        if found is not None:
            account = rest[: start - 1] if start else None
            return StoreUrl(scheme, account, found["host"], found["path"] or "", found["query"] or "")
    return None


def without_password(url: str) -> str:
    """A URL without user, password and options, which may hold one too."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        return "(not a URL)"
    parsed = parse_url(url)
    if parsed is None or "@" in parsed.query:  # nobody can tell where its password ends
        return f"{scheme}://{HIDDEN}" if _SCHEME.fullmatch(scheme) else "(not a URL)"
    return f"{parsed.scheme}://{parsed.host}{parsed.path}"


def openable(url: str) -> str:
    """The same URL with a password that every reader of URLs finds the end of; ConfigError where there is no end."""
    if "://" not in url:
        return url
    parsed = parse_url(url)
    if parsed is None:
        message = f"the store's URL `{without_password(url)}` cannot be read"
        raise ConfigError(message, "write `@`, `/`, `?` and `:` of its password as `%40`, `%2F`, `%3F` and `%3A`")
    if parsed.account is None:
        return url
    user, colon, password = parsed.account.partition(":")
    account = f"{quote(user, safe=_KEPT)}{colon}{quote(password, safe=_KEPT)}"
    return str(StoreUrl(parsed.scheme, account, parsed.host, parsed.path, parsed.query))


_KEPT = "%!$&'()*+,;="  # by `openable`, of what is no letter: a `%` begins what is escaped already


def storable(url: str) -> str:
    """A URL that opens the same store, without its password and options that may hold one; a file's path absolute."""
    parsed = parse_url(url)
    if parsed is None:
        return without_password(url)
    pairs = [pair for pair in parse_qsl(parsed.query) if not _SECRET.search(pair[0])]
    path = parsed.path
    if parsed.scheme.partition("+")[0] == "sqlite" and path.strip("/"):
        path = f"/{Path(path.removeprefix('/')).absolute()}"
    user = None if "@" in parsed.user else parsed.user or None
    return str(StoreUrl(parsed.scheme, user, parsed.host, path, urlencode(pairs, safe="/")))


def lacks_password(url: str) -> bool:
    """Whether a URL names a user and no password."""
    parsed = parse_url(url)
    return parsed is not None and bool(parsed.user) and parsed.password is None


def holds_secret(url: str) -> bool:
    """Whether a URL has a password, an option that may be one, or no end of a password that anybody could find."""
    parsed = parse_url(url)
    if parsed is None or parsed.password is not None or "@" in parsed.query:
        return True
    return any(_SECRET.search(name) for name, _ in parse_qsl(parsed.query))


def is_shareable(url: str | None) -> bool:
    """Whether several drivers may share the store behind a URL: a journal and a file of SQLite have one."""
    return url is not None and url.partition("://")[0].partition("+")[0] == "postgresql"


def hide_passwords(arguments: Sequence[str]) -> list[str]:
    """A command's arguments, every URL in them cut by `without_password`, and so all of what `--storage` is given."""
    shown = [_URL.sub(lambda found: without_password(found.group()), argument) for argument in arguments]
    for position, argument in enumerate(arguments):
        if argument.startswith(f"{_OPTION}="):
            shown[position] = f"{_OPTION}={without_password(argument.partition('=')[2])}"
        elif position and arguments[position - 1] == _OPTION:
            shown[position] = without_password(argument)
    return shown


def conceal(text: str, arguments: Sequence[str]) -> str:
    """A text without what is secret in a command's arguments, however the text came by it."""
    for argument, shown in zip(arguments, hide_passwords(arguments), strict=True):
        if argument == shown:
            continue
        value = _URL.search(argument)
        text = text.replace(argument, shown)
        if value is not None:
            text = text.replace(value.group(), without_password(value.group()))
            for secret in _spellings(value.group()):
                text = text.replace(secret, HIDDEN)
    return text


def _spellings(url: str) -> list[str]:
    """How the URL's password may be written, the longest first."""
    parsed = parse_url(url)
    plain = unquote((parsed and parsed.password) or "")
    written = {(parsed and parsed.password) or "", plain, quote(plain), quote(plain, safe="")}
    return sorted((word for word in written if len(word) >= _SHORTEST_SECRET), key=len, reverse=True)
