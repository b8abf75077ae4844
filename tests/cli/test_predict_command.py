from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ferray.testing.command import ferray
from ferray.testing.fake_models import write_colour_onnx


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_colour_onnx(tmp_path / "model.onnx")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A red picture, a text, and a text that calls itself a picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (20, 12), (255, 0, 0)).save(folder / "a.png")
    (folder / "notes.txt").write_text("nothing")
    (folder / "text.png").write_text("nothing")
    return folder


def test_the_rest_is_answered_and_what_is_damaged_named_with_exit_3(model: Path, pictures: Path) -> None:
    ran = ferray("predict", model, pictures)
    assert (ran.code, ran.out) == (3, f"{pictures}/a.png: Red 1.000  (Green 0.000, Blue 0.000)\n")
    assert f"passed over: `{pictures}/notes.txt` is no picture" in ran.err
    assert f"`{pictures}/text.png` is not a picture" in ran.err


def test_a_phones_heic_picture_in_a_folder_is_named_with_what_to_do(model: Path, pictures: Path) -> None:
    (pictures / "text.png").unlink()
    (pictures / "IMG_0001.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    ran = ferray("predict", model, pictures)
    assert ran.code == 3
    assert f"`{pictures}/IMG_0001.HEIC` is an HEIC image, which is not read" in ran.err
    assert "hint: save it as JPEG or PNG; all else was answered" in ran.err


def test_a_sweep_in_place_of_a_model_is_told_how_its_best_trial_is_asked(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine" / "trials").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "study.journal").touch()
    ran = ferray("predict", "mine", pictures / "a.png", "--output", tmp_path / "runs")
    assert "predict mine:best` asks its best trial" in ran.err


def test_where_nothing_was_answered_no_rest_is_spoken_of(model: Path, pictures: Path) -> None:
    assert "all else" not in ferray("predict", model, pictures / "text.png").err


def test_all_that_is_answered_ends_with_0(model: Path, pictures: Path) -> None:
    assert ferray("predict", model, pictures / "a.png").code == 0


def test_a_picture_without_a_face_is_named_and_no_failure(model: Path, pictures: Path) -> None:
    ran = ferray("predict", model, pictures / "a.png", "--faces", "mtcnn", "--csv")
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert f"without a face: `{pictures}/a.png` shows no face that is found" in ran.err


def test_csv_is_a_row_a_face(model: Path, pictures: Path) -> None:
    _, row = csv.reader(io.StringIO(ferray("predict", model, pictures / "a.png", "--csv").out))
    assert row[7] == "Red"


def test_json_is_one_document(model: Path, pictures: Path) -> None:
    document = json.loads(ferray("predict", model, pictures, "--json").out)
    assert [len(document[key]) for key in ("answers", "unread", "passed_over")] == [1, 1, 1]


def test_annotated_pictures_are_written(model: Path, pictures: Path, tmp_path: Path) -> None:
    ferray("predict", model, pictures / "a.png", "--annotate", tmp_path / "drawn")
    assert (tmp_path / "drawn/a.png").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model.onnx", "a.png", "--annotate", "."), "would lie among those that are asked"),
        (("nosuch", "a.png"), "`nosuch` is no trained model"),
        (("model.onnx", "gone.png"), "there is no file or folder `gone.png`"),
        (("model.onnx", "a.png", "--faces", "mtcn"), "mtcn"),
        (("model.onnx", "a.png", "--fps", "0"), "`--fps 0` is no number of frames a second"),
        (("model.onnx", "a.png", "--margin", "9"), "`--margin 9`"),
        (("model.onnx", "a.png", "--runtime", "tf"), "`tf` is no runtime"),
        (("model.onnx", "a.png", "--csv", "--json"), "`--csv` and `--json` are two choices"),
        (("nosuch:best", "a.png"), "there is no sweep `nosuch`"),
    ],
    ids=["annotate", "model", "path", "faces", "fps", "margin", "runtime", "two formats", "sweep"],
)
def test_what_is_asked_wrongly_is_said(
    model: Path, pictures: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model.parent / "a.png").write_bytes((pictures / "a.png").read_bytes())
    monkeypatch.chdir(model.parent)
    ran = ferray("predict", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_a_folder_without_pictures_is_said(model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = ferray("predict", model, tmp_path / "empty")
    assert (ran.code, "there is no picture and no video among these" in ran.err) == (3, True)


PROBE = """
import sys
from ferray.cli.app import run
code = run(["predict", *sys.argv[1:], "--quiet"])
print(code, *[name for name in ("torch", "ray", "optuna", "wandb", "albumentations", "timm") if name in sys.modules])
"""


def test_an_onnx_file_answers_without_torch(model: Path, pictures: Path) -> None:
    command = [sys.executable, "-c", PROBE, str(model), str(pictures / "a.png")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert ran.stdout.splitlines()[-1] == "0", ran.stderr
