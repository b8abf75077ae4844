"""Which modules a trial's components are made of, for a worker that imports them before it has a trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ferray.config.trial import Component, TrialConfig


def late_imports(configs: Iterable[TrialConfig]) -> list[str]:
    """Each module once: those that the components are in, and what they import when they are asked to build."""
    return list(dict.fromkeys(module for config in configs for module in _modules_of(config)))


def _modules_of(config: TrialConfig) -> Iterator[str]:
    for name in type(config).model_fields:
        if isinstance(chosen := getattr(config, name), Component):
            component = chosen.load()
            yield component.__module__
            yield from getattr(component, "late_imports", ())
