"""How a driver comes to a sweep that others may drive already."""

from __future__ import annotations

from enum import StrEnum

from ferray.errors import ConfigError


class Entry(StrEnum):
    """As the only one, beside those that drive it, or in the place of all who did."""

    ALONE = "alone"
    JOIN = "join"
    TAKE_OVER = "take over"

    @classmethod
    def of(cls, *, join: bool, take_over: bool, fresh: bool = False) -> Entry:
        """What the options ask for; ConfigError where they ask for two things at once."""
        others = [option for option, given in (("--take-over", take_over), ("--fresh", fresh)) if given]
        if join and others:
            message = f"`--join` drives a sweep beside others, `{others[0]}` without them"
            raise ConfigError(message, "leave one of the two out")
        return cls.JOIN if join else cls.TAKE_OVER if take_over else cls.ALONE
