"""What `ferray cluster submit` hands in: a sweep of these options as a command of the head, and the files it reads."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import Any

from ferray import __version__
from ferray.apps.options import overrides_from, sweep_runtime_from
from ferray.cluster.jobs import Submission
from ferray.cluster.working_dir import WorkingDir, sent_as, working_dir_of
from ferray.config.called import NAME, name_like
from ferray.config.load import find_space, load_space
from ferray.config.urls import holds_secret
from ferray.errors import ConfigError
from ferray.files.read import read_text

# Where results lie on the head unless `--output` says otherwise: the job's own folder goes with the job.
OUTPUT = '"${FERRAY_RUNS:-$HOME/runs}"'
# Where `cluster/node/setup.sh` has installed ferray, and else what the head's own PATH has.
NODES_PYTHON = 'PATH="$HOME/ferray/venv/bin:$PATH"'
_OF_THE_HEAD = ("--output", "--data-root")
_FILES = ("--enqueue", "--exclude", "--set", "--then")
_PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[A-Za-z0-9,._ -]+\])?==[^*\s;]+(\s*;[^#]*?)?(\s+--hash=sha256:[0-9a-f]{64})*")
_URL = re.compile(r"[a-z][a-z0-9+]*://")
_PLACE = re.compile(r"/|[a-z][a-z0-9+]*://")


@dataclass(frozen=True)
class JobRequest:
    """A job that is ready to be handed in."""

    submission: Submission
    working_dir: WorkingDir

    @property
    def is_placed_by_the_head(self) -> bool:
        """Whether nobody has said where results are to lie."""
        return self.submission.entrypoint.endswith(OUTPUT)

    def to_json(self) -> dict[str, Any]:
        """As `--dry-run --json` prints it."""
        return {
            "sweep": self.submission.sweep,
            "entrypoint": self.submission.entrypoint,
            "files": sorted(self.working_dir.files),
            "requirements": list(self.submission.requirements),
            "metadata": dict(self.submission.metadata),
        }


def request_job(
    space: str, words: Sequence[str], asked: Mapping[str, Any], requirements: Path | None = None
) -> JobRequest:
    """The job of `ferray sweep SPACE WORDS`; `asked` are its options as the command line has read them.

    ConfigError for what a sweep refuses by its words alone, for a password among them, and for a place that is this
    machine's or the job's.
    """
    _refuse_secrets(words)
    _refuse_places(words)
    if asked.get("launcher") != "ray":
        raise ConfigError(f"`--launcher {asked['launcher']}` uses no cluster", "leave `--launcher` out")
    spec, _ = load_space(space, overrides_from(asked))
    sweep_runtime_from({**asked, "address": "auto"})
    named = dict(_named_files(space, words, spec.lists))
    sweep = [quote(named.get(word, word)) for word in (space, *words)]
    entrypoint = [NODES_PYTHON, "exec", "python", "-m", "ferray", "sweep", *sweep, "--address", "auto"]
    if "--output" not in _options(words):
        entrypoint += ["--output", OUTPUT]
    pins = _pinned(requirements) if requirements else ()
    label = spec.name if NAME.fullmatch(spec.name) else name_like(spec.name)
    files = working_dir_of([Path(_value(word)) for word in named])
    return JobRequest(Submission(label, " ".join(entrypoint), _versions(), pins), files)


def _versions() -> dict[str, str]:
    return {"ferray": __version__, "ray": version("ray"), "python": platform.python_version()}


def _options(words: Sequence[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("--")]


def _refuse_secrets(words: Sequence[str]) -> None:
    """What a job is called by is kept by the cluster, told to all who ask, and seen by everybody on the head."""
    stores = {value for _, value in _given(words, ["--storage"])}
    urls = {word[found.start() :] for word in words if (found := _URL.search(word))}
    if any("://" in url and holds_secret(url) for url in stores | urls):
        message = "a password among the options would stand in the job, where everybody reads it who may look"
        raise ConfigError(message, "leave it out of the URL, and set PGPASSWORD where the head's Ray starts")


def _refuse_places(words: Sequence[str]) -> None:
    for option, value in _given(words, _OF_THE_HEAD):
        if not _PLACE.match(value):
            message = f"`{option} {value}` is a folder of this machine, or of the job, which goes with it"
            raise ConfigError(message, "name an absolute path of the head, or an address such as `s3://bucket/runs`")


def _named_files(space: str, words: Sequence[str], lists: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each word that names a file of this machine, and the word of the job in its place."""
    file = find_space(space).path
    if file is not None and Path(space) == file:
        yield space, f"./{sent_as(file)}"
    for _, value in _given(words, _FILES):
        path = _value(value)
        if Path(path).is_file():
            yield value, value.removesuffix(path) + sent_as(Path(path))
    for path in lists.values():  # that the space itself names, by a path from here
        if not Path(path).is_absolute() or Path(path).is_relative_to(Path.cwd()):
            yield path, path


def _given(words: Sequence[str], options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What stands behind each of these options, however it is joined to them."""
    for position, word in enumerate(words):
        option, joined, value = word.partition("=")
        if option not in options:
            continue
        if joined:
            yield option, value
        elif position + 1 < len(words):
            yield option, words[position + 1]


def _value(word: str) -> str:
    """`boxes.csv` of `dataset.faces.csv.file=boxes.csv`, and of itself."""
    return word.rpartition("=")[2]


def _pinned(file: Path) -> tuple[str, ...]:
    """The lines of a requirements file; ConfigError for one that leaves a version open."""
    text = read_text(file, ConfigError, noun="the requirements").replace("\\\n", " ")
    lines = [" ".join(line.partition("#")[0].split()) for line in text.splitlines()]
    for line in filter(None, lines):
        if not _PINNED.fullmatch(line):
            message = f"`{line[:80]}` in `{file}` is no pinned requirement"
            raise ConfigError(message, "write `NAME==VERSION`, as `uv pip compile` does")
    return tuple(filter(None, lines))
