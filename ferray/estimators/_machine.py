"""A fitted support vector machine as plain numbers. N = samples, D = features, C = classes in training, S = vectors."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ferray.system.late import late

if TYPE_CHECKING:
    import torch
else:
    torch = late("torch")

Kernel = Literal["linear", "rbf", "poly"]
POLY_SHIFT = 1.0  # with 0 a polynomial has no terms below its degree


@dataclass(frozen=True)
class KernelFunction:
    """How alike two rows are; `gamma` and `degree` speak to the kernels that have them."""

    name: Kernel
    gamma: float
    degree: int

    def __call__(self, rows_ND: NDArray[np.float64], vectors_SD: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, S)."""
        products: NDArray[np.float64] = rows_ND @ vectors_SD.T
        if self.name == "linear":
            return products
        if self.name == "poly":
            return (self.gamma * products + POLY_SHIFT) ** self.degree
        squares = (rows_ND**2).sum(axis=1)[:, None] + (vectors_SD**2).sum(axis=1)
        distances: NDArray[np.float64] = np.maximum(squares - 2 * products, 0.0)
        return np.exp(-self.gamma * distances)


@dataclass(frozen=True)
class Machine:
    """C (C - 1) / 2 machines, each of two classes, that share their support vectors.

    `vectors` (S, D) stand class by class, `num_vectors` (C,) of each; `coefficients` (C - 1, S) and `intercepts`
    (C (C - 1) / 2,) are laid out as libsvm has them; `labels` (C,) int64 are the classes' labels, ascending.
    """

    kernel: KernelFunction
    vectors: NDArray[np.float64]
    num_vectors: NDArray[np.int64]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, fitted: Any, kernel: KernelFunction) -> Machine:
        """The numbers of a fitted SVC of scikit-learn."""
        sign = -1.0 if len(fitted.classes_) == 2 else 1.0  # of two classes it shows libsvm's numbers negated
        return cls(
            kernel=kernel,
            vectors=np.asarray(fitted.support_vectors_, dtype=np.float64),
            num_vectors=np.asarray(fitted.n_support_, dtype=np.int64),
            coefficients=sign * np.asarray(fitted.dual_coef_, dtype=np.float64),
            intercepts=sign * np.asarray(fitted.intercept_, dtype=np.float64),
            labels=np.asarray(fitted.classes_, dtype=np.int64),
        )

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Machine:
        """The inverse of `to_state`."""
        arrays = {name: value.numpy() for name, value in state.items() if isinstance(value, torch.Tensor)}
        return cls(kernel=KernelFunction(**state["kernel"]), **arrays)

    def to_state(self) -> dict[str, Any]:
        """Tensors, and the kernel as plain values."""
        names = ("vectors", "num_vectors", "coefficients", "intercepts", "labels")
        return {"kernel": asdict(self.kernel)} | {name: torch.from_numpy(getattr(self, name)) for name in names}

    def decide(self, rows_ND: NDArray[np.float64]) -> NDArray[np.float64]:
        """Votes of the pairs (N, C), with the sum of their decisions as a fraction that breaks ties.

        The rule of scikit-learn's `decision_function` with `decision_function_shape="ovr"`.
        """
        count = len(self.labels)
        votes, sums = np.zeros((len(rows_ND), count)), np.zeros((len(rows_ND), count))
        alike_NS = self.kernel(rows_ND, self.vectors)
        for intercept, (first, second) in zip(self.intercepts, itertools.combinations(range(count), 2), strict=True):
            decision_N = self._of_pair(alike_NS, first, second) + intercept
            votes[:, first] += decision_N >= 0
            votes[:, second] += decision_N < 0
            sums[:, first] += decision_N
            sums[:, second] -= decision_N
        fractions: NDArray[np.float64] = sums / (3 * (np.abs(sums) + 1))
        return votes + fractions

    def _of_pair(self, alike_NS: NDArray[np.float64], first: int, second: int) -> NDArray[np.float64]:
        """Positive for `first`: each class's vectors, weighed by the row of coefficients that is about the other."""
        ends = np.cumsum(self.num_vectors)
        spans = [slice(ends[label] - self.num_vectors[label], ends[label]) for label in (first, second)]
        rows = (second - 1, first)
        parts: list[NDArray[np.float64]] = [
            alike_NS[:, span] @ self.coefficients[row, span] for span, row in zip(spans, rows, strict=True)
        ]
        return parts[0] + parts[1]
