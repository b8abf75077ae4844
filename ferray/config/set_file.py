"""Keys of a configuration in a YAML file, in the place of as many `--set KEY=VALUE`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ferray.config.yaml import exact, read_yaml
from ferray.errors import ConfigError

SUFFIXES = (".yaml", ".yml")
CONFIG = "config"  # in what `show trial` prints, beside the parameters that were searched
_HINT = "a mapping such as `optimizer: {lr: 1e-3}`, or what `show trial` prints"


def with_files_read(items: Sequence[str]) -> Iterator[str]:
    """The items as they are, each file among them by the `KEY=VALUE` that stand in it; ConfigError for none there."""
    for item in items:
        if "=" not in item and item.endswith(SUFFIXES):
            yield from _sets_in(Path(item))
        else:
            yield item


def _sets_in(path: Path) -> Iterator[str]:
    tree = read_yaml(path)
    if isinstance(tree, dict) and isinstance(tree.get(CONFIG), dict):
        tree = tree[CONFIG]
    if not isinstance(tree, dict) or not tree:
        raise ConfigError(f"`{path}` holds no keys of a configuration", _HINT)
    for key, value in tree.items():
        yield f"{key}={exact(value)}"
