"""Damages journals, spaces, checkpoints and csv files at random, and counts what should never come of it.

    python -m bench.fuzz [--count 20000] [--seed 0] [KIND ...]

prints one JSON document, and exits with 1 where a reader raised anything but a sentence (`tracebacks`), took over 20 s
(`hangs`) or gave another answer than the undamaged file's without a word (`silent`). `count` files are shared out among
the kinds: `journal`, `old journal` (without checksums), `space`, `checkpoint`, `list`, `sets`, `features`. A file is
damaged one to three times: bits, bytes, lines, values of another type. The same seed damages the same way.

Only a journal with checksums and a checkpoint can be expected to notice every change: for all others `changed` counts
the answers that differ. A journal that was cut at the end of a line is an earlier one, and counted as `earlier`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bench.record import environment
from ferray.artifacts.address import file_at
from ferray.config.exclusion import read_exclusion
from ferray.config.load import load_space, shipped_folder
from ferray.config.parameter_sets import load_sets
from ferray.data.datasets.sfew_features import SfewFeatures
from ferray.errors import FerrayError
from ferray.study.history import load_sweep
from ferray.testing.command import ferray
from ferray.testing.curves import open_driver, run_curves, small_spec
from ferray.testing.journals import without_checksums
from ferray.training.checkpoint import read_checkpoint, write_checkpoint

HANG_S = 20
MOST_EXAMPLES = 5
VALUES = (b"null", b"true", b"-1", b"1e999", b"NaN", b"[]", b"{}", b'"x"', b"99999999999999999999", b"[[1]]", b"0.5")
SCALAR = re.compile(rb'-?\d+(?:\.\d+)?(?:e-?\d+)?|"[^"]*"|true|false|null')


@dataclass(frozen=True)
class Kind:
    """A file, its undamaged bytes, and what a reader makes of it; where it `notices`, never another thing than that.

    Of one that `grows` line by line, what it was at any time before is no other thing.
    """

    path: Path
    content: bytes
    read: Callable[[], object]
    notices: bool = False
    grows: bool = False


class Hang(BaseException):
    """A reader that is not done within HANG_S."""


def play(kind: Kind, count: int, generator: random.Random) -> dict[str, Any]:
    """What came of so many damaged copies; a few examples of what should not have, by the number of the copy."""
    counts: Counter[str] = Counter()
    examples: list[str] = []
    kind.path.write_bytes(kind.content)
    right = kind.read()
    for number in range(count):
        damaged = damage(kind.content, generator)
        kind.path.write_bytes(damaged)
        outcome, said = _outcome(kind, damaged, right)
        counts[outcome] += 1
        if outcome in ("tracebacks", "hangs", "silent") and len(examples) < MOST_EXAMPLES:
            examples.append(f"{number}: {outcome}: {said}"[:500])
    kind.path.write_bytes(kind.content)
    return {"played": count, **counts, **({"examples": examples} if examples else {})}


def damage(content: bytes, generator: random.Random) -> bytes:
    """The bytes after one to three acts of damage."""
    for _ in range(generator.randint(1, 3)):
        content = generator.choice(ACTS)(content, generator)
    return content


def _flip(content: bytes, generator: random.Random) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def _replace(content: bytes, generator: random.Random) -> bytes:
    start = generator.randint(0, len(content))
    end = min(len(content), start + generator.choice((0, 1, 2, 8, 200)))
    return content[:start] + generator.randbytes(generator.choice((0, 1, 4, 40))) + content[end:]


def _cut(content: bytes, generator: random.Random) -> bytes:
    return content[: generator.randint(0, len(content))]


def _move_lines(content: bytes, generator: random.Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    place = generator.randrange(len(lines))
    line = lines.pop(place)
    if generator.random() < 0.3:
        return b"".join(lines)
    there = generator.randint(0, len(lines))
    again = [line, line] if generator.random() < 0.5 else [line]
    return b"".join([*lines[:there], *again, *lines[there:]])


def _retype(content: bytes, generator: random.Random) -> bytes:
    found = list(SCALAR.finditer(content[:200_000]))
    if not found:
        return content
    scalar = generator.choice(found)
    return content[: scalar.start()] + generator.choice(VALUES) + content[scalar.end() :]


ACTS = (_flip, _flip, _replace, _cut, _move_lines, _retype, _retype)


def _outcome(kind: Kind, damaged: bytes, right: object) -> tuple[str, str]:
    try:
        with _within(HANG_S), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = kind.read()
    except FerrayError as error:
        return "refused", error.message
    except Hang:
        return "hangs", ""
    except Exception as error:  # the very thing that is counted
        return "tracebacks", f"{type(error).__name__}: {error}"
    if found == right:
        return "same", ""
    if not kind.notices:
        return "changed", ""
    whole = damaged[: damaged.rfind(b"\n") + 1]
    return ("earlier", "") if kind.grows and kind.content.startswith(whole) else ("silent", str(found)[:300])


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise Hang

    former = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def kinds_in(root: Path) -> dict[str, Kind]:
    """Every kind of file, undamaged, with its reader, in folders of their own below `root`."""
    space = root / "demo.yaml"
    return {
        "journal": _journal(root / "new"),
        "old journal": _journal(root / "old", checksums=False),
        "space": Kind(space, (shipped_folder("search_spaces") / "demo.yaml").read_bytes(), lambda: _loaded(space)),
        "checkpoint": _checkpoint(root / "best.pt"),
        "list": _list(root / "list.csv"),
        "sets": _sets(root / "sets.json"),
        "features": _features(root / "SFEW.csv"),
    }


def _journal(runs: Path, *, checksums: bool = True) -> Kind:
    run_curves(open_driver(runs / "curves", small_spec(budget={"trials": 6})))
    path = runs / "curves" / "study.journal"
    text = path.read_text()
    printed: set[str] = set()
    content = (text if checksums else without_checksums(text)).encode()
    return Kind(path, content, lambda: _board(runs, printed), notices=checksums, grows=True)


def _board(runs: Path, printed: set[str]) -> str:
    """What the store says; where that is new, two commands print it, and what they refuse is raised as they say it."""
    found = str(load_sweep(runs / "curves").trials)
    if found not in printed:
        for words in (["leaderboard"], ["trials"]):
            ran = ferray(*words, "curves", "--output", runs, "--json")
            if ran.code:
                raise FerrayError(ran.err)
        printed.add(found)
    return found


def _loaded(space: Path) -> object:
    spec, notes = load_space(str(space))
    return spec.identity, notes, sorted(spec.nodes)


def _checkpoint(path: Path) -> Kind:
    weights = {"layer.weight": torch.arange(40.0).reshape(5, 8), "layer.steps": torch.tensor(7)}
    write_checkpoint(file_at(str(path)), "best", {"model": weights, "epoch": 3, "config": {"dataset": {"demo": {}}}})
    return Kind(path, path.read_bytes(), lambda: str(read_checkpoint(path, "best")), notices=True)


def _list(path: Path) -> Kind:
    rows = "".join(f"{10**9 + number},Happy/{number}.png,0.{number}\n" for number in range(20))
    return Kind(path, f"sample_id,name,doubt\n{rows}".encode(), lambda: read_exclusion(path).digest)


def _sets(path: Path) -> Kind:
    spec, _ = load_space("demo")
    entry = {"params": {"optimizer.lr": 0.001, "batch_size": 32}, "state": "complete", "trial": 1}
    return Kind(path, json.dumps({"trials": [entry] * 3}, indent=1).encode(), lambda: str(load_sets(path, spec)))


def _features(path: Path) -> Kind:
    numbers = [",".join(f"{row * cell / 9:.4f}" for cell in range(10)) for row in range(40)]
    rows = "".join(f"Film_{row}.png,{row % 7 + 1},{cells}\n" for row, cells in enumerate(numbers))
    return Kind(path, rows.encode(), lambda: str(SfewFeatures(SfewFeatures.Params(), path.parent).samples().samples))


def main(arguments: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as root:
        kinds = {name: kind for name, kind in kinds_in(Path(root)).items() if not given.kinds or name in given.kinds}
        each = -(-given.count // len(kinds))
        played = {name: play(kind, each, random.Random(f"{given.seed} {name}")) for name, kind in kinds.items()}
    print(json.dumps({"machine": environment(), "seed": given.seed, "kinds": played}, indent=2))
    sys.exit(any(counts.get(bad) for counts in played.values() for bad in ("tracebacks", "hangs", "silent")))


if __name__ == "__main__":
    main(sys.argv[1:])
