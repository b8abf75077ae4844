"""Hashes of one photograph are alike, of two they are not, and mirroring turns the odd half's sign."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.audit.perceptual_hash import WHOLE, Crop, Hashes, PerceptualHash
from ferray.emotions import Emotion
from ferray.synthetic.portrait import draw_portrait

SIZE = 48


@pytest.fixture(scope="module")
def greys() -> NDArray[np.uint8]:
    draws = np.random.default_rng(0)
    return np.stack([draw_portrait(Emotion(number % 7), draws, SIZE)[:, :, 1] for number in range(60)])


def similarity(first: Hashes, second: Hashes) -> NDArray[np.float32]:
    """Of each picture of the one with that of the other."""
    found: NDArray[np.float32] = (first.even * second.even).sum(axis=1) + (first.odd * second.odd).sum(axis=1)
    return found


def test_hashes_have_length_one(greys: NDArray[np.uint8]) -> None:
    hashes = PerceptualHash.fit(greys).of(greys)
    assert similarity(hashes, hashes) == pytest.approx(np.ones(60), abs=1e-5)


def test_mirroring_turns_the_sign_of_the_odd_half_alone(greys: NDArray[np.uint8]) -> None:
    hash_of = PerceptualHash.fit(greys)
    straight, mirrored = hash_of.of(greys), hash_of.of(greys[:, :, ::-1])
    assert np.allclose(mirrored.even, straight.even, atol=1e-4)
    assert np.allclose(mirrored.odd, -straight.odd, atol=1e-4)


def test_gain_and_offset_leave_it_as_it_is(greys: NDArray[np.uint8]) -> None:
    hash_of = PerceptualHash.fit(greys)
    darker = (greys * 0.5 + 20).astype(np.uint8)
    assert similarity(hash_of.of(greys), hash_of.of(darker)).min() > 0.98


def test_different_faces_are_not_alike(greys: NDArray[np.uint8]) -> None:
    hashes = PerceptualHash.fit(greys).of(greys)
    others = Hashes(np.roll(hashes.even, 1, axis=0), np.roll(hashes.odd, 1, axis=0))
    assert np.median(similarity(hashes, others)) < 0.2


def test_a_crop_has_the_hash_of_the_cut_picture(greys: NDArray[np.uint8]) -> None:
    hash_of = PerceptualHash.fit(greys)
    cut = np.stack([cv2.resize(grey[6:42, 3:39], (SIZE, SIZE), interpolation=cv2.INTER_LINEAR) for grey in greys])
    cropped = hash_of.of(greys, Crop(36 / SIZE, 6 / SIZE, 3 / SIZE))
    assert np.median(similarity(cropped, hash_of.of(cut, WHOLE))) > 0.95


def test_two_pictures_are_a_set_already(greys: NDArray[np.uint8]) -> None:
    hashes = PerceptualHash.fit(greys[:2]).of(greys[:2])
    assert np.isfinite(hashes.even).all()
    assert np.isfinite(hashes.odd).all()
