"""A plain value where a group of keys belongs: `optimizer: sgd` means `optimizer.name: sgd`."""

from __future__ import annotations

import re

from pydantic import ValidationError

from ferray.config.sweep import Budget, Objective
from ferray.config.trial import TrialConfig, group_class
from ferray.registry import Params

_OF_TRIAL = {field: found for field in TrialConfig.model_fields if (found := group_class(field)) is not None}
GROUPS: dict[str, type[Params]] = {**_OF_TRIAL, "objective": Objective, "budget": Budget}
_LINE = re.compile(r"(?:.*\.)?(?P<field>\w+): is `(?P<value>.*)`, expected is keys with their values")


def with_offer(line: str, sign: str) -> str:
    """A problem's line, with an offer where one key alone of the group takes the value; `sign` stands between both."""
    found = _LINE.fullmatch(line)
    if found is None or found["field"] not in GROUPS:
        return line
    field, value = found["field"], found["value"]
    taking = [key for key in GROUPS[field].model_fields if _takes(GROUPS[field], key, value)]
    return f"{line}; did you mean `{field}.{taking[0]}{sign}{value}`?" if len(taking) == 1 else line


def _takes(group: type[Params], key: str, value: str) -> bool:
    try:
        group.model_validate({key: value})
    except ValidationError:
        return False
    return True
