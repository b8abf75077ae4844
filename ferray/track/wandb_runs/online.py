"""W&B's client where a command needs its server: what is missing for that is one sentence, within a bound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ferray.errors import ClusterError, ConfigError
from ferray.system.network import answers
from ferray.text.commands import script
from ferray.track.wandb_runs.client import ASK_TIMEOUT_S, Client, leave
from ferray.track.wandb_runs.files import files_kept_in
from ferray.track.wandb_runs.mode import uploading
from ferray.track.wandb_runs.place import WandbPlace

_REFUSED = ("401", "403", "API key", "PermissionError", "not logged in", "Unauthorized")


@contextmanager
def online_client(folder: Path, place: WandbPlace) -> Iterator[tuple[Client, str]]:
    """A client for the runs of the sweep in `folder`, and its server's address; wandb's service ends with it.

    ConfigError where W&B is switched off, and without a key that is taken or a server that answers; ClusterError where
    it answers with an error.
    """
    with files_kept_in(folder), uploading():
        import wandb

        try:
            address = _checked_address(wandb)
            yield Client(wandb, folder, place, mode="online"), address
        finally:
            leave()


def _checked_address(wandb: Any) -> str:
    """The server, once it has answered and taken the key."""
    settings = wandb.setup(wandb.Settings(silent=True)).settings
    address = str(settings.base_url)
    login = f"set WANDB_API_KEY, or run `{script('wandb', 'login')}`"
    try:
        if not wandb.login(prompt=False, verify=False):
            raise ConfigError("there is no W&B API key", login)
    except wandb.Error as error:
        raise ConfigError(f"W&B does not take the API key: {error}", login) from error
    if not answers(address):  # wandb itself would try for hours
        raise ConfigError(f"the W&B server `{address}` does not answer", "run this again where there is a network")
    try:
        wandb.Api(timeout=ASK_TIMEOUT_S).viewer  # noqa: B018 (a property that asks)
    except Exception as error:  # whatever W&B raises
        if any(word in str(error) for word in _REFUSED):
            raise ConfigError(f"W&B does not take the API key: {error}", login) from error
        raise ClusterError(f"the W&B server `{address}` gives no answer: {error}", "run this again later") from error
    return address
