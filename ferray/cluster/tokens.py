"""The token that a Ray cluster asks for: where Ray looks for one, in Ray's order, and a new one where there is none."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ferray.errors import ClusterError
from ferray.files.atomic import atomic_write
from ferray.files.os_errors import writing
from ferray.files.private_folder import make_private
from ferray.files.read import read_text

MODE = "RAY_AUTH_MODE"
TOKEN = "RAY_AUTH_TOKEN"
TOKEN_PATH = "RAY_AUTH_TOKEN_PATH"
MOST_BYTES = 4096


def default_path() -> Path:
    """Where Ray keeps a user's token."""
    return Path.home() / ".ray" / "auth_token"


def read_token(environment: Mapping[str, str] = os.environ) -> str:
    """The token that commands of this user send, "" where there is none or RAY_AUTH_MODE is `disabled`.

    ClusterError where a file of one is named and cannot be read.
    """
    if environment.get(MODE, "token").lower() != "token":
        return ""
    if given := environment.get(TOKEN, "").strip():
        return given
    named = environment.get(TOKEN_PATH)
    path = Path(named) if named else default_path()
    if not named and not path.is_file():
        return ""
    return read_text(path, ClusterError, f"see {TOKEN_PATH}", noun="the token in", most_bytes=MOST_BYTES).strip()


def ensure_token() -> Path | None:
    """Where a new token was written, for the owner alone; None where there is one, which every node is given.

    That of Ray's own command is readable by everybody on the machine, and is made its owner's.
    """
    path = default_path()
    if path.is_file():
        with writing(path, ClusterError, noun="the token in"):
            path.chmod(0o600)
    if read_token():
        return None
    with writing(path, ClusterError, noun="the token in"):
        make_private(path.parent)
        with atomic_write(path, private=True) as stream:
            stream.write(secrets.token_hex(32).encode())
    return path
