"""How many seeds it takes to find a difference between two recipes, and how small a one so many seeds find."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy.optimize import brentq
from scipy.stats import nct, t

MOST_SEEDS = 1000
POWER = 0.8
LEVEL = 0.05
FAR = 5


@dataclass(frozen=True)
class Spread:
    """What hides the difference of two recipes, trained with the same seeds and judged on the same images.

    `per_pair` is the standard deviation, over pairs of seeds, of the difference on these images; `draw_error` the
    standard error of the difference from the draw of `num_images` images, which no number of seeds makes smaller.
    """

    per_pair: float
    draw_error: float = 0.0
    num_images: int | None = None

    @classmethod
    def of_recipes(cls, sd: float, num_images: int | None = None, *, disagreement: float = 0.0) -> Spread:
        """Two recipes that each scatter by `sd` over seeds, independently of one another.

        `disagreement` is the share of images that one of them, over its seeds, gets right and the other wrong.
        """
        draw_error = math.sqrt(disagreement / num_images) if num_images else 0.0
        return cls(math.sqrt(2) * sd, draw_error, num_images)

    def on_images(self, num_images: int) -> Spread:
        """The same on another number of images of the same kind."""
        assert self.num_images
        return replace(
            self, draw_error=self.draw_error * math.sqrt(self.num_images / num_images), num_images=num_images
        )

    def power(self, gap: float, num_seeds: int, *, level: float = LEVEL) -> float:
        """The chance that a true `gap` is found by the two-sided test of `seeds_and_images.paired`.

        That of Student's test with Satterthwaite's degrees of freedom; Cohen, "Statistical Power Analysis for the
        Behavioral Sciences", 2nd edition (1988), chapter 2, by the noncentral t distribution.
        """
        of_seeds, of_images = self.per_pair**2 / num_seeds, self.draw_error**2
        variance = of_seeds + of_images
        if variance == 0:
            return 1.0
        image_degrees = self.num_images - 1 if self.num_images else math.inf
        degrees = variance**2 / (of_seeds**2 / (num_seeds - 1) + of_images**2 / image_degrees)
        critical, shift = float(t.ppf(1 - level / 2, degrees)), abs(gap) / math.sqrt(variance)
        if shift > FAR * critical:  # where scipy has no number any more
            return 1.0
        return float(nct.sf(critical, degrees, shift) + nct.sf(critical, degrees, -shift))

    def num_seeds(self, gap: float, *, power: float = POWER, level: float = LEVEL) -> int | None:
        """The fewest seeds, from 2 on, that find the gap with this power; None where a thousand do not."""
        low, high = 1, 2
        while self.power(gap, high, level=level) < power:
            low, high = high, 2 * high
            if low >= MOST_SEEDS:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.power(gap, middle, level=level) >= power else (middle, high)
        return high if high <= MOST_SEEDS else None

    def smallest_gap(self, num_seeds: int, *, power: float = POWER, level: float = LEVEL) -> float | None:
        """The smallest difference that so many seeds find with this power; None where it is no difference of scores."""

        def lacking(gap: float) -> float:
            return self.power(gap, num_seeds, level=level) - power

        if lacking(0.0) >= 0:
            return 0.0
        return float(brentq(lacking, 0.0, 1.0, xtol=1e-6)) if lacking(1.0) > 0 else None
