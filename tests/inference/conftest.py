from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

RED = (250, 10, 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them below; a text, a text that calls itself a picture, and a torn one."""
    (tmp_path / "sub").mkdir()
    Image.new("RGB", (20, 12), RED).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8), (0, 0, 255)).save(tmp_path / "sub/b.jpg")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "text.png").write_text("nothing")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "torn.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "torn.png").read_bytes()[:900])
    return tmp_path


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten frames at ten a second: five red ones, then five blue ones."""
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg looks once in a process, and writing comes first here
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 32))
    for number in range(10):
        bgr = (0, 0, 255) if number < 5 else (255, 0, 0)
        writer.write(np.full((32, 32, 3), bgr, dtype=np.uint8))
    writer.release()
    return file
