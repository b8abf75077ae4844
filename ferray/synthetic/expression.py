"""Expressions as the pull of a few facial muscles, after the action units of FACS, with the spread of real faces."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ferray.emotions import Emotion


class Muscles(NamedTuple):
    """0 is a face at rest; 1 is a full pull, -1 one the other way."""

    brow_inner: float = 0.0  # up
    brow_outer: float = 0.0  # up
    brow_pinch: float = 0.0  # together
    eye_open: float = 0.0
    lower_lid: float = 0.0  # up, as in a squint
    nose_wrinkle: float = 0.0
    corner: float = 0.0  # mouth corners up
    width: float = 0.0  # mouth wide
    open: float = 0.0  # jaw down
    upper_lip: float = 0.0  # up, showing teeth


FULL: dict[Emotion, Muscles] = {
    Emotion.ANGRY: Muscles(-1.0, 0.35, 1.0, -0.15, 0.6, 0.35, -0.45, 0.05, 0.2, 0.25),
    Emotion.DISGUST: Muscles(-0.5, -0.35, 0.5, -0.45, 0.7, 1.0, -0.5, -0.05, 0.2, 1.0),
    Emotion.FEAR: Muscles(0.9, 0.25, 0.6, 0.75, 0.1, 0.0, -0.35, 0.5, 0.4, 0.1),
    Emotion.HAPPY: Muscles(0.1, 0.1, 0.0, -0.15, 0.6, 0.1, 1.0, 0.7, 0.3, 0.3),
    Emotion.NEUTRAL: Muscles(),
    Emotion.SAD: Muscles(0.8, -0.6, 0.5, -0.45, 0.1, 0.0, -0.9, -0.2, 0.0, 0.0),
    Emotion.SURPRISE: Muscles(0.9, 0.9, -0.1, 0.8, -0.1, 0.0, 0.0, -0.5, 1.0, 0.1),
}
WEAKEST = 0.4  # a face is shown between this much of its full expression and all of it
JITTER = 0.11  # standard deviation of each muscle, whatever the expression
MIXED_FRACTION = 0.25  # of the faces show a second expression too
MIXED_SHARE = 0.3  # and at most this much of it


def pull_muscles(emotion: Emotion, generator: np.random.Generator) -> Muscles:
    """One face of this expression: full or in between, mixed or pure, and never twice the same."""
    strength = WEAKEST + (1 - WEAKEST) * generator.beta(2.0, 1.3)
    other = Emotion(int(generator.integers(len(Emotion))))
    share = generator.uniform(0, MIXED_SHARE) * float(generator.random() < MIXED_FRACTION)
    pure = np.asarray(FULL[emotion]) * strength
    pulled = (1 - share) * pure + share * np.asarray(FULL[other])
    pulled += generator.normal(0, JITTER, len(pulled))
    if pulled[8] < 0:
        pulled[8] = 0.0  # a closed jaw does not close further
    return Muscles(*pulled.tolist())
