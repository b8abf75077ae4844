"""What building a network has shown before, kept in the cache, so that a second check needs no torch for it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ferray.config.trial import TrialConfig
from ferray.errors import DataError
from ferray.files.atomic import write_text
from ferray.files.read import read_json
from ferray.system.packages import installed_version

FOLDER = "networks"
_PACKAGES = ("ferray", "torch", "timm")
_OURS = f"{__package__}."


class KnownNetworks:
    """Answers by what they depend on: the question, the source of ferray's models, and versions."""

    def __init__(self, cache_dir: Path) -> None:
        self._folder = cache_dir / FOLDER

    def answer(self, question: str, configs: Sequence[TrialConfig], ask: Callable[[], Any]) -> Any:
        """What `ask` answers about networks like these, or has answered before, in plain JSON.

        `question` says all that matters but the source. What depends on a file of weights, or on the code of another
        package, is always asked; None is an answer that is not kept. A cache that cannot be read or written is none.
        """
        if any(_depends_on_file(config) or not _is_ours(config) for config in configs):
            return ask()
        path = self._folder / f"{_digest([question, *_versions()])}.json"
        with suppress(DataError, OSError):
            if path.exists():
                return read_json(path)
        found = ask()
        if found is not None:
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                write_text(path, json.dumps(found))
        return found


def _depends_on_file(config: TrialConfig) -> bool:
    return bool(config.init_from or config.backbone.params.get("weights"))


def _is_ours(config: TrialConfig) -> bool:
    return all(part.load().__module__.startswith(_OURS) for part in (config.backbone, config.head))


@cache
def _versions() -> tuple[str, ...]:
    """Of Python and of what builds networks, and the source of ferray's own."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    models = _digest([path.read_text(encoding="utf-8") for path in sources])
    return (platform.python_version(), models, *map(_version_of, _PACKAGES))


def _version_of(package: str) -> str:
    return f"{package} {installed_version(package)}".rstrip()


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
