"""`ferray data prepare`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ferray.testing.command import Ran, ferray
from ferray.testing.fake_data import write_image_folder, write_sfew675, write_sheet_csv


def prepare(root: Path, *args: object) -> Ran:
    return ferray("data", "prepare", "sfew", "--data-root", root, "--workers", 1, "--size", 24, *args)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_sfew675(tmp_path, per_class=2)


def test_the_table_counts_by_class_and_the_rest_goes_to_stderr(root: Path) -> None:
    ran = prepare(root, "--faces", "center")
    assert ran.code == 0, ran.err
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["class", "images", "found", "missed", "several", "small", "blurred", "tilted", "bad", "written"] in lines
    assert ["Angry", "2", "2", "0", "0", "0", "0", "0", "0", "2"] in lines
    assert ["all", "14", "14", "0", "0", "0", "0", "0", "0", "14"] in lines
    assert ran.err.splitlines()[0] == "cutting faces out of images: 14"
    assert ran.err.splitlines()[-1] == "train on them: `--set dataset.faces=center` of a space over `sfew`"


def test_json_is_one_document_that_says_what_was_done(root: Path) -> None:
    document = json.loads(prepare(root, "--faces", "center", "--json").out)
    assert (document["num_done"], document["counts"]["written"]) == (14, 14)
    again = json.loads(prepare(root, "--faces", "center", "--json").out)
    assert (again["num_done"], again["num_before"]) == (0, 14)


def test_quiet_leaves_stderr_empty(root: Path) -> None:
    assert prepare(root, "--faces", "center", "--quiet").err == ""


def test_mtcnn_is_the_default_and_keeps_what_it_misses(root: Path) -> None:
    counts = json.loads(prepare(root, "--json").out)["counts"]
    assert (counts["missed"], counts["written"]) == (14, 14)  # squares in noise


def test_the_folder_may_be_elsewhere(root: Path, tmp_path: Path) -> None:
    ran = prepare(root, "--faces", "none", "--to", tmp_path / "out" / "crops")
    assert len(list((tmp_path / "out" / "crops").rglob("Film*.png"))) == 14
    assert "`--set 'dataset={image_folder: {path: out/crops}}'`" in ran.err


def test_boxes_corrected_by_hand_are_read_back(root: Path) -> None:
    prepare(root, "--faces", "center")
    boxes = root / "sfew_faces_center" / "faces.csv"
    ran = prepare(root, "--faces", "csv", "--boxes", boxes, "--json")
    assert json.loads(ran.out)["counts"]["found"] == 14


def test_bounds_are_options(root: Path) -> None:
    counts = json.loads(prepare(root, "--faces", "center", "--json", "--small", 59, "--blurred", 1e6).out)["counts"]
    assert (counts["small"], counts["blurred"]) == (14, 14)  # squares of 58


def test_parameters_of_the_finder_and_of_the_data_set_are_taken(root: Path) -> None:
    ran = prepare(root, "--faces", "{center: {side_fraction: 0.5}}", "--set", "bad_samples=skip", "--json")
    document = json.loads(ran.out)
    assert document["faces"] == {"center": {"side_fraction": 0.5}}
    assert document["dataset"]["sfew"]["bad_samples"] == "skip"


def test_bad_pictures_may_be_skipped(root: Path) -> None:
    (root / "SFEW" / "Angry" / "x.png").write_bytes(b"")
    refused = prepare(root, "--faces", "center")
    assert (refused.code, "SFEW/Angry/x.png: is empty" in refused.err) == (3, True)
    assert prepare(root, "--faces", "center", "--bad-samples", "skip").code == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--faces", "mtcn"], "error: `mtcn` is not a face cropper\nhint: did you mean `mtcnn`?\n"),
        (["--faces", "[1]"], "error: `--faces [1]`: expected a name or one key"),
        (["--faces", "csv"], "error: faces by `csv` need a file of boxes\nhint: pass `--boxes faces.csv`\n"),
        (["--boxes", "b.csv"], "error: `--boxes` is for `--faces csv`, not `mtcnn`"),
        (
            ["--faces", "{mtcnn: {min_score: 0}}"],
            "show component faces mtcnn` lists its parameters",
        ),
        (["--size", "5"], "error: `--size` is `5`, allowed is at least `16`\n"),
        (["--which", "first"], "error: `--which` is `first`, allowed is `largest`, `central` or `best`"),
        (["--tilted", "-1"], "error: `--tilted` is `-1.0`, allowed is at least `0`"),
        (["--set", "faces"], "error: `--set faces` is not KEY=VALUE"),
        (["--set", "face=frames"], "error: dataset: sfew.face: is not a known key"),
        (["--workers", "0"], "error: `--workers 0`: allowed is at least `1`\n"),
    ],
)
def test_what_is_asked_wrongly_is_told(root: Path, args: list[str], message: str) -> None:
    ran = prepare(root, *args)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_an_unknown_data_set_is_told() -> None:
    ran = ferray("data", "prepare", "sfw")
    assert (ran.code, "did you mean `sfew`?" in ran.err) == (2, True)


def test_a_data_set_of_numbers_has_no_faces(tmp_path: Path) -> None:
    ran = ferray("data", "prepare", "sfew_features", "--data-root", write_sheet_csv(tmp_path))
    assert (ran.code, "holds rows of numbers, no pictures" in ran.err) == (2, True)


def test_a_data_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    ran = ferray("data", "prepare", "sfew", "--data-root", tmp_path)
    assert (ran.code, "SFEW/Train/<Class>/*.png" in ran.err) == (3, True)
    assert not (tmp_path / "sfew_faces_mtcnn").exists()


def test_a_sweep_reads_what_was_prepared(root: Path) -> None:
    write_sfew675(root, per_class=12)
    prepare(root, "--faces", "center")
    where = ("--data-root", root, "--output", root / "runs", "--launcher", "inline", "--dry-run")
    fixed = ("--set", "dataset={sfew: {faces: center, split: random}}", "--set", "image_size=16")
    ran = ferray("sweep", "demo", *where, *fixed)
    assert ran.code == 0, ran.err


def test_crops_of_an_image_folder_are_read_as_one(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path, per_class=1)
    ran = ferray("data", "prepare", "image_folder", "--faces", "none", "--data-root", root, "--workers", 1)
    assert "`--set 'dataset={image_folder: {path: image_folder_faces_none}}'`" in ran.err


def test_dropped_pictures_are_no_crops(root: Path) -> None:
    prepare(root, "--faces", "center")
    boxes = root / "sfew_faces_center" / "faces.csv"
    boxes.write_text("".join(boxes.read_text().splitlines(keepends=True)[:-1]))
    ran = prepare(root, "--faces", "csv", "--boxes", boxes, "--missed", "drop")
    assert "14 pictures dealt with; 13 crops and" in ran.err


def test_commands_for_folders_with_spaces_can_be_pasted(tmp_path: Path) -> None:
    root = write_sfew675(tmp_path / "my data", per_class=2)
    ran = prepare(root, "--faces", "center", "--to", tmp_path / "my crops")
    assert f"--boxes faces.csv --data-root '{root}'`" in ran.err
    assert f"--data-root '{tmp_path / 'my crops'}'`" in ran.err
