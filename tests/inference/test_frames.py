from __future__ import annotations

from pathlib import Path

import pytest

from ferray.errors import BadSampleError
from ferray.inference.files import AskedFile
from ferray.inference.frames import Frame, frames_of


def of_video(file: Path, rate: float) -> list[Frame]:
    return list(frames_of(AskedFile(file, "video", Path(file.name)), rate=rate))


def test_a_picture_is_one_frame_without_a_number(folder: Path) -> None:
    (frame,) = frames_of(AskedFile(folder / "a.png", "picture", Path("a.png")), rate=1)
    assert (frame.number, frame.image.shape, frame.name) == (None, (12, 20, 3), str(folder / "a.png"))


def test_frames_are_taken_at_the_rate_that_is_asked(video: Path) -> None:
    assert [(frame.number, frame.second) for frame in of_video(video, 5)] == [
        (0, 0.0),
        (2, 0.2),
        (4, 0.4),
        (6, 0.6),
        (8, 0.8),
    ]


def test_a_rate_above_the_videos_own_takes_every_frame(video: Path) -> None:
    assert [frame.number for frame in of_video(video, 1000)] == list(range(10))


def test_colours_are_red_green_blue(video: Path) -> None:
    first, *_, last = of_video(video, 1000)
    assert first.image[0, 0].argmax() == 0
    assert last.image[0, 0].argmax() == 2


def test_a_frame_is_called_by_its_number(video: Path) -> None:
    assert of_video(video, 5)[1].name == f"{video}#2"


def test_what_is_no_video_is_named_without_a_word_of_opencv(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.mp4").write_text("text")
    with pytest.raises(BadSampleError, match=r"`.*bad.mp4` is not a video that OpenCV reads"):
        of_video(tmp_path / "bad.mp4", 1)
    assert capfd.readouterr().err == ""
