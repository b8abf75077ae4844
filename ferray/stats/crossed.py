"""The variance of a mean over seeds that were all judged on the same images, and the intervals that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ferray.stats.differences import Difference
from ferray.stats.estimates import NO_SCATTER, Estimate, quantile, t_interval
from ferray.stats.intervals import Interval


@dataclass(frozen=True)
class Components:
    """Variances of the mean over seeds: from the scatter of seeds and from the draw of images.

    Either holds that of their interaction (which images a seed happens to get right), so that it is counted twice in
    their sum and taken off once.
    """

    of_seeds: float
    of_images: float
    of_both: float
    seed_degrees: float
    image_degrees: float

    @property
    def variance(self) -> float:
        """That of both together."""
        return max(self.of_seeds + self.of_images - self.of_both, self.of_seeds, self.of_images)

    @property
    def standard_error(self) -> float:
        """Its root."""
        return math.sqrt(self.variance)

    @property
    def degrees(self) -> float:
        """Satterthwaite's, at least 1."""
        parts = self.of_seeds**2 / self.seed_degrees + self.of_images**2 / self.image_degrees
        return max(1.0, self.variance**2 / parts) if parts else math.inf


def estimate_of(one_model: Estimate, num_seeds: int, found: Components, method: str) -> Estimate:
    """The mean over seeds that `one_model` holds, with Student's interval, or its own where nothing scatters."""
    value = one_model.value
    if found.standard_error < NO_SCATTER or not 0 < value < 1:
        return replace(one_model, num_seeds=num_seeds)
    return replace(
        one_model,
        method=method,
        interval=on_the_logit_scale(value, found.standard_error, found.degrees),
        standard_error=found.standard_error,
        degrees=found.degrees,
        num_seeds=num_seeds,
    )


def difference_of(value: float, num_pairs: int, found: Components, method: str) -> Difference:
    """Student's interval and p of a mean over pairs of seeds; neither where all pairs differ alike."""
    if found.standard_error < NO_SCATTER:
        return Difference(value, None, "no interval: all pairs differ alike", num_pairs, p=1.0 if value == 0 else None)
    from scipy.stats import t

    p = 2 * float(t.sf(abs(value) / found.standard_error, found.degrees))
    interval = t_interval(value, found.standard_error, found.degrees, low=-1.0)
    draw_error = math.sqrt(max(0.0, found.of_images - found.of_both))
    seed_error = math.sqrt(found.of_seeds)
    return Difference(value, interval, method, num_pairs, p=p, seed_error=seed_error, draw_error=draw_error)


def difference_of_models(value: float, num_images: int, error: float, degrees: float, method: str) -> Difference:
    """Student's interval and p of two models as they are, given the standard error over draws of the images."""
    if error < NO_SCATTER:
        reason, p = "no interval: no draw of these images changes it", 1.0 if abs(value) < NO_SCATTER else None
        return Difference(value, None, reason, num_images, p=p)
    from scipy.stats import t

    p = 2 * float(t.sf(abs(value) / error, degrees))
    interval = t_interval(value, error, degrees, low=-1.0)
    return Difference(value, interval, method, num_images, p=p, seed_error=0.0, draw_error=error)


def on_the_logit_scale(value: float, standard_error: float, degrees: float) -> Interval:
    """Student's interval of log(value / (1 - value)), by the delta method, as one of the value."""
    center, reach = math.log(value / (1 - value)), quantile(degrees) * standard_error / (value * (1 - value))
    low, high = (1 / (1 + math.exp(min(700.0, -end))) for end in (center - reach, center + reach))
    return low, high
