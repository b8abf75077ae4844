"""What a job gets to see of this machine: ferray itself, the search space, and the files that its options name.

Nothing else of the folder that a job is handed in from is sent: no data, no results, no secret, whatever lies there.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ferray.config.load import shipped_folder
from ferray.errors import ConfigError
from ferray.files.os_errors import writing
from ferray.text.commands import PACKAGE
from ferray.text.counting import counted

MOST_BYTES_OF_A_FILE = 64 * 2**20  # as large as a list of parameter sets may be
SPACES = Path("search_spaces")
GIVEN = "given"  # the folder of files from elsewhere
_SHIPPED = "search_spaces"
_LEFT_OUT = ("__pycache__", "_shipped")


@dataclass(frozen=True)
class WorkingDir:
    """The files of a job, by their paths below its working directory; ferray's own package comes along with them."""

    files: Mapping[str, Path]

    @property
    def sentence(self) -> str:
        """What is sent, in words."""
        if not self.files:
            return "sent is ferray itself, and no file of yours"
        named = ", ".join(f"`{name}`" for name in sorted(self.files))
        return f"sent are ferray itself and {counted(len(self.files), 'file')} of yours: {named}"

    @contextmanager
    def written(self) -> Iterator[Path]:
        """A folder of this machine that holds everything, for Ray to zip."""
        with tempfile.TemporaryDirectory(prefix="ferray-job-") as folder:
            self.write(Path(folder))
            yield Path(folder)

    def write(self, folder: Path) -> None:
        """Copy everything into an empty folder."""
        with writing(folder):
            _copy_package(folder / PACKAGE.name)
            for name, source in self.files.items():
                _copy(source, folder / name)


def sent_as(file: Path) -> str:
    """The path in the working directory of a file of this machine: as below this folder, else in one of its own."""
    absolute, here = file.absolute(), Path.cwd()
    if absolute.is_relative_to(here) and ".." not in file.parts:
        return absolute.relative_to(here).as_posix()
    return str(PurePosixPath(GIVEN, file.name))


def working_dir_of(named: Iterable[Path]) -> WorkingDir:
    """The files that options name, and the spaces in `./search_spaces/`, which one of them may begin with.

    ConfigError for what is too large to be a list or a space, and for two files of one name from elsewhere.
    """
    files: dict[str, Path] = {}
    for file in [*sorted(SPACES.rglob("*.yaml")), *named]:
        _refuse_large(file)
        name = sent_as(file)
        if files.setdefault(name, file).absolute() != file.absolute():
            raise ConfigError(f"`{files[name]}` and `{file}` cannot both be sent", "rename one, or copy both to here")
    return WorkingDir(files)


def _refuse_large(file: Path) -> None:
    size = file.stat().st_size
    if size > MOST_BYTES_OF_A_FILE:
        message = f"`{file}` has `{size >> 20}` MiB, and at most `{MOST_BYTES_OF_A_FILE >> 20}` are sent with a job"
        raise ConfigError(message, "put it where the head sees it, and name its absolute path there")


def _copy_package(target: Path) -> None:
    """ferray as it is here, with the spaces that ship with it, and nothing that Python made of it."""
    for source in _files_below(PACKAGE):
        _copy(source, target / source.relative_to(PACKAGE))
    spaces = shipped_folder(_SHIPPED)
    for source in _files_below(spaces):
        _copy(source, target / "_shipped" / _SHIPPED / source.relative_to(spaces))


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in parts):
            yield path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
