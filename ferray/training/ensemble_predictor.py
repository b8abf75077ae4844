"""`load_ensemble`: an ensemble as a function from images to logits. M = members, N = samples, C = classes."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ferray.artifacts.ensemble import Ensemble, checkpoint_of, read_ensemble
from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import CheckpointError
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.predictor import Predictor, load_predictor
from ferray.training.predictor_inputs import Given
from ferray.training.temperature import refuse_temperature, tempered

_CHOOSE_AGAIN = "choose the ensemble again"


def load_ensemble(
    place: str | Path | TrialArtifacts, device: str = "cpu", *, threads: int | None = None
) -> EnsemblePredictor:
    """The ensemble that lies at `place`, `runs/NAME/ensemble`, or is its file `ensemble.json` there.

    `device` and `threads` as in `load_predictor`. CheckpointError where there is none, or where a member's best.pt is
    gone or is another than when it was chosen.
    """
    artifacts = place if isinstance(place, TrialArtifacts) else TrialArtifacts.at(_folder(place))
    ensemble = read_ensemble(artifacts.ensemble)
    if ensemble is None:
        raise CheckpointError(f"there is no ensemble `{artifacts.ensemble}`", _CHOOSE_AGAIN)
    members = []
    for member in ensemble.members:
        file = checkpoint_of(artifacts, member)
        if digest_checkpoint(file) != member.digest:
            raise CheckpointError(f"`{file}` is another than when the ensemble was chosen", _CHOOSE_AGAIN)
        members.append(load_predictor(file, device, threads=threads))
    return EnsemblePredictor(ensemble, members)


class EnsemblePredictor:
    """Trials that answer together: what `predictor(images)` gives is the logarithm of the mean of their probabilities.

    `members` are their predictors, in the order of `ensemble.members`, which has their weights. Images and answers are
    as those of a `Predictor`; each member makes of an image what it was trained on.
    """

    def __init__(self, ensemble: Ensemble, members: Sequence[Predictor], temperature: float = 1.0) -> None:
        for member in members:
            if member.classes != ensemble.classes:
                found, known = ", ".join(member.classes), ", ".join(ensemble.classes)
                raise CheckpointError(f"`{member.file}` tells apart `{found}`, its ensemble `{known}`", _CHOOSE_AGAIN)
        self.ensemble = ensemble
        self.members = tuple(members)
        self.temperature = temperature

    def __repr__(self) -> str:
        return f"<EnsemblePredictor of `{self.ensemble.sweep}`: {len(self.members)} trials>"

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.ensemble.classes

    def __call__(self, images: Given) -> Tensor:
        """Logits (N, C), whose softmax is the weighted mean of what the members take for probable."""
        given = list(images) if isinstance(images, Iterator) else images  # for every member, and not the first alone
        logits_MNC = torch.stack([member(given) for member in self.members])
        return tempered(mean_logits(logits_MNC, self.weights), self.temperature)

    def probabilities(self, images: Given) -> Tensor:
        """The softmax of the logits (N, C)."""
        return self(images).softmax(dim=1)

    @property
    def weights(self) -> Tensor:
        """(M,) float64, in the order of `members`."""
        return torch.tensor([member.weight for member in self.ensemble.members], dtype=torch.float64)

    def with_temperature(self, temperature: float) -> EnsemblePredictor:
        """The same, its logits divided by `temperature`; see `Predictor.with_temperature`."""
        refuse_temperature(temperature)
        twin = copy.copy(self)
        twin.temperature = temperature
        return twin


def mean_logits(logits_MNC: Tensor, weights_M: Tensor) -> Tensor:
    """The logarithm (N, C) float32 of the weighted mean of the members' probabilities, computed in float64."""
    log_p_MNC = logits_MNC.double().log_softmax(dim=2)
    shares_M11 = weights_M.to(log_p_MNC).log()[:, None, None]
    return (log_p_MNC + shares_M11).logsumexp(dim=0).float()


def _folder(place: str | Path) -> str:
    path = Path(place)
    return str(path.parent if path.suffix == ".json" else path)
