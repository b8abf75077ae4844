from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ferray.crops.cutting import CropSettings
from ferray.faces import Detection, FaceFinder
from ferray.inference.answers import Answers, answer_files
from ferray.inference.face_crops import FaceCutter
from ferray.inference.files import find_files
from ferray.registry import Params
from ferray.testing.fake_models import ColourModel


class Wide(FaceFinder):
    """Sees two faces in pictures that are wider than high, the right one first, and none in others."""

    exact = True

    def find(self, image_HWC: NDArray[np.uint8], name: str) -> list[Detection]:
        height, width = image_HWC.shape[:2]
        half = width / 2
        return [Detection(half, 0, half, height), Detection(0, 0, half, height)] if width > height else []


WHOLE = FaceCutter(None, CropSettings())
EVERY_FACE = FaceCutter(Wide(Params()), CropSettings())


def answered(paths: Sequence[Path], cutter: FaceCutter = WHOLE, *, batch_size: int = 64) -> tuple[Answers, ColourModel]:
    model = ColourModel()
    files = find_files(paths).asked
    rounds = answer_files(model, files, cutter, batch_size=batch_size, rate=5, progress=lambda *_: None)
    return [found for _, found in rounds][-1], model


def test_every_picture_is_answered_whatever_is_damaged(folder: Path) -> None:
    found, _ = answered([folder])
    assert [(Path(answer.file).name, answer.label) for answer in found.answers] == [("a.png", 0), ("b.jpg", 2)]


def test_what_is_damaged_is_named_with_the_reason(folder: Path) -> None:
    found, _ = answered([folder])
    assert [(Path(each.file).name, each.reason) for each in found.unread] == [
        ("text.png", "is not a picture"),
        ("torn.png", "is truncated or damaged"),
    ]


def test_a_picture_without_a_face_is_named(folder: Path) -> None:
    found, _ = answered([folder], EVERY_FACE)
    assert [Path(each.file).name for each in found.without_face] == ["b.jpg"]


def test_every_face_of_a_picture_is_answered_from_left_to_right(folder: Path) -> None:
    found, _ = answered([folder], EVERY_FACE)
    assert [answer.box.x for answer in found.answers if answer.box] == [0, 10]


def test_no_more_is_asked_at_a_time_than_a_batch(video: Path) -> None:
    found, model = answered([video], batch_size=2)
    assert (model.batches, len(found.answers)) == ([2, 2, 1], 5)


def test_pictures_that_wait_are_bounded_in_memory(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferray.inference.answers.MOST_BYTES", 2 * 32 * 32 * 3)
    _, model = answered([video])
    assert model.batches == [2, 2, 1]


def test_nothing_to_answer_gives_no_answers(folder: Path) -> None:
    found, _ = answered([folder / "text.png"])
    assert (found.answers, len(found.unread)) == ([], 1)
