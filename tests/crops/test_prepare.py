"""Whole preparations, of small data sets and by finders that need no network."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.config.trial import DatasetChoice
from ferray.crops.cutting import CropSettings
from ferray.crops.plan import FacesChoice, Plan
from ferray.crops.prepare import Prepared, prepare
from ferray.crops.quality import Bounds
from ferray.data.datasets.image_folder import ImageFolder
from ferray.data.datasets.sfew import Sfew
from ferray.data.images import read_rgb
from ferray.errors import ConfigError, DataError
from ferray.testing.fake_data import fake_image, write_image_folder, write_png, write_sfew2, write_sfew675

FRAMES = {"sfew": {"faces": "frames"}}
FIRST = "SFEW/Angry/Film0_000000000_00000000.png"


def plan(root: Path, dataset: Any = FRAMES, faces: Any = "center", **crop: Any) -> Plan:
    choice, finder = DatasetChoice.model_validate(dataset), FacesChoice.model_validate(faces)
    to = root / f"{choice.name}_faces_{finder.name}"
    return Plan(choice, finder, root, to, CropSettings.model_validate({"size": 24, **crop}))


def cut(what: Plan, *, workers: int = 1) -> Prepared:
    return prepare(what, Bounds(), workers=workers)


def work(prepared: Prepared) -> tuple[int, int]:
    return prepared.num_done, prepared.num_before


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".faces.lock"
    }


def boxes_csv(folder: Path, *rows: str) -> dict[str, Any]:
    path = folder / "boxes.csv"
    path.write_text("\n".join(["source,x,y,width,height", *rows]), encoding="utf-8")
    return {"csv": {"boxes": str(path)}}


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """42 pictures of three films, a folder a class."""
    return write_sfew675(tmp_path)


def test_crops_of_sfew_are_read_by_sfew_with_their_films(frames: Path) -> None:
    before = Sfew(Sfew.Params(faces="frames"), frames).samples().samples
    cut(plan(frames))
    after = Sfew(Sfew.Params(faces="center"), frames).samples().samples
    assert [(sample.label, sample.group, sample.part) for sample in after] == [
        (sample.label, sample.group, sample.part) for sample in before
    ]


def test_official_parts_survive(tmp_path: Path) -> None:
    root = write_sfew2(tmp_path)
    cut(plan(root, {"sfew": {"faces": "aligned"}}))
    parts = [sample.part for sample in Sfew(Sfew.Params(faces="center"), root).samples().samples]
    assert (parts.count("train"), parts.count("val")) == (28, 28)


def test_crops_of_any_data_set_are_an_image_folder(tmp_path: Path) -> None:
    what = plan(tmp_path, {"demo": {"num_train": 20, "num_val": 10, "num_test": 8}})
    cut(what)
    listing = ImageFolder(ImageFolder.Params(path="demo_faces_center"), tmp_path).samples()
    assert listing.classes == ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")
    assert [sample.part for sample in listing.samples].count("train") == 20
    assert len(listing) == 38


def test_crops_among_the_sources_are_no_class_of_theirs(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path, splits=())
    cut(plan(root, "image_folder"))
    assert work(cut(plan(root, "image_folder"))) == (0, 12)


def test_a_crop_is_what_the_finder_and_the_settings_say(frames: Path) -> None:
    cut(plan(frames, size=58))  # pictures of 72 x 58
    name = "Angry/Film0_000000000_00000000.png"
    whole = read_rgb(frames / "SFEW" / name)
    np.testing.assert_array_equal(read_rgb(frames / "sfew_faces_center" / name), whole[:, 7:65])


def test_a_second_run_does_nothing(frames: Path) -> None:
    first, second = cut(plan(frames)), cut(plan(frames))
    assert (work(first), work(second)) == ((42, 0), (0, 42))
    assert first.report == second.report


def test_a_run_without_its_last_crops_and_lines_goes_on(frames: Path) -> None:
    cut(plan(frames))
    folder = frames / "sfew_faces_center"
    whole = contents(folder)
    journal = folder / ".faces.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:30]) + lines[30][:40])
    (folder / "report.json").unlink()
    (folder / "Angry" / ".torn.tmp").touch()
    assert work(cut(plan(frames))) == (12, 30)
    assert contents(folder) == whole


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_crop_that_is_gone_or_torn_is_cut_again(frames: Path, damage: Any) -> None:
    cut(plan(frames))
    damage(frames / "sfew_faces_center" / "Angry" / "Film0_000000000_00000000.png")
    assert work(cut(plan(frames))) == (1, 41)


def test_a_changed_picture_is_cut_again(frames: Path) -> None:
    cut(plan(frames))
    write_png(frames / FIRST, fake_image(3, 3, width=90, height=70))
    assert work(cut(plan(frames))) == (1, 41)


def test_another_size_is_cut_again_from_the_faces_that_are_known(frames: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(plan(frames))
    monkeypatch.setattr("ferray.faces.center.CentralSquare.find", lambda *_: pytest.fail("searched again"))
    assert work(cut(plan(frames, size=32))) == (42, 0)


def test_a_corrected_row_cuts_its_picture_alone(frames: Path) -> None:
    second = "SFEW/Angry/Film1_000000001_00000001.png"
    cut(plan(frames, faces=boxes_csv(frames, f"{FIRST},1,2,30,40", f"{second},1,2,30,40")))
    again = cut(plan(frames, faces=boxes_csv(frames, f"{FIRST},1,2,30,44", f"{second},1,2,30,40")))
    assert work(again) == (1, 41)


def test_the_number_of_workers_changes_no_byte(frames: Path) -> None:
    cut(plan(frames), workers=2)
    by_two = contents(frames / "sfew_faces_center")
    (frames / "sfew_faces_center").rename(frames / "first")
    cut(plan(frames), workers=1)
    assert contents(frames / "sfew_faces_center") == by_two


def test_faces_csv_gives_the_same_crops_when_read_back(frames: Path) -> None:
    cut(plan(frames, faces=boxes_csv(frames, f"{FIRST},1.25,2,30,40")))
    (frames / "sfew_faces_csv").rename(frames / "first")
    cut(plan(frames, faces={"csv": {"boxes": str(frames / "first" / "faces.csv")}}))
    first, second = (contents(frames / folder) for folder in ("first", "sfew_faces_csv"))
    assert {name: first[name] for name in first if name != ".faces.jsonl" and name != "report.json"} == {
        name: second[name] for name in second if name != ".faces.jsonl" and name != "report.json"
    }


def test_missed_pictures_are_counted_and_dropped(frames: Path) -> None:
    faces = boxes_csv(frames, f"{FIRST},1,2,30,40")
    report = cut(plan(frames, faces=faces, missed="drop")).report
    assert (report["counts"]["found"], report["counts"]["missed"], report["counts"]["written"]) == (1, 41, 1)
    assert report["classes"]["Happy"]["missed"] == 6
    assert len(list((frames / "sfew_faces_csv").rglob("Film*.png"))) == 1


def test_crops_that_are_dropped_now_go_away(frames: Path) -> None:
    faces = boxes_csv(frames, f"{FIRST},1,2,30,40")
    cut(plan(frames, faces=faces, missed="keep"))
    cut(plan(frames, faces=faces, missed="drop"))
    assert len(list((frames / "sfew_faces_csv").rglob("Film*.png"))) == 1


def test_where_every_picture_is_dropped_the_way_out_is_named(frames: Path) -> None:
    with pytest.raises(DataError, match="`csv` finds no face in `sfew`") as caught:
        cut(plan(frames, faces=boxes_csv(frames), missed="drop"))
    assert caught.value.hint == "pass `--missed keep`"


def test_every_picture_has_a_row(frames: Path) -> None:
    cut(plan(frames))
    with (frames / "sfew_faces_center" / "faces.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 42
    assert rows[0] | {"sharpness": ""} == {
        "source": FIRST,
        "class": "Angry",
        "part": "all",
        "x": "7",
        "y": "0",
        "width": "58",
        "height": "58",
        "score": "1.0000",
        "eyes": "",
        "num_faces": "1",
        "flags": "",
        "tilt_deg": "",
        "sharpness": "",
        "file": "Angry/Film0_000000000_00000000.png",
    }


def test_the_report_is_written_and_names_the_sheets(frames: Path) -> None:
    prepared = cut(plan(frames))
    folder = frames / "sfew_faces_center"
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == prepared.report
    assert prepared.report["contact_sheets"] == ["contact.png"]
    assert (folder / "contact.png").is_file()


def test_bad_pictures_are_refused_by_name_once_the_others_are_cut(frames: Path) -> None:
    (frames / FIRST).write_text("no picture")
    (frames / "SFEW" / "Happy" / "x.png").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        cut(plan(frames))
    assert caught.value.message == (
        "`sfew` has 2 bad samples\n"
        "  SFEW/Angry/Film0_000000000_00000000.png: is not a picture\n"
        "  SFEW/Happy/x.png: is empty"
    )
    with pytest.raises(DataError, match="are not all cut"):
        Sfew(Sfew.Params(faces="center"), frames).samples()


def test_after_a_refusal_the_good_ones_are_not_cut_again(frames: Path) -> None:
    bad = frames / "SFEW" / "Happy" / "x.png"
    bad.write_bytes(b"")
    with pytest.raises(DataError):
        cut(plan(frames))
    bad.unlink()
    assert work(cut(plan(frames))) == (0, 42)


def test_bad_pictures_are_left_out_and_counted(frames: Path) -> None:
    (frames / "SFEW" / "Happy" / "x.png").write_bytes(b"")
    report = cut(plan(frames, {"sfew": {"faces": "frames", "bad_samples": "skip"}})).report
    assert (report["counts"]["bad"], report["counts"]["written"]) == (1, 42)
    assert [entry["name"] for entry in report["bad"]] == ["SFEW/Happy/x.png"]


@pytest.fixture
def with_a_blank(frames: Path) -> Path:
    """The frames, and one more that is black."""
    write_png(frames / "SFEW" / "Happy" / "x.png", np.zeros((58, 72, 3), dtype=np.uint8))
    return frames


def test_a_blank_picture_of_a_set_that_is_known_to_hold_some_is_not_cut(with_a_blank: Path) -> None:
    report = cut(plan(with_a_blank)).report
    assert (report["counts"]["bad"], report["counts"]["written"]) == (1, 42)


def test_a_blank_picture_that_is_kept_is_cut_even_where_it_was_left_out_before(with_a_blank: Path) -> None:
    cut(plan(with_a_blank))
    report = cut(plan(with_a_blank, {"sfew": {"faces": "frames", "bad_samples": "keep"}})).report
    assert (report["counts"]["bad"], report["counts"]["written"]) == (0, 43)


def test_a_blank_picture_that_was_kept_before_is_taken_away_again(with_a_blank: Path) -> None:
    cut(plan(with_a_blank, {"sfew": {"faces": "frames", "bad_samples": "keep"}}))
    cut(plan(with_a_blank))
    assert not (with_a_blank / "sfew_faces_center" / "Happy" / "x.png").exists()


def test_progress_counts_what_was_done_before(frames: Path) -> None:
    cut(plan(frames))
    (frames / "sfew_faces_center" / "Angry" / "Film0_000000000_00000000.png").unlink()
    told: list[tuple[int, int]] = []
    prepare(plan(frames), Bounds(), workers=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(42, 42)]


def test_a_folder_of_other_files_is_left_alone(frames: Path) -> None:
    (frames / "sfew_faces_center").mkdir()
    (frames / "sfew_faces_center" / "notes.txt").touch()
    with pytest.raises(ConfigError, match="holds files that are no crops"):
        cut(plan(frames))


def test_crops_are_not_cut_into_their_own_sources(frames: Path) -> None:
    cut(plan(frames))
    with pytest.raises(ConfigError, match="the pictures to cut lie in"):
        cut(plan(frames, {"sfew": {"faces": "center"}}))


def test_two_runs_do_not_write_to_one_folder(frames: Path) -> None:
    cut(plan(frames))
    with (frames / "sfew_faces_center" / ".faces.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="another process cuts faces into"):
            cut(plan(frames))
