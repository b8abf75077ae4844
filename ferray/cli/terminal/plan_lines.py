"""The plan of a dry run on stdout: YAML for people, one JSON document for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from ferray.cli.terminal.output import print_json, show

if TYPE_CHECKING:
    from ferray.sweeps.plan import Plan


def print_plan(plan: Plan, *, json: bool) -> None:
    """Write the plan; as YAML a key has one line, or one for each entry of what is fixed, searched, an arm or data."""
    if json:
        print_json(plan.to_json())
        return
    for key, value in plan.to_words().items():
        if isinstance(value, dict) and key in _BLOCKS:
            show(f"{key}:")
            for name, inner in value.items():
                show(f"  {name}: {_flow(inner)}", indent=" " * 6)
        else:
            show(f"{key}: {_flow(value)}", indent=" " * 4)


_BLOCKS = ("fixed", "searched", "arms", "data")


def _flow(value: Any) -> str:
    """A value on one line, as a space file would have it."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    return text.removesuffix("...\n").strip()
