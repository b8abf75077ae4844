"""`--keep`: how many of a sweep's complete trials keep their best.pt. None is all of them."""

from __future__ import annotations

import re

from ferray.errors import ConfigError


def parse_keep(text: str) -> int | None:
    """`all`, `none` or `best=3` as a number of trials; ConfigError for anything else."""
    asked = text.strip().lower()
    if asked == "all":
        return None
    if asked == "none":
        return 0
    match = re.fullmatch(r"best\s*=\s*([1-9][0-9]*)", asked)
    if match is None:
        message = f"`--keep {text}` does not say which trials keep their checkpoints"
        raise ConfigError(message, "write `best=3` for the three best, `all` or `none`")
    return int(match[1])


def keep_words(most: int | None) -> str:
    """The inverse of `parse_keep`."""
    if most is None:
        return "all"
    return f"best={most}" if most else "none"
