"""Faults that a shell, a disk or a stranger's file brings: each has a sentence and its exit code, and costs nothing."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import torch

from bench.fault_kills import RAY
from bench.fault_store import NOT_PLAYED, small_disk
from bench.stage import NAME, Fault, Ran, Seen, Stage

USAGE, DATA, CLUSTER = 2, 3, 5  # exit codes
PASSWORD = "p@s/s w?rd"
MANY = 20_000
SPARSE_BYTES = 10 * 2**40


def flipped_digit(stage: Stage) -> Seen:
    """One bit of a value in the store is another one: nobody reads a leaderboard from that."""
    stage.sweep("--trials", "2")
    whole = stage.journal.read_bytes()
    place = whole.index(b'"values":[0.') + len(b'"values":[0.')
    stage.journal.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    board = stage.ferray("leaderboard")
    stage.journal.write_bytes(whole)
    return _ended(stage, board, "error: line .* checksum is wrong", DATA)


def best_of_nan(stage: Stage) -> Seen:
    """A checkpoint with a tensor of NaN is not judged."""
    stage.sweep()
    for path in stage.sweep_folder.glob("trials/*/best.pt"):
        saved = torch.load(path, weights_only=True)
        first = next(tensor for tensor in saved["model"].values() if tensor.is_floating_point())
        first.fill_(float("nan"))
        torch.save(saved, path)
    return _ended(stage, stage.ferray("evaluate"), "error: .*not finite", DATA)


def best_of_text(stage: Stage) -> Seen:
    stage.sweep()
    for path in stage.sweep_folder.glob("trials/*/best.pt"):
        path.write_text("not a checkpoint\n")
    return _ended(stage, stage.ferray("evaluate"), "error: .*best.pt", DATA)


def full_output(stage: Stage) -> Seen:
    """What stdout leads to takes nothing more."""
    ran = stage.sweep("--json", before=lambda: _redirect(1, "/dev/full"))
    return _ended(stage, ran, "error: ", DATA)


def closed_errors(stage: Stage) -> Seen:
    """`2>&-`: nobody hears what is said, and the sweep goes on."""
    return _ended(stage, stage.sweep(before=lambda: os.close(2)), "faults: val/uar", 0)


def ascii_output(stage: Stage) -> Seen:
    stage.variables |= {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    return _ended(stage, stage.sweep(), "faults: val/uar", 0)


def optimised_python(stage: Stage) -> Seen:
    """`python -OO`: no assertions, no docstrings."""
    stage.variables["PYTHONOPTIMIZE"] = "2"
    return _ended(stage, stage.sweep(), "faults: val/uar", 0)


def no_room_for_ray(stage: Stage) -> Seen:
    with small_disk(stage, "size=300k") as disk:
        if disk is None:
            return NOT_PLAYED
        stage.variables |= {"TMPDIR": str(disk), "RAY_TMPDIR": str(disk)}
        return _refused(stage.sweep(*RAY), "error: .*of room", CLUSTER)


def small_files_only(stage: Stage) -> Seen:
    """`ulimit -f`: no file may grow beyond some kilobytes."""
    stage.sweep("--trials", "1")  # the cache is there
    limit = 2**20
    ran = stage.sweep(*RAY, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    return _ended(stage, ran, "error: this shell lets no file grow", CLUSTER)


def long_name(stage: Stage) -> Seen:
    return _refused(stage.sweep("--name", "x" * 300), "error: .*at most 100", USAGE)


def many_options(stage: Stage) -> Seen:
    stage.write_space(imbalance=f"[{', '.join(['none'] * MANY)}]")
    return _refused(stage.sweep(), "error: ", USAGE)


def sparse_weights(stage: Stage) -> Seen:
    """A file of ten TiB, all of it a hole, is not read to see what it is."""
    weights = stage.folder / "weights.pt"
    with weights.open("wb") as file:
        file.truncate(SPARSE_BYTES)
    return _refused(stage.sweep("--set", f"init_from={weights}"), "error: .*weights.pt", USAGE)


def password_in_a_url(stage: Stage) -> Seen:
    ran = stage.sweep("--storage", f"postgresql://user:{PASSWORD}@127.0.0.1:9/db")
    written = [path for path in stage.folder.rglob("*") if path.is_file() and PASSWORD in _text(path)]
    return Seen(ran.saw("error: "), ran.code, f"the password, to {written}" if written else "nothing")


def repeated_recipes(stage: Stage) -> Seen:
    """A space of two combinations, and four trials: no seed of a recipe is trained twice."""
    space = stage.folder / f"{NAME}.yaml"
    space.write_text(space.read_text().replace("log_uniform: [1.0e-4, 1.0e-2]", "choice: [1.0e-3, 1.0e-2]"))
    ran = stage.sweep()
    trained = [(trial.recipe, trial.config["seed"]) for trial in stage.record().trials]
    twice = len(trained) - len(set(trained))
    return Seen(ran.saw("the rest have other seeds"), ran.code, f"{twice} trained twice" if twice else "nothing")


def _text(path: Path) -> str:
    return path.read_text(errors="replace")


def _redirect(number: int, path: str) -> None:
    os.dup2(os.open(path, os.O_WRONLY), number)


def _refused(ran: Ran, said: str, code: int) -> Seen:
    return Seen(ran.saw(said), ran.code, "nothing" if ran.code == code else f"exit code {ran.code}")


def _ended(stage: Stage, ran: Ran, said: str, code: int) -> Seen:
    """What is lost is what the same command, undisturbed, does not make up for."""
    for name in ("PYTHONIOENCODING", "LC_ALL", "PYTHONOPTIMIZE"):
        stage.variables.pop(name, None)
    again = stage.sweep()
    lost = stage.lost() if again.code == 0 else f"after mending: {again.code} {again.saw('error:')}"
    return Seen(ran.saw(said), ran.code, lost if ran.code == code else f"exit code {ran.code}")


FAULTS: dict[str, Fault] = {
    "flipped digit": flipped_digit,
    "best.pt of NaN": best_of_nan,
    "best.pt of text": best_of_text,
    "full output": full_output,
    "closed stderr": closed_errors,
    "ASCII output": ascii_output,
    "python -OO": optimised_python,
    "no room for Ray": no_room_for_ray,
    "small files only": small_files_only,
    "long name": long_name,
    "many options": many_options,
    "sparse weights": sparse_weights,
    "repeated recipes": repeated_recipes,
    "password in a URL": password_in_a_url,
}
