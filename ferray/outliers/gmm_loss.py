"""`gmm_loss`: a mixture of two Gaussians on the losses. N = samples still in training."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.outliers import OutlierRemoval, Removal, SampleLosses
from ferray.outliers._errors import error_measure, nothing
from ferray.outliers._guards import let_go
from ferray.outliers._rounds import RoundParams, Rounds


class GmmLoss(OutlierRemoval):
    """Drop samples that a mixture of two Gaussians, fitted to the losses, gives to its component of high losses.

    Losses are scaled to [0, 1] over the samples in training; the component with the lower mean is the clean one.
    Source: Li, Socher and Hoi, "DivideMix: Learning with Noisy Labels as Semi-supervised Learning", ICLR 2020, section
    3.1, with the numbers of its code. There the split is drawn anew in every epoch and what is not clean goes on
    without its label; here it is dropped for good. The guards are ours, and so is that a loss below the clean mean
    stays, which the tail of a wide second component would claim.
    """

    class Params(RoundParams):
        clean_probability: Annotated[float, Field(gt=0, lt=1)] = 0.5
        """Samples that are clean with at most this probability go."""

    params: Params

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._rounds = Rounds(params)

    def wants_losses(self, epoch: int) -> bool:
        return self.params.watch or self._rounds.is_due(epoch)

    def review(self, epoch: int, losses: SampleLosses) -> Removal:
        """A round when one is due, otherwise the variance of the scaled losses alone."""
        if not np.isfinite(losses.losses).all():
            return nothing(losses.losses)
        errors = error_measure(losses, "minmax_ce")
        look = nothing(errors)
        if not self._rounds.is_due(epoch):
            return look
        self._rounds.done += 1
        if errors.max(initial=0.0) == 0.0:
            return replace(look, note="all losses are equal")
        candidates = np.flatnonzero(clean_probability(errors) <= self.params.clean_probability)
        removed, note = let_go(candidates, losses, errors, self.params)
        return replace(look, sample_ids=removed, note=note)

    def state_dict(self) -> dict[str, Any]:
        return {"rounds": self._rounds.done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rounds.done = state["rounds"]


def clean_probability(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability (N,) that each error in [0, 1] is of the component with the lower mean; 1 below that mean.

    At least two errors must differ. The order of samples changes nothing.
    """
    from sklearn.exceptions import ConvergenceWarning  # here, for its import costs every worker two seconds
    from sklearn.mixture import GaussianMixture

    order = np.argsort(errors, kind="stable")  # the first centres are drawn by position
    mixture = GaussianMixture(2, max_iter=10, tol=1e-2, reg_covar=5e-4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ten steps are the method's own limit
        mixture.fit(errors[order, None])
    clean = int(mixture.means_[:, 0].argmin())
    probability: NDArray[np.float64] = mixture.predict_proba(errors[:, None])[:, clean]
    return np.where(errors <= mixture.means_[clean, 0], 1.0, probability)
