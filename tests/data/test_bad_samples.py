"""Bad samples of a whole data set: named together, refused or left out, and listed."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ferray.config.trial import DatasetChoice, TrialConfig
from ferray.data.bad_samples import BadSample, Skipped, refusal
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.pack import ensure_data, open_splits
from ferray.data.pack_file import write_pack
from ferray.data.samples import Sample, SampleList, Splits
from ferray.errors import BadSampleError, DataError
from ferray.testing.fake_data import fake_image, write_fer2013_csv, write_image_folder, write_png, write_sfew2


def opened(root: Path, cache: Path, dataset: str = "image_folder", **params: Any) -> Splits:
    choice = DatasetChoice.model_validate({dataset: params})
    return open_splits(choice, size=16, limit_per_class=None, data_root=root, cache_dir=cache)


def spoil(root: Path) -> Path:
    """Three bad images among 36: one a text, one black, one wide."""
    (root / "train" / "calm" / "000.png").write_text("no picture")
    Image.new("RGB", (9, 9)).save(root / "val" / "cross" / "001.png")
    Image.new("L", (20_000, 1)).save(root / "test" / "glad" / "002.png")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return spoil(write_image_folder(tmp_path / "data"))


def test_refusing_names_every_bad_sample_at_once(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(root, tmp_path)
    assert caught.value.message.splitlines() == [
        "`image_folder` has 3 bad samples",
        "  test/glad/002.png: has `20000` x `1` pixels, at most `16384` a side and `64000000` in all are read",
        "  train/calm/000.png: is not a picture",
        "  val/cross/001.png: has one colour",
    ]
    assert "`--bad-samples skip`" in caught.value.hint


def test_refusing_is_the_default_and_also_holds_for_a_pack_that_is_there(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path, bad_samples="skip")
    with pytest.raises(DataError, match="has 3 bad samples"):
        opened(root, tmp_path)


def test_skipping_leaves_them_out_of_every_split(root: Path, tmp_path: Path) -> None:
    splits = opened(root, tmp_path, bad_samples="skip")
    assert (len(splits.train), len(splits.val), len(splits.test)) == (11, 11, 11)
    assert "train/calm/000.png" not in splits.train.names


def test_images_stay_with_their_labels_when_some_are_left_out(root: Path, tmp_path: Path) -> None:
    choice = DatasetChoice.model_validate({"image_folder": {"bad_samples": "skip"}})
    val = open_splits(choice, size=48, limit_per_class=None, data_root=root, cache_dir=tmp_path).val
    position = val.names.index("val/glad/002.png")
    assert np.array_equal(val.images_of(np.array([position]))[0], fake_image(2, 1002))
    assert val.labels[position] == 2


def test_both_policies_share_a_pack(root: Path, tmp_path: Path) -> None:
    opened(root, tmp_path, bad_samples="skip")
    with pytest.raises(DataError):
        opened(root, tmp_path)
    assert len(list((tmp_path / "packs").iterdir())) == 1


def test_the_list_of_what_was_left_out_lies_in_the_pack(root: Path, tmp_path: Path) -> None:
    skipped = opened(root, tmp_path, bad_samples="skip").skipped
    assert skipped is not None
    assert skipped.listing.read_text().splitlines() == [
        "file,line,class,kind,reason",
        'test/glad/002.png,,glad,too large,"has `20000` x `1` pixels, '
        'at most `16384` a side and `64000000` in all are read"',
        "train/calm/000.png,,calm,not a picture,is not a picture",
        "val/cross/001.png,,cross,one colour,has one colour",
    ]


def test_a_set_without_bad_samples_warns_of_nothing(tmp_path: Path) -> None:
    assert opened(write_image_folder(tmp_path / "data"), tmp_path, bad_samples="skip").skipped is None


def test_the_warning_counts_by_kind() -> None:
    bad = [BadSample(f"{n}.png", "calm", kind, "") for n, kind in enumerate(["empty", "one colour", "empty"])]
    sentence = Skipped(tuple(bad), Path("packs/x/bad_samples.csv")).sentence("sfew")
    assert sentence == "3 bad samples left out of `sfew` (2 empty, 1 one colour): see `packs/x/bad_samples.csv`"


def test_the_warning_says_what_becomes_of_each_n() -> None:
    bad = (
        BadSample("a", "", "empty", "", "val"),
        BadSample("b", "", "empty", "", "train"),
        BadSample("c", "", "x", ""),
    )
    sentence = Skipped(bad, Path("x.csv"), {"train": 1000, "val": 9, "test": 8}).sentence("sfew")
    assert "(2 empty, 1 x; train 1,001 becomes 1,000, val 10 becomes 9)" in sentence


def blank(path: Path, colour: int = 0) -> Path:
    """Replace a picture by one of a single colour."""
    with Image.open(path) as image:
        size = image.size
    Image.new("RGB", size, (colour, colour, colour)).save(path)
    return path


@pytest.fixture
def sfew_root(tmp_path: Path) -> Path:
    """SFEW with two black pictures in its validation part."""
    root = write_sfew2(tmp_path / "data", per_class=4)
    for folder in ("Angry", "Happy"):
        blank(min((root / "SFEW" / "Val" / folder).iterdir()))
    return root


def test_blank_pictures_of_a_set_that_is_known_to_hold_them_are_left_out(sfew_root: Path, tmp_path: Path) -> None:
    splits = opened(sfew_root, tmp_path, "sfew")
    assert (len(splits.train), len(splits.val)) == (28, 26)
    assert splits.skipped is not None
    assert splits.skipped.sentence("sfew").startswith(
        "2 pictures of one colour left out of `sfew`: val 28 becomes 26; `--bad-samples keep` keeps them, see `"
    )


def test_other_bad_pictures_of_such_a_set_are_refused_alone(sfew_root: Path, tmp_path: Path) -> None:
    min((sfew_root / "SFEW" / "Train" / "Sad").iterdir()).write_bytes(b"")
    with pytest.raises(DataError, match=r"`sfew` has 1 bad sample\n  SFEW/Train/Sad/.*: is empty"):
        opened(sfew_root, tmp_path, "sfew")


def test_blank_pictures_of_any_other_set_are_refused(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    blank(root / "train" / "calm" / "000.png")
    with pytest.raises(DataError, match=r"train/calm/000\.png: has one colour"):
        opened(root, tmp_path)


def test_refusing_names_blank_pictures_too(sfew_root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`sfew` has 2 bad samples"):
        opened(sfew_root, tmp_path, "sfew", bad_samples="refuse")


def test_keeping_leaves_every_n_as_published(sfew_root: Path, tmp_path: Path) -> None:
    splits = opened(sfew_root, tmp_path, "sfew", bad_samples="keep", split="halves")
    assert (len(splits.train), len(splits.val), len(splits.test)) == (28, 14, 14)
    assert splits.skipped is None


def test_a_picture_that_is_kept_has_its_colour_and_its_label(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    blank(root / "train" / "cross" / "002.png", 200)
    train = opened(root, tmp_path, bad_samples="keep").train
    position = train.names.index("train/cross/002.png")
    assert set(train.images_of(np.array([position])).ravel().tolist()) == {200}
    assert train.labels[position] == 1


def test_keeping_still_refuses_what_is_no_picture(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(root, tmp_path, bad_samples="keep")
    assert caught.value.message.splitlines()[0] == "`image_folder` has 2 bad samples"
    assert "val/cross/001.png" not in caught.value.message


def test_all_four_policies_share_a_pack(sfew_root: Path, tmp_path: Path) -> None:
    for policy in ("auto", "skip", "keep"):
        opened(sfew_root, tmp_path, "sfew", bad_samples=policy)
    with pytest.raises(DataError):
        opened(sfew_root, tmp_path, "sfew", bad_samples="refuse")
    assert len(list((tmp_path / "packs").iterdir())) == 1


def test_blank_rows_of_a_csv_are_left_out_by_their_usage(tmp_path: Path) -> None:
    path = write_fer2013_csv(tmp_path / "data") / "fer2013.csv"
    lines = path.read_text().splitlines()
    lines[1] = ",".join(["0", " ".join(["7"] * 2304), "Training"])
    path.write_text("\n".join(lines))
    skipped = opened(tmp_path / "data", tmp_path, "fer2013").skipped
    assert skipped is not None
    assert "1 picture of one colour left out of `fer2013`: train 28 becomes 27;" in skipped.sentence("fer2013")


def test_a_set_of_nothing_but_blank_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n0,1 1 1 1,Training\n1,1 1 1 1,Training\n")
    with pytest.raises(DataError, match="`fer2013` has 2 bad samples"):
        opened(tmp_path, tmp_path, "fer2013")


def test_auto_and_refuse_are_one_recipe() -> None:
    recipes = {config(policy).recipe for policy in ("auto", "refuse")}
    assert len(recipes) == 1
    assert recipes.isdisjoint({config(policy).recipe for policy in ("skip", "keep")})


def config(policy: str) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": {"sfew": {"bad_samples": policy}}})


def test_of_many_the_first_twenty_are_shown() -> None:
    lines = refusal("sfew", [BadSample(f"{n}.png", "", "empty", "is empty") for n in range(25)]).message.splitlines()
    assert (lines[0], lines[20], lines[21:]) == ("`sfew` has 25 bad samples", "  19.png: is empty", ["  and 5 more"])


def test_mending_the_files_mends_the_set(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        opened(root, tmp_path)
    other = write_image_folder(tmp_path / "mended")
    assert len(opened(other, tmp_path).train) == 12


def test_rows_of_a_csv_are_listed_with_their_line(tmp_path: Path) -> None:
    path = write_fer2013_csv(tmp_path / "data") / "fer2013.csv"
    lines = path.read_text().splitlines()
    lines[5] = "9,1 2 3 4,Training"  # line 6
    lines[9] = lines[9].replace(" ", " x ", 1)  # line 10, whose label is 1
    path.write_text("\n".join(lines))
    skipped = opened(tmp_path / "data", tmp_path, "fer2013", bad_samples="skip").skipped
    assert skipped is not None
    assert skipped.listing.read_text().splitlines()[1:] == [
        'fer2013.csv,6,,unknown label,"has the emotion `9`, neither 0 to 6 nor one of the seven expressions"',
        'fer2013.csv,10,Disgust,wrong pixels,"has `2305` pixels, most rows have `2304`"',
    ]


def test_rows_that_are_bad_in_listing_and_in_decoding_are_named_together(tmp_path: Path) -> None:
    path = write_fer2013_csv(tmp_path / "data") / "fer2013.csv"
    lines = path.read_text().splitlines()
    lines[1], lines[2] = "0,1 2", lines[2].replace(" ", " 300 ", 1).rpartition(" ")[0] + ",Training"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        opened(tmp_path / "data", tmp_path, "fer2013")
    assert caught.value.message.splitlines() == [
        "`fer2013` has 2 bad samples",
        "  line 2 of fer2013.csv: has `2` cells under `3` columns",
        "  line 3 of fer2013.csv: has a pixel of `300`, not 0 to 255",
    ]


def test_a_set_of_nothing_but_bad_samples_is_refused_even_when_skipping(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n8,1 2 3 4,Training\n9,1 2 3 4,Training\n")
    with pytest.raises(DataError, match="`fer2013` has 2 bad samples and no other") as caught:
        opened(tmp_path, tmp_path, "fer2013", bad_samples="skip")
    assert caught.value.hint == "mend what is named: without it there is nothing to train on"


def test_of_a_set_that_is_bad_throughout_a_handful_is_named(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n" + "8,1 2 3 4,Training\n" * 30)
    with pytest.raises(DataError) as caught:
        opened(tmp_path, tmp_path, "fer2013")
    lines = caught.value.message.splitlines()
    assert (len(lines), lines[1].split(":")[0], lines[-1]) == (7, "  line 2 of fer2013.csv", "  and 25 more")


def test_pointers_of_git_lfs_in_place_of_images_are_called_so(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    for path in root.rglob("*.png"):
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n")
    with pytest.raises(DataError, match="is a Git LFS pointer, not a picture") as caught:
        opened(root, tmp_path)
    assert caught.value.hint == "fetch the files with `git lfs pull`"


def test_a_web_page_among_images_is_called_so(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    (root / "train" / "calm" / "000.png").write_text("<html><body>429 Too Many Requests</body></html>")
    with pytest.raises(DataError, match=r"train/calm/000\.png: is a web page, not a picture"):
        opened(root, tmp_path)


def test_the_check_before_decoding_leaves_bad_rows_to_decoding(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n8,1 2 3 4,Training\n")
    ensure_data(DatasetChoice.model_validate("fer2013"), tmp_path, tmp_path / "cache")


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_class_that_is_missing_from_a_split_is_named(tmp_path: Path, split: str) -> None:
    root = write_image_folder(tmp_path / "data", per_class=2)
    shutil.rmtree(root / split / "cross")
    with pytest.raises(DataError, match=f"`image_folder` lacks classes.*\n  no image of `cross` in {split}") as caught:
        ensure_data(DatasetChoice.model_validate("image_folder"), root, tmp_path / "cache")
    assert "`--set dataset.split=random`" in caught.value.hint


def test_a_class_that_one_part_lacks_is_in_all_parts_once_they_are_drawn_anew(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", per_class=20)
    shutil.rmtree(root / "val" / "cross")
    drawn = DatasetChoice.model_validate({"image_folder": {"split": "random"}})
    ensure_data(drawn, root, tmp_path / "cache")


def test_a_class_with_too_few_images_for_any_split_is_not_told_to_draw_one(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", splits=(), per_class=12)
    for image in sorted((root / "calm").iterdir())[1:]:
        image.unlink()
    with pytest.raises(DataError, match="no image of `calm` in ") as caught:
        ensure_data(DatasetChoice.model_validate("image_folder"), root, tmp_path / "cache")
    assert caught.value.hint == "add images of them: each part needs one"


def test_classes_that_differ_in_case_alone_are_told_to_be_two(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", per_class=1)
    (root / "val" / "cross").rename(root / "val" / "Cross")
    with pytest.raises(DataError, match="lacks classes") as caught:
        ensure_data(DatasetChoice.model_validate("image_folder"), root, tmp_path / "cache")
    assert caught.value.hint.startswith("`Cross` and `cross` are two classes: spell")


def test_a_class_that_skipping_empties_is_named_with_the_list(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", per_class=1)
    (root / "val" / "cross" / "000.png").write_bytes(b"")
    with pytest.raises(DataError, match="no image of `cross` in val") as caught:
        opened(root, tmp_path, bad_samples="skip")
    assert "bad_samples.csv" in caught.value.hint


def test_a_test_split_without_any_images_is_let_be(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data", splits=("train", "val"))
    assert len(opened(root, tmp_path).test) == 0


def test_a_bad_first_image_does_not_hide_the_kind_of_the_pictures(tmp_path: Path) -> None:
    root = write_sfew2(tmp_path / "data")
    first = min((root / "SFEW" / "Train" / "Angry").iterdir())
    first.write_bytes(b"")
    with pytest.raises(DataError, match=r"`sfew` has 1 bad sample\n  SFEW/Train/Angry/.*: is empty"):
        opened(root, tmp_path, "sfew")


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_called_like_an_image_and_is_none_is_named(tmp_path: Path, kind: str) -> None:
    root = write_image_folder(tmp_path / "data")
    path = root / "train" / "calm" / "999.png"
    {"folder": path.mkdir, "link": lambda: path.symlink_to("nowhere")}[kind]()
    with pytest.raises(DataError, match=r"train/calm/999\.png: is a (folder|link to nothing)"):
        opened(root, tmp_path)


def test_names_that_are_no_text_are_escaped_and_their_images_used(tmp_path: Path) -> None:
    root = write_image_folder(tmp_path / "data")
    write_png(root / "train" / "calm" / "a\udcff\n.png", fake_image(0, 77))
    assert "train/calm/a\\udcff\\n.png" in opened(root, tmp_path).train.names


def test_class_folders_that_differ_in_case_alone_are_both_read(tmp_path: Path) -> None:
    root = write_sfew2(tmp_path / "data", per_class=2)
    write_png(root / "SFEW" / "Train" / "angry" / "Film_000000001_00000000.png", fake_image(0, 9))
    assert len(opened(root, tmp_path, "sfew").train) == 15


class LabelsBeyond(Dataset):
    """A data set of another package, with a label that no class stands for."""

    class Params(DatasetParams):
        pass

    def samples(self) -> SampleList:
        return SampleList(tuple(Sample(n, f"{n}", n, "train", f"{n}") for n in range(3)), ("even", "odd"))

    def decode(self, sample: Sample, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.zeros((size, size, 3), dtype=np.uint8)

    def fingerprint(self) -> str:
        return "beyond"


def test_a_label_beyond_the_classes_is_a_bad_sample(tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", LabelsBeyond(DatasetParams(), tmp_path), size=4)
    assert pack.samples.bad == (BadSample("2", "", "unknown label", "has the label `2`, not 0 to 1", "train"),)


def test_the_error_keeps_its_kind_on_the_way_between_processes() -> None:
    copy = pickle.loads(pickle.dumps(BadSampleError.of("image `x.png`", "empty", "is empty")))
    assert (copy.message, copy.kind, copy.reason) == ("image `x.png` is empty", "empty", "is empty")
