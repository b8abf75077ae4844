"""What `--name` calls a sweep: a name, or the folder of one that goes on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from shlex import join

from ferray.config.place import is_sweep, unused
from ferray.errors import ResumeMismatch
from ferray.text.commands import shortest_path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def called_by(name: str | None, output: Path) -> tuple[Path, str | None]:
    """The folder of sweeps, and the name in it, of the sweep that `--name` speaks of: a name, or a path of its folder.

    ResumeMismatch for a sweep whose folder was given a name that none can have, with how to rename it. What is no sweep
    yet is left as it is.
    """
    if name is None:
        return output, None
    places = (output / name, Path(name)) if "/" in name else (output / name,)
    folder = next((Path(os.path.normpath(place)) for place in places if is_sweep(place)), None)
    if folder is None:
        return output, name
    folder = folder if folder.name else folder.absolute()
    if not NAME.fullmatch(folder.name):
        better = unused(folder.with_name(name_like(folder.name)))
        message = f"the sweep in `{folder}` goes on under a name of letters, digits and `._-` only"
        renaming = join(["mv", shortest_path(folder), shortest_path(better)])
        raise ResumeMismatch(message, f"`{renaming}`, then `--name {better.name}`")
    return (output, folder.name) if folder.parent == Path(os.path.normpath(output)) else (folder.parent, folder.name)


def name_like(text: str) -> str:
    """The nearest to a text, and not the text itself, that names a sweep: other signs become a `-`."""
    allowed = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    name = re.sub(r"^[^A-Za-z0-9]+|-+$", "", allowed)[:100] or "my-sweep"
    return f"{name}-sweep" if name == text else name
