"""Checkpoint files: written whole or not at all, read without unpickling anything."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from ferray.artifacts.file_system import ArtifactFile
from ferray.errors import CheckpointError, StorageError
from ferray.files.os_errors import reading, system_words, writing
from ferray.files.readable import Readable
from ferray.models.weights import check_archive, check_sizes, listed, misfits
from ferray.training.failure import is_out_of_memory

FORMAT = 2
CHUNK = 2**20  # bytes hashed at a time
_PUT_BACK = "put back the component or the ferray that it was trained with"
_TRAIN_AGAIN = "restore it from a copy, or train the trial again"
Kind = Literal["last", "best"]  # all that is needed to go on | the best weights and what is known of them


def write_checkpoint(file: ArtifactFile, kind: Kind, state: dict[str, Any]) -> None:
    """Replace `file` by `state` (plain containers and tensors) in one step; StorageError when it cannot be written."""
    try:
        with writing(file), file.write() as stream:
            torch.save({"ferray": f"{kind}/{FORMAT}", **state}, stream)
    except RuntimeError as error:  # torch's writer hides a full disk behind one
        root = error.__context__
        reason = system_words(root) if isinstance(root, OSError) else str(error)
        raise StorageError(f"`{file}` cannot be written: {reason}") from error


def read_checkpoint(file: Readable, kind: Kind) -> dict[str, Any]:
    """What `write_checkpoint` wrote, on CPU; no code in the file is run.

    CheckpointError for a missing, torn or foreign file, StorageError where the disk does not give it.
    """
    try:
        with file.open("rb") as stream:
            check_archive(stream)
            state = torch.load(stream, map_location="cpu", weights_only=True)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise CheckpointError(f"`{file}` cannot be read: {system_words(error)}") from error
    except MemoryError:
        raise
    except Exception as error:  # torch raises a dozen kinds for what is no checkpoint, OSError (EINVAL) among them
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise StorageError(f"`{file}` cannot be read: {system_words(error)}") from error
        raise CheckpointError(f"`{file}` is torn, or not a checkpoint of ferray", _TRAIN_AGAIN) from error
    if isinstance(state, dict) and kind == "best" and state.get("ferray") == f"last/{FORMAT}":
        raise CheckpointError(f"`{file}` is what a training goes on from", "give the `best.pt` of its trial")
    if not isinstance(state, dict) or state.get("ferray") != f"{kind}/{FORMAT}":
        raise CheckpointError(f"`{file}` is not a `{kind}.pt` of this version of ferray", _TRAIN_AGAIN)
    return state


def digest_checkpoint(file: Readable) -> str:
    """SHA-256 of a checkpoint; CheckpointError, before its bytes are read, for a file that is none."""
    try:
        with reading(file, CheckpointError, _TRAIN_AGAIN), file.open("rb") as stream:
            check_sizes(stream)
            digest = hashlib.sha256()
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise CheckpointError(f"`{file}` is torn, or not a checkpoint of ferray", _TRAIN_AGAIN) from error


@contextlib.contextmanager
def taking_apart(file: Readable) -> Iterator[None]:
    """Around what is done with the parts of a checkpoint: CheckpointError where one is missing or of another kind."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        message = f"`{file}` is a checkpoint whose parts are not as ferray writes them: {_reason(error)}"
        hint = f"{_PUT_BACK}, or {_TRAIN_AGAIN}" if isinstance(error, ValidationError) else _TRAIN_AGAIN
        raise CheckpointError(message, hint) from error


def refuse_misfit(file: Readable, module: nn.Module, weights: Any) -> None:
    """CheckpointError that names the tensors of a checkpoint which are not those of its own trial's network."""
    found = weights if isinstance(weights, dict) else {}
    if problems := misfits(module.state_dict(), found):
        message = f"`{file}` does not fit the network of its own trial: {listed(problems)}"
        raise CheckpointError(message, _TRAIN_AGAIN)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"`{'.'.join(map(str, first['loc']))}`: {first['msg'].removeprefix('Value error, ')}"
    return f"no `{error.args[0]}`" if isinstance(error, KeyError) and error.args else str(error).split("\n", 1)[0]


def copy_weights(weights: dict[str, Tensor], *, is_final: bool = False) -> dict[str, Tensor]:
    """A copy on CPU that later training leaves alone; weights that are final, and lie there, are given as they are."""
    return {name: tensor.detach().to("cpu", copy=not is_final) for name, tensor in weights.items()}


class SavePacer:
    """Says when a checkpoint is due, so that saving takes a twentieth of the time at most.

    `expected_cost_s` stands in for the cost of a save until the first one is measured. `clock` gives seconds.
    """

    def __init__(self, expected_cost_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._cost_s = expected_cost_s
        self._clock = clock
        self._saved_at = clock()

    @property
    def is_due(self) -> bool:
        return self._clock() - self._saved_at >= 20 * self._cost_s

    def saved(self, cost_s: float) -> None:
        """A save has just ended that took so long."""
        self._cost_s = cost_s
        self._saved_at = self._clock()


def expected_cost_s(tensors: Iterable[Tensor]) -> float:
    """A careful guess at a save of these weights with the optimiser's moments and the best weights: 200 MB a second."""
    return 0.01 + 4 * sum(tensor.nbytes for tensor in tensors) / 200e6
