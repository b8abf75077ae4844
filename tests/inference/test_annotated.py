from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ferray.data.images import read_rgb
from ferray.errors import ConfigError
from ferray.faces import Detection
from ferray.inference.annotated import FRAME, LEAST_SIDE, AnnotatedPictures, draw_answers
from ferray.inference.answers import Answer
from ferray.inference.files import AskedFile, find_files
from ferray.inference.frames import Frame

GREY = np.full((200, 300, 3), 128, dtype=np.uint8)


def frame(below: str = "sub/a.jpg", image: np.ndarray = GREY, number: int | None = None) -> Frame:
    return Frame(AskedFile(Path("x"), "picture", Path(below)), image, number)


def test_a_face_has_a_frame_around_it() -> None:
    drawn = draw_answers(frame(), [(Answer("a", (1.0,), Detection(100, 80, 50, 60)), "Happy 0.75")])
    assert tuple(drawn[130, 100]) == FRAME
    assert tuple(drawn[110, 125]) == (128, 128, 128)


def test_words_of_a_whole_picture_stand_at_its_top() -> None:
    drawn = draw_answers(frame(), [(Answer("a", (1.0,)), "Happy 0.75")])
    assert tuple(drawn[1, 1]) == FRAME
    assert (drawn[30:] == 128).all()


def test_a_small_picture_is_enlarged() -> None:
    small = np.zeros((48, 48, 3), dtype=np.uint8)
    assert min(draw_answers(frame(image=small), []).shape[:2]) >= LEAST_SIDE


def test_a_picture_lies_where_it_lay_below_the_folder_that_was_named(tmp_path: Path) -> None:
    path = AnnotatedPictures(tmp_path).write(frame(), [])
    assert path == tmp_path / "sub/a.png"
    assert read_rgb(path).shape == (200, 300, 3)


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    pictures = AnnotatedPictures(tmp_path)
    assert [pictures.write(frame(name), []).name for name in ("a.jpg", "a.png")] == ["a.png", "a-2.png"]


def test_frames_of_a_video_lie_in_a_folder_of_its_name(tmp_path: Path) -> None:
    assert AnnotatedPictures(tmp_path).write(frame("clip.avi", number=12), []) == tmp_path / "clip/frame-000012.png"


@pytest.mark.parametrize("named", ["photos", "photos/a.png", "photos/sub"])
def test_a_picture_that_is_asked_is_never_written_over(tmp_path: Path, named: str) -> None:
    (tmp_path / "photos/sub").mkdir(parents=True)
    (tmp_path / "photos/a.png").touch()
    (tmp_path / "photos/sub/b.png").touch()
    path = tmp_path / named
    with pytest.raises(ConfigError, match="would lie among those that are asked"):
        AnnotatedPictures(path.parent).refuse_overwriting(find_files([path]).asked)


def test_a_folder_beside_the_pictures_takes_the_annotated_ones(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.png").touch()
    AnnotatedPictures(tmp_path / "photos/drawn").refuse_overwriting(find_files([tmp_path / "photos"]).asked)
