"""How far a measured score may lie from the true one, given how few validation images it rests on.

The intervals speak of one model on one draw of validation images. They do not cover that the best of many trials was
picked on the same images, for which `ferray evaluate` is, nor the seed of the training, for which `--seeds` are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

Interval = tuple[float, float]
Confusion = Sequence[Sequence[float]]
NORMAL = NormalDist().inv_cdf(0.975)


def wilson_interval(successes: float, n: float, z: float = NORMAL) -> Interval:
    """95 % interval of a proportion, such as an accuracy, of `successes` in `n`; (0, 1) when there is nothing to count.

    A mean over several models on the same images may count parts of a success. Images that come in groups count as
    their effective number, with Student's quantile for `z` (here and in `uar_interval`).

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927), equation 2.
    """
    if n == 0:
        return 0.0, 1.0
    proportion, spread = successes / n, z * z / n
    center = proportion + spread / 2
    reach = z * math.sqrt(proportion * (1 - proportion) / n + spread / (4 * n))
    return max(0.0, (center - reach) / (1 + spread)), min(1.0, (center + reach) / (1 + spread))


def uar_interval(confusion: Confusion, z: float = NORMAL) -> Interval:
    """95 % interval of the unweighted average recall, rows of `confusion` being truth; (0, 1) when it is empty.

    UAR is a linear combination, with equal weights, of the recalls of the m classes that are present; these are
    independent binomial proportions, because each class has validation images of its own. The plain normal interval
    fails where classes are small and recalls near 0 or 1 (a class with no hit gets no variance at all), so 2/m hits and
    4/m images are added to each class first. With m = 1 this is Agresti and Coull's interval, with m = 2 Agresti and
    Caffo's. The interval is not centred on the measured value but a little nearer to one half.
    Source: Price and Bonett, "An improved confidence interval for a linear function of binomial proportions",
    Computational Statistics & Data Analysis 45 (2004) 449-456. The added counts are theirs, whatever m.
    """
    present = [(row[index], sum(row)) for index, row in enumerate(confusion) if sum(row)]
    if not present:
        return 0.0, 1.0
    m = len(present)
    shrunk = [((hits + 2 / m) / (n + 4 / m), n + 4 / m) for hits, n in present]
    center = sum(recall for recall, _ in shrunk) / m
    variance = sum(recall * (1 - recall) / n for recall, n in shrunk) / m**2
    reach = z * math.sqrt(variance)
    return max(0.0, center - reach), min(1.0, center + reach)


def folds_interval(values: Sequence[float], *, num_train: float, num_val: float) -> Interval | None:
    """95 % interval of a mean over k folds whose training images overlap, unclipped; None for fewer than two.

    The plain t interval takes folds for independent and is too narrow; the corrected one gives each fold the variance
    s^2 * (1 / k + num_val / num_train), sizes being a fold's on average. It does not cover another draw of the data.
    Source: Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52 (2003), section 5.
    """
    k = len(values)
    if k < 2:
        return None
    from scipy.stats import t  # here, for the leaderboard of a plain sweep does without

    center = math.fsum(values) / k
    variance = math.fsum((value - center) ** 2 for value in values) / (k - 1)
    reach = float(t.ppf(0.975, k - 1)) * math.sqrt(variance * (1 / k + num_val / num_train))
    return center - reach, center + reach
