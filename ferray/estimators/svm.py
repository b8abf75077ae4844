"""The support vector machine. N = samples, D = features, K = principal components, C = classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray import registry
from ferray.errors import ConfigError, DataError
from ferray.estimators import Estimator
from ferray.estimators._machine import POLY_SHIFT, KernelFunction, Machine
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
else:
    torch = late("torch")

ABSENT = 10.0  # how far below the least score a class lies that was not in training
MOST_FOLDS = 3  # of the calibration
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.02, 20.0


@dataclass(frozen=True)
class Axes:
    """Principal axes (K, D) around a mean (D,)."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]

    def __call__(self, features_ND: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, K)."""
        projected: NDArray[np.float64] = (features_ND - self.mean) @ self.axes.T
        return projected


class Svm(Estimator):
    """Support vector machine over rows of features, one class against one, on principal components where asked for.

    Its probabilities are a softmax of votes with decision values as fractions: they rank as the votes do, and say how
    sure it is only with `calibrate`, which divides them by the temperature that fits three held-out thirds best.
    Source: Chang and Lin, "LIBSVM: A Library for Support Vector Machines", 2011, through scikit-learn.
    """

    class Params(registry.Params):
        kernel: Literal["linear", "rbf", "poly"] = "rbf"
        """How two rows are compared."""
        C: Annotated[float, Field(gt=0, le=1e6)] = 1.0
        """Weighs errors against a wide margin."""
        gamma: Annotated[float, Field(gt=0, le=1e4)] | Literal["scale"] = "scale"
        """Of the kernels rbf and poly; `scale` is 1 / (features * variance)."""
        degree: Annotated[int, Field(ge=2, le=5)] = 3
        """Of the kernel poly."""
        components: Annotated[int, Field(ge=1, le=2048)] | None = None
        """Project onto so many principal axes first."""
        calibrate: bool = False
        """Divide its decisions by the temperature that fits held-out thirds best."""

    params: Params

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        self._axes: Axes | None = None
        self._machine: Machine | None = None
        self._temperature = 1.0

    def check(self, num_samples: int, num_features: int) -> None:
        most, asked = min(num_samples, num_features), self.params.components
        if asked is not None and asked > most:
            has = f"`{num_samples}` samples of `{num_features}` features have"
            raise ConfigError(
                f"`{asked}` principal components are more than {has}", f"ask for at most {most} `components`"
            )

    def fit(
        self,
        features_ND: NDArray[np.float64],
        labels_N: NDArray[np.int64],
        *,
        weights_N: NDArray[np.float64],
        seed: int,
    ) -> None:
        if len(np.unique(labels_N)) < 2:
            raise DataError("a support vector machine needs two classes, the training split has `1`")
        self.check(*features_ND.shape)
        if self.params.components is not None:
            self._axes = _principal_axes(features_ND, self.params.components, seed)
        rows_NK = features_ND if self._axes is None else self._axes(features_ND)
        self._machine = self._fitted(rows_NK, labels_N, weights_N)
        if self.params.calibrate:
            self._temperature = self._fitting_temperature(rows_NK, labels_N, weights_N, seed)

    def log_probabilities(self, features_ND: NDArray[np.float64], num_classes: int) -> NDArray[np.float64]:
        assert self._machine is not None, "fit comes first"
        rows_NK = features_ND if self._axes is None else self._axes(features_ND)
        scores = self._machine.decide(rows_NK) / self._temperature
        scores_NC = np.full((len(rows_NK), num_classes), scores.min(initial=0.0) - ABSENT)
        scores_NC[:, self._machine.labels] = scores
        return _log_softmax(scores_NC)

    def state_dict(self) -> dict[str, Any]:
        assert self._machine is not None, "fit comes first"
        axes = self._axes and {"mean": torch.from_numpy(self._axes.mean), "axes": torch.from_numpy(self._axes.axes)}
        return {"axes": axes, "machine": self._machine.to_state(), "temperature": self._temperature}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        axes = state["axes"]
        self._axes = axes and Axes(axes["mean"].numpy(), axes["axes"].numpy())
        self._machine = Machine.from_state(state["machine"])
        self._temperature = state["temperature"]

    def _fitted(
        self, rows_NK: NDArray[np.float64], labels_N: NDArray[np.int64], weights_N: NDArray[np.float64]
    ) -> Machine:
        from sklearn.svm import SVC

        kernel = KernelFunction(self.params.kernel, self._gamma(rows_NK), self.params.degree)
        machine = SVC(
            C=self.params.C,
            kernel=kernel.name,
            gamma=kernel.gamma,
            degree=kernel.degree,
            coef0=POLY_SHIFT,
            cache_size=500,  # MB
        )
        return Machine.of(machine.fit(rows_NK, labels_N, sample_weight=weights_N), kernel)

    def _gamma(self, rows_NK: NDArray[np.float64]) -> float:
        if self.params.gamma != "scale":
            return float(self.params.gamma)
        spread = rows_NK.shape[1] * rows_NK.var()
        return float(1 / spread) if spread > 0 else 1.0

    def _fitting_temperature(
        self, rows_NK: NDArray[np.float64], labels_N: NDArray[np.int64], weights_N: NDArray[np.float64], seed: int
    ) -> float:
        """What to divide scores by, so that those of samples held out in turn are likeliest; 1 with too few samples."""
        from scipy.optimize import minimize_scalar
        from sklearn.model_selection import StratifiedKFold

        folds = min(MOST_FOLDS, int(np.unique(labels_N, return_counts=True)[1].min()))
        if folds < 2:
            return 1.0
        scores, positions = np.empty((len(labels_N), len(np.unique(labels_N)))), _positions(labels_N)
        for rest, held in StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows_NK, labels_N):
            machine = self._fitted(rows_NK[rest], labels_N[rest], weights_N[rest])
            scores[held] = machine.decide(rows_NK[held])

        def surprise(temperature: float) -> float:
            log_p = _log_softmax(scores / temperature)
            return -float((weights_N * log_p[np.arange(len(positions)), positions]).mean())

        return float(minimize_scalar(surprise, bounds=(LEAST_TEMPERATURE, MOST_TEMPERATURE), method="bounded").x)


def _principal_axes(features_ND: NDArray[np.float64], count: int, seed: int) -> Axes:
    from sklearn.decomposition import PCA

    fitted = PCA(count, random_state=seed).fit(features_ND)
    return Axes(fitted.mean_, fitted.components_)


def _positions(labels_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each label stands among those that occur."""
    return np.searchsorted(np.unique(labels_N), labels_N).astype(np.int64)


def _log_softmax(scores_NC: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = scores_NC - scores_NC.max(axis=1, keepdims=True)
    log_p_NC: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_p_NC
