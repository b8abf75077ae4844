"""What W&B's client raises, as errors of ours: it has an exception of its own for each layer that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ferray.errors import ClusterError, ConfigError, FerrayError
from ferray.text.commands import script

_OF_THE_KEY = ("401", "403", "not logged in", "API key", "PERMISSION")
_AGAIN = "run this again later: it changes the same one"


@contextmanager
def refusals_named(what: str) -> Iterator[None]:
    """ConfigError for a key that is not taken, ClusterError for all else that W&B's client raises."""
    try:
        yield
    except FerrayError:
        raise
    except TimeoutError as error:
        raise ClusterError(f"W&B has not received all of {what} in time", _AGAIN) from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        message = f"W&B did not take {what}: {reason}"
        if any(word in reason for word in _OF_THE_KEY):
            raise ConfigError(message, f"set WANDB_API_KEY, or run `{script('wandb', 'login')}`") from error
        raise ClusterError(message, _AGAIN) from error
