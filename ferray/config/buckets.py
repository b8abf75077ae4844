"""Files at an address such as `s3://bucket/folder`, through fsspec: the only place that knows that library.

Clients take their credentials and servers from the environment as their clouds' own tools do; no address holds any.
"""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ferray.config.optional_package import not_imported
from ferray.errors import ConfigError, FerrayError, did_you_mean
from ferray.text.commands import install_extra

Client = Any  # an AbstractFileSystem of fsspec, which has no types
EXTRAS = {"s3": "aws", "s3a": "aws", "gs": "gcp", "gcs": "gcp"}  # by the kind of address, what brings its client
CONNECT_WITHIN_S = 10
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+([^/].*)", re.DOTALL)
_CREDENTIALS = re.compile(r"://[^/]*:(?!\d{2,5}/).*@", re.DOTALL)  # keys of S3 have slashes, and a port is no password
_OF_THIS_MACHINE = {"file", "local"}
_S3 = {"config_kwargs": {"connect_timeout": CONNECT_WITHIN_S, "retries": {"max_attempts": 3}}}


def as_address(given: str) -> str | None:
    """The address that is meant, without a slash at its end; None for a path.

    A `pathlib.Path` has swallowed one of the two slashes of an address.
    """
    found = _ADDRESS.fullmatch(given)
    return f"{found[1]}://{found[2].rstrip('/')}" if found else None


def bucket_kinds() -> set[str]:
    """The kinds of addresses that fsspec knows, of which some need a client to be installed."""
    import fsspec

    return {kind for kind in fsspec.available_protocols() if kind.isalnum()} - _OF_THIS_MACHINE


def refuse_credentials(address: str) -> None:
    """ConfigError for an address that holds a password: it would stand in the record, and in what is printed."""
    if _CREDENTIALS.search(address):
        message = f"`{_CREDENTIALS.sub('://...@', address)}` holds a user and a password"
        raise ConfigError(message, "leave them out: they are taken from the environment, as its own client takes them")


def open_bucket(address: str, **options: Any) -> tuple[Client, str]:
    """The files at an address: the client, and the path by which it calls them; `options` are fsspec's.

    ConfigError for a kind of address that there is not, for one whose client is not installed, and for one that holds
    a password.
    """
    import fsspec

    refuse_credentials(address)
    kind = address.partition("://")[0]
    known = bucket_kinds()
    if kind not in known:
        message = f"`{kind}` is no kind of storage that ferray knows, in `{address}`"
        raise ConfigError(message, did_you_mean(kind, known))
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)  # tells of each error that it raises, with its traceback
    bounds = _S3 if EXTRAS.get(kind) == "aws" else {}
    try:
        client, path = fsspec.core.url_to_fs(address, **bounds, **options)
    except ImportError as error:
        hint = f"`{install_extra(EXTRAS[kind])}`" if kind in EXTRAS else str(error)
        raise not_imported(f"`{address}` needs a client that", error, hint) from error
    except ValueError as error:
        raise ConfigError(f"`{address}` is no address of a folder: {error}") from error
    return client, str(path).rstrip("/")


@contextmanager
def bucket_errors() -> Iterator[None]:
    """Around what a client does: whatever it raises is an OSError, in its own words, as of a disk."""
    try:
        yield
    except FileNotFoundError as error:
        if error.errno is None and " " not in str(error):  # a path alone, which tells nobody what is wrong with it
            raise FileNotFoundError(errno.ENOENT, "nothing is there") from error
        raise
    except (OSError, FerrayError, MemoryError):
        raise
    except Exception as error:  # each cloud has a tree of its own: of credentials, of connections, of answers
        words = str(error).strip().split("\n", 1)[0] or type(error).__name__
        raise OSError(errno.EIO, words) from error


def version_of(known: dict[str, Any]) -> list[Any]:
    """What tells one content of a file from another, by what its listing says: its size, and a mark of each cloud's."""
    marks = (
        "ETag",
        "etag",
        "md5Hash",
        "generation",
        "content_md5",
        "LastModified",
        "last_modified",
        "mtime",
        "created",
    )
    mark = next((str(known[name]) for name in marks if known.get(name)), "")
    return [known.get("size"), mark]
