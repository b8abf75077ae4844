"""Ray's launcher: what a file of `ray up` would start, and the launcher at work, each of its lines told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ferray.cluster.tokens import default_path
from ferray.errors import ClusterError, ConfigError
from ferray.files.read import read_text
from ferray.text.commands import command
from ferray.text.counting import counted

RAY = (sys.executable, "-m", "ray.scripts.scripts")
MOST_BYTES = 2**20
_MACHINE = ("InstanceType", "machineType")  # of AWS, of Google Cloud
# What else a cluster's files are, by a key that they begin with: who starts it.
_OTHERS = {"apiVersion": "kubectl apply -f", "services": "docker compose up -d -f"}
# The same for what is no YAML, or none that has keys alone, by words of its text.
_OTHER_TEXTS = {
    "AWSTemplateFormatVersion": "aws cloudformation deploy --template-file",
    "#SBATCH": "sbatch",
    "#!/usr/bin/env bash": "bash",
}


@dataclass(frozen=True)
class NodeType:
    """One kind of node: how many there are at least and at most, and which machine it is where the file says so."""

    name: str
    least: int
    most: int
    machine: str
    is_spot: bool

    @property
    def sentence(self) -> str:
        """`gpu-spot: 0 to 8 of g5.xlarge, spot`."""
        number = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        return f"{self.name}: {number}{f' of {self.machine}' if self.machine else ''}{', spot' if self.is_spot else ''}"


@dataclass(frozen=True)
class LauncherFile:
    """A file of `ray up`: the cluster's name, who gives the machines, and which ones."""

    path: Path
    name: str
    provider: str
    node_types: Sequence[NodeType]
    most_workers: int
    mounts: Sequence[Path] = ()  # files of this machine that the nodes are given

    @property
    def is_rented(self) -> bool:
        """Whether each minute of it costs."""
        return self.provider != "local"

    @property
    def missing(self) -> list[Path]:
        """What the nodes are to be given and is not here; a token is drawn where there is none."""
        return [path for path in self.mounts if path != default_path() and not path.exists()]

    def sentences(self) -> list[str]:
        """What starting it may bring."""
        head = f"`{self.name}` on `{self.provider}`: a head and at most {counted(self.most_workers, 'worker')}"
        return [head, *(f"  {one.sentence}" for one in self.node_types)]

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "cluster": self.name,
            "provider": self.provider,
            "most_workers": self.most_workers,
            "node_types": [
                {"name": one.name, "least": one.least, "most": one.most, "machine": one.machine or None}
                | {"spot": one.is_spot}
                for one in self.node_types
            ],
        }


def read_launcher_file(path: Path) -> LauncherFile:
    """What a file of `ray up` says; ConfigError for another file, with who starts that."""
    if path.is_dir() or not path.exists():
        hint = f"`{command('cluster render onprem --to cluster')}` writes one"
        raise ConfigError(f"there is no file `{path}`", hint)
    text = read_text(path, ConfigError, most_bytes=MOST_BYTES)
    try:
        tree = next((document for document in yaml.safe_load_all(text) if document), None)
    except yaml.YAMLError as error:
        if any(words in text for words in _OTHER_TEXTS):
            raise _not_for_the_launcher(path, text, None) from error
        raise ConfigError(f"`{path}` is no YAML: {str(error).splitlines()[0]}", "see `ray up --help`") from error
    if not isinstance(tree, dict) or "cluster_name" not in tree or not isinstance(tree.get("provider"), dict):
        raise _not_for_the_launcher(path, text, tree)
    try:
        return _launcher_file(path, tree)
    except (AttributeError, TypeError, ValueError) as error:  # of a value of another type, wherever it stands
        hint = f"`{command('cluster check', path)}` says which"
        raise ConfigError(f"`{path}` has values that Ray's launcher cannot read: {error}", hint) from error


def _launcher_file(path: Path, tree: Mapping[str, Any]) -> LauncherFile:
    types = [_node_type(name, kept) for name, kept in (tree.get("available_node_types") or {}).items()]
    workers = len(tree["provider"].get("worker_ips") or ())
    most = tree.get("max_workers", workers if tree["provider"].get("type") == "local" else 2)  # Ray's own default
    mounts = [Path(str(source)).expanduser() for source in (tree.get("file_mounts") or {}).values()]
    return LauncherFile(path, str(tree["cluster_name"]), str(tree["provider"].get("type")), types, int(most), mounts)


def _not_for_the_launcher(path: Path, text: str, tree: Any) -> ConfigError:
    keys = tree if isinstance(tree, dict) else {}
    found = [words for key, words in _OTHERS.items() if key in keys]
    starts = next(iter([*found, *(words for mark, words in _OTHER_TEXTS.items() if mark in text)]), "")
    hint = f"`{starts} {path}` starts it" if starts else f"see `{command('cluster list')}`"
    return ConfigError(f"`{path}` is no file of Ray's launcher", hint)


def _node_type(name: str, kept: Mapping[str, Any]) -> NodeType:
    config = kept.get("node_config") or {}
    machine = next((str(config[key]) for key in _MACHINE if key in config), "").rpartition("/")[2]
    scheduling = config.get("scheduling") or {}
    is_spot = "InstanceMarketOptions" in config or "SPOT" in str(scheduling.get("provisioningModel"))
    is_spot = is_spot or bool(scheduling.get("preemptible"))
    least = int(kept.get("min_workers", 0))
    return NodeType(name, least, int(kept.get("max_workers", least)), machine, is_spot)


def launch(verb: str, file: LauncherFile, tell: Callable[[str], None], program: Sequence[str] = RAY) -> None:
    """`ray up FILE` or `ray down FILE`, unasked and with token authentication; ClusterError where it ends otherwise.

    What ssh asks, such as whether a host is known, it asks the terminal.
    """
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", "PYTHONUNBUFFERED": "1"}
    words = [*program, verb, str(file.path), "--yes"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if text := line.decode("utf-8", "replace").strip():
                tell(text)
    if process.returncode:
        message = f"`ray {verb} {file.path}` ended with exit code {process.returncode}"
        raise ClusterError(message, "the same command again goes on; `ray down` ends what is there")
