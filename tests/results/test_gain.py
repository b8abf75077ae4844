"""Models together against a single one on the same images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ferray.results.answers import Answers
from ferray.results.gain import Gain, gains_of

IDS, LABELS = np.arange(40), np.repeat([0, 1], 20)


def answers(predictions: np.ndarray, order: np.ndarray = IDS) -> Answers:
    return Answers("ab", IDS[order], LABELS[order], predictions[order])


def gains(ours: Answers, theirs: Answers) -> dict[str, Gain]:
    return {gain.metric: gain for gain in gains_of(ours, theirs, 2, lambda _: np.random.default_rng(0))}


def wrong(*positions: int) -> np.ndarray:
    said = LABELS.copy()
    said[list(positions)] = 1 - said[list(positions)]
    return said


def test_each_score_is_that_of_its_own_answers() -> None:
    found = gains(answers(wrong(0)), answers(wrong(*range(8))))["accuracy"]
    assert (found.ours.value, found.theirs.value, found.n) == (39 / 40, 32 / 40, 40)
    assert found.difference.value == pytest.approx(7 / 40)


def test_images_may_lie_in_another_order() -> None:
    assert gains(answers(wrong(3), IDS[::-1]), answers(wrong(3)))["uar"].difference.value == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (wrong(), wrong(*range(8), *range(20, 28)), "better"),
        (wrong(*range(8), *range(20, 28)), wrong(), "worse"),
        (wrong(1), wrong(2), "no difference beyond the noise"),
    ],
    ids=["better", "worse", "neither"],
)
def test_the_verdict_is_by_the_interval(ours: np.ndarray, theirs: np.ndarray, verdict: str) -> None:
    assert gains(answers(ours), answers(theirs))["accuracy"].verdict == verdict


def test_what_differs_by_a_whole_class_is_not_called_noise() -> None:
    found = gains(answers(wrong(*range(20))), answers(wrong()))["uar"]
    assert (found.difference.value, found.difference.interval, found.difference.p) == (-0.5, None, None)
    assert found.verdict == "no draw of these images gives it an interval"


def test_models_that_say_the_same_are_called_the_same() -> None:
    assert gains(answers(wrong(3)), answers(wrong(3)))["uar"].verdict == "the same in every draw of these images"


def test_answers_to_other_images_are_not_compared() -> None:
    with pytest.raises(ValueError, match="other images"):
        gains(answers(wrong()), Answers("ab", IDS + 1, LABELS, LABELS))


@pytest.mark.parametrize("old", ["ours", "theirs"])
def test_groups_that_one_side_names_hold_for_both(old: str) -> None:
    people = tuple(f"person{number % 10}" for number in range(40))
    sides = {"ours": replace(answers(wrong(0)), groups=people), "theirs": replace(answers(wrong(1, 2)), groups=people)}
    sides[old] = replace(sides[old], groups=None)
    found = gains(**sides)["accuracy"]
    assert (found.ours.num_groups, found.theirs.num_groups) == (10, 10)
