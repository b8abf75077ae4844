"""`TorchModel`: a checkpoint that answers by torch, with no more of it imported than an answer takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import ConfigError
from ferray.files.readable import Readable
from ferray.inference.exported_ensemble import is_exported_ensemble, load_exported_ensemble
from ferray.system.lean_imports import import_lean
from ferray.training.ensemble_predictor import load_ensemble
from ferray.training.predictor import load_predictor


class TorchModel:
    """A predictor's answers."""

    def __init__(self, path: Readable | TrialArtifacts, device: str) -> None:
        import_lean()
        self._predictor: Any = _opened(path, device)
        if not all(each.takes_images for each in getattr(self._predictor, "members", [self._predictor])):
            message = f"the trial of `{path}` answers rows of a table, no pictures"
            raise ConfigError(message, "ask it in Python, by `ferray.load_predictor`")

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, in the order of the columns."""
        classes: tuple[str, ...] = self._predictor.classes
        return classes

    def probabilities(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, C)."""
        answered: NDArray[np.float32] = self._predictor.probabilities(list(pictures)).numpy()
        return answered


def _opened(path: Readable | TrialArtifacts, device: str) -> Any:
    if isinstance(path, TrialArtifacts):
        return load_ensemble(path, device)
    if isinstance(path, Path) and is_exported_ensemble(path):
        return load_exported_ensemble(path, device)
    return load_predictor(path, device)
