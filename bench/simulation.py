"""Whether the intervals, tests and lines on luck are right, on drawn studies whose truth is known.

    python -m bench.simulation [--studies 2000] [--sweeps 400] [--seed 0]

prints one JSON document.

`confirmations`: recipes over a few seeds, all judged on the same images, by `ferray.stats.seeds_and_images`. Whether an
image is answered right depends on how easy it is, on how well its training turned out, and on chance. `coverage` is the
share of studies whose 95 % interval holds the true score of a retraining on new images; `false_positives` that in which
two recipes of one true score are told apart at 5 %; `percentiles` the coverage of the plain percentiles of a bootstrap
over seeds and images, and `seeds_alone` of Student's t over seeds, for comparison.

`power`: the share of studies in which a true difference is found, and what `ferray.stats.power` expects.

`luck`: sweeps of which the best trial is chosen on shared validation images. `optimism` is by how much its value
exceeds its true score on average, `told` what the leaderboard's line says, `error` what that line says of itself,
`within` the share of sweeps in which the truth is no further than 1.96 such errors from what the line expects, apart
from the error that all trials share. `correlation` is that of two trials' errors in truth, where the line takes 0.5.

S = seeds, N = images, K = trials, C = classes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from ferray.results.leaderboard import rank
from ferray.results.selection import selection_effects
from ferray.stats.estimates import Metric, of_fraction, of_seeds
from ferray.stats.power import Spread
from ferray.stats.seeds_and_images import over_seeds_and_images, paired, seed_scores
from ferray.study.records import SweepRecord, TrialRecord

SFEW = (22, 20, 18, 41, 40, 48, 21)  # images of each class in half of a small set
SHARED = 0.8  # correlation of how easy an image is to two recipes
LEANING = np.linspace(-0.6, 0.6, len(SFEW))  # of the classes, easy and hard

Answers = NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """A kind of study: how good a recipe is, and how much seeds and images matter, on the scale of the probit."""

    name: str
    metric: Metric
    num_seeds: int
    skill: float = 0.1
    seed_sd: float = 0.1
    image_sd: float = 1.0
    times: float = 1.0  # as many images as SFEW


DESIGNS = (
    Design("few seeds", "uar", 5),
    Design("nine seeds", "uar", 9),
    Design("accuracy", "accuracy", 5),
    Design("macro-F1", "macro_f1", 5),
    Design("seeds matter most", "uar", 5, seed_sd=0.3, times=4),
    Design("images matter most", "accuracy", 9, seed_sd=0.03, image_sd=1.5),
    Design("nearly all right", "accuracy", 5, skill=3.0, seed_sd=0.2, image_sd=1.5),
    Design("few images", "uar", 5, times=0.3),
)


def class_sizes(design: Design, generator: np.random.Generator | None = None) -> NDArray[np.int64]:
    """Images of each class; for an accuracy, whose images are drawn whatever their class, those of one draw."""
    sizes = np.maximum(2, (np.array(SFEW) * design.times).astype(np.int64))
    if generator is None or design.metric != "accuracy":
        return sizes
    return generator.multinomial(int(sizes.sum()), sizes / sizes.sum())


def truth(design: Design) -> float:
    """The expected score of a retraining on new images; of macro-F1 the mean over seeds by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    sizes = class_sizes(design)
    scores = []
    for node in nodes:
        reach = np.sqrt(1 + design.image_sd**2)
        recalls = norm.cdf((design.skill + LEANING + design.seed_sd * node) / reach)
        misses = sizes * (1 - recalls) / (len(sizes) - 1)
        said = sizes * recalls + misses.sum() - misses
        scores.append(
            {
                "accuracy": float((sizes * recalls).sum() / sizes.sum()),
                "uar": float(recalls.mean()),
                "macro_f1": float((2 * sizes * recalls / (sizes + said)).mean()),
            }[design.metric]
        )
    return float(np.array(scores) @ weights / weights.sum())


def draw_study(design: Design, generator: np.random.Generator, gain: float = 0.0) -> tuple[Answers, Answers, Answers]:
    """Labels (N,) and what two recipes say (S, N), the first better by `gain` on the scale of the probit."""
    labels = np.repeat(np.arange(len(SFEW)), class_sizes(design, generator))
    shared = generator.normal(size=len(labels))
    first, second = (_answers(design, labels, generator, shared, design.skill + more) for more in (gain, 0.0))
    return labels, first, second


def _answers(
    design: Design, labels: Answers, generator: np.random.Generator, shared: NDArray[np.float64], skill: float
) -> Answers:
    own = generator.normal(size=len(labels))
    easy_N = design.image_sd * (np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own)
    turned_out_S1 = generator.normal(0, design.seed_sd, (design.num_seeds, 1))
    latent_SN = (
        skill + LEANING[labels] + easy_N + turned_out_S1 + generator.normal(size=(design.num_seeds, len(labels)))
    )
    wrong_SN = (labels + generator.integers(1, len(SFEW), latent_SN.shape)) % len(SFEW)
    return np.where(latent_SN > 0, labels, wrong_SN)


def _percentiles(labels: Answers, said: Answers, metric: Metric, generator: np.random.Generator) -> tuple[float, float]:
    """Of a plain bootstrap over seeds and, within each class, images."""
    num_seeds, members = len(said), [np.flatnonzero(labels == label) for label in np.unique(labels)]
    found = []
    for _ in range(200):
        seeds = generator.integers(num_seeds, size=num_seeds)
        images = np.concatenate([generator.choice(inside, len(inside)) for inside in members])
        found.append(float(seed_scores(labels[images], said[seeds][:, images], metric).mean()))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def confirmations(
    design: Design, studies: int, generator: np.random.Generator, *, num_resamples: int = 1000
) -> dict[str, Any]:
    """How often the interval holds the truth, and the test of equal recipes rejects."""
    true, covered, found = truth(design), [], []
    for _ in range(studies):
        labels, first, second = draw_study(design, generator)
        estimate = over_seeds_and_images(labels, first, design.metric, generator=generator, num_resamples=num_resamples)
        covered.append(_holds(estimate.interval, true))
        gap = paired(labels, first, second, design.metric, generator=generator, num_resamples=num_resamples)
        found.append(gap.p is not None and gap.p < 0.05)
    share = {"coverage": float(np.mean(covered)), "false_positives": float(np.mean(found))}
    return {**asdict(design), "studies": studies, "truth": true, **share}


def plain_ways(design: Design, studies: int, generator: np.random.Generator) -> dict[str, float]:
    """How often the intervals hold the truth that are not used, for the reason that is seen here."""
    true, percentiles, alone = truth(design), [], []
    for _ in range(studies):
        labels, said, _ = draw_study(design, generator)
        percentiles.append(_holds(_percentiles(labels, said, design.metric, generator), true))
        scores = [of_fraction("accuracy", score, len(labels)) for score in seed_scores(labels, said, design.metric)]
        alone.append(_holds(of_seeds(scores).interval, true))
    return {"percentiles": float(np.mean(percentiles)), "seeds_alone": float(np.mean(alone))}


def _holds(interval: tuple[float, float] | None, true: float) -> bool:
    return interval is not None and interval[0] <= true <= interval[1]


def power(design: Design, gain: float, studies: int, generator: np.random.Generator) -> dict[str, Any]:
    """How often a true difference is found, and how often it should be by the spread of these studies."""
    better = replace(design, skill=design.skill + gain)
    gap = truth(better) - truth(design)
    drawn = []
    for _ in range(studies):
        labels, first, second = draw_study(design, generator, gain)
        drawn.append(paired(labels, first, second, design.metric, generator=generator, num_resamples=500))
    per_pair = np.sqrt(np.mean([(each.seed_error or 0) ** 2 for each in drawn]) * design.num_seeds)
    draw_error = np.sqrt(np.mean([(each.draw_error or 0) ** 2 for each in drawn]))
    spread = Spread(float(per_pair), float(draw_error), int(class_sizes(design).sum()))
    return {
        "design": design.name,
        "difference": gap,
        "studies": studies,
        "found": float(np.mean([each.p is not None and each.p < 0.05 for each in drawn])),
        "expected": spread.power(gap, design.num_seeds),
    }


@dataclass(frozen=True)
class Search:
    """A kind of sweep: how many trials, how their skill scatters (all alike, or a long lower tail), and on what images.

    `image_sd` makes trials err on the same images: 1.55 has their errors correlate by about 0.5.
    """

    name: str
    num_trials: int
    tail: float
    image_sd: float = 1.55
    num_images: int = 431


SEARCHES = (
    Search("all alike", 30, 0.0),
    Search("some are bad", 30, 0.3),
    Search("most are bad", 60, 1.0),
    Search("few trials", 8, 0.3),
    Search("many trials", 200, 0.3),
    Search("errors hardly shared", 30, 0.3, image_sd=0.9),
    Search("errors mostly shared", 30, 0.3, image_sd=2.6),
)


def luck(search: Search, sweeps: int, generator: np.random.Generator) -> dict[str, Any]:
    """The optimism of the best of each sweep, and what its leaderboard says of it."""
    optimism, told, errors, within, correlations = [], [], [], [], []
    for _ in range(sweeps):
        skills_K = (
            -generator.exponential(search.tail, search.num_trials) if search.tail else np.zeros(search.num_trials)
        )
        true_K = norm.cdf(skills_K / np.sqrt(1 + search.image_sd**2))
        easy_N = generator.normal(0, search.image_sd, search.num_images)
        right_KN = skills_K[:, None] + easy_N + generator.normal(size=(search.num_trials, search.num_images)) > 0
        found = selection_effects(rank(_record(right_KN)))
        best = found.complete[0].number
        shared = float(np.mean(right_KN.mean(axis=1) - true_K))  # moves all trials alike, and chooses none
        optimism.append(float(right_KN[best].mean() - true_K[best]))
        assert found.optimism is not None
        assert found.error is not None
        told.append(found.optimism)
        errors.append(found.error)
        within.append(abs(optimism[-1] - shared - found.optimism) <= 1.96 * found.error)
        centred_KN = right_KN - true_K[:, None]
        between = np.var(centred_KN.mean(axis=0)) * search.num_trials**2 - np.sum(np.var(centred_KN, axis=1))
        pairs = search.num_trials * (search.num_trials - 1)
        correlations.append(between / pairs / np.mean(np.var(centred_KN, axis=1)))
    return {
        **asdict(search),
        "sweeps": sweeps,
        "correlation": float(np.mean(correlations)),
        "optimism": float(np.mean(optimism)),
        "optimism_error": float(np.std(optimism) / np.sqrt(sweeps)),
        "told": float(np.mean(told)),
        "error": float(np.mean(errors)),
        "within": float(np.mean(within)),
    }


def _record(right_KN: NDArray[np.bool_]) -> SweepRecord:
    """A sweep of two classes, of which the images are the halves; a trial's value is its accuracy."""
    half = right_KN.shape[1] // 2
    trials = []
    for number, right_N in enumerate(right_KN):
        first, second = int(right_N[:half].sum()), int(right_N[half:].sum())
        confusion = ((first, half - first), (len(right_N) - half - second, second))
        trials.append(_trial(number, float(right_N.mean()), confusion))
    return SweepRecord("drawn", "val/accuracy", "max", tuple(trials))


def _trial(number: int, value: float, confusion: tuple[tuple[int, ...], ...]) -> TrialRecord:
    return TrialRecord(
        number=number,
        state="complete",
        outcome="completed",
        value=value,
        epochs=1,
        epochs_asked=1,
        best_epoch=1,
        recipe=f"{number:08x}",
        params={},
        config={},
        metrics={"val/accuracy": value},
        confusion=confusion,
        classes=("a", "b"),
        num_val=sum(map(sum, confusion)),
        folder="",
        checkpoint="",
    )


def main(args: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--sweeps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(args)
    with threadpool_limits(1):  # products of small matrices, which threads only wait for each other over
        document = simulate(asked.studies, asked.sweeps, np.random.default_rng(asked.seed))
    json.dump(document, sys.stdout, indent=2)
    print()


def simulate(studies: int, sweeps: int, generator: np.random.Generator) -> dict[str, Any]:
    """The document."""
    return {
        "confirmations": [
            confirmations(design, studies, generator) | plain_ways(design, studies // 5, generator)
            for design in DESIGNS
        ],
        "power": [power(DESIGNS[1], gain, studies // 2, generator) for gain in (0.15, 0.3)],
        "luck": [luck(search, sweeps, generator) for search in SEARCHES],
    }


if __name__ == "__main__":
    main()
