"""Whether the runs of a sweep go to W&B's server as they are written, into files, or nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ferray.config.place import words_for
from ferray.errors import ConfigError
from ferray.system.environment import with_variables
from ferray.system.network import answers
from ferray.text.commands import command

ANSWER_S = 30  # within which a server says whose key it is given


def choose_mode(wandb: Any, folder: Path, say: Callable[[str], None]) -> str:
    """`online`, `offline` or `disabled`, said where it is offline; within seconds, whatever the network does.

    What the user set (`WANDB_MODE`, `wandb offline`) counts first; then a key has to be there and the host to answer.
    """
    settings = wandb.setup(wandb.Settings(silent=True)).settings
    if settings.mode == "disabled":
        return "disabled"
    reason = why_offline(wandb, settings)
    if reason:
        say(f"offline ({reason}); {sync_advice(folder)}")
    return "offline" if reason else "online"


def why_offline(wandb: Any, settings: Any) -> str:
    """Why nothing can be asked of W&B's server, in words; "" where it can."""
    if settings.mode in ("offline", "dryrun"):
        return "as asked"
    try:
        if not wandb.login(prompt=False, verify=False):
            return "no API key"
    except wandb.Error:
        return "the API key is malformed"
    # Whatever it answers: what it thinks of the request is for wandb to sort out.
    return "" if answers(settings.base_url) else "no network"


def answering(wandb: Any, folder: Path, say: Callable[[str], None]) -> str:
    """`online` where the server takes the key, else `offline`, said with the reason: before any run is begun."""
    try:
        wandb.Api(timeout=ANSWER_S).viewer  # noqa: B018 (a property that asks)
    except Exception as error:  # whatever it is, the runs are written where they can be
        say(f"offline ({type(error).__name__}: {error}); {sync_advice(folder)}")
        return "offline"
    return "online"


@contextmanager
def uploading() -> Iterator[None]:
    """Have W&B's server be asked though WANDB_MODE is `offline`, as it is on many clusters: who uploads means it.

    ConfigError where W&B is switched off.
    """
    if os.environ.get("WANDB_MODE", "").lower() == "disabled":
        raise ConfigError("W&B is switched off: WANDB_MODE is `disabled`", "unset it to upload")
    with with_variables({"WANDB_MODE": "online"}):
        yield


def sync_advice(folder: Path) -> str:
    """How to bring to W&B what is not there."""
    return f"to upload later: `{command('sync', *words_for(folder))}`"
