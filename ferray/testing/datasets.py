"""The contract of data sets: one check a promise, each for a data set that is built over files that are there.

Parametrise over `LAYOUTS`, write one with `layout.write(folder)`, and call every function of `checks_of(layout)` with
`layout.open`; see tests/data/test_contract_datasets.py. A package with a data set of its own adds its own `Layout`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ferray.data.datasets import Dataset
from ferray.data.samples import AUXILIARY, Sample
from ferray.errors import DataError
from ferray.registry import ROOMS
from ferray.testing import fake_archives, fake_data, fake_sets

PARTS = {"train", "val", "test", "all", AUXILIARY}
Opener = Callable[..., Dataset]


@dataclass(frozen=True)
class Layout:
    """One way a data set lies on disk: its component, what writes a tiny one, and the parameters that open it."""

    dataset: str
    title: str
    write: Callable[[Path], Path]
    params: dict[str, Any] = field(default_factory=dict)

    def open(self, root: Path, **more: Any) -> Dataset:
        """The data set over this root, with these parameters changed."""
        component = ROOMS["dataset"].load(self.dataset)
        dataset: Dataset = component(component.Params.model_validate(self.params | more), root)
        return dataset


def _nothing(root: Path) -> Path:
    return root


SMALL = {"num_train": 24, "num_val": 8, "num_test": 8}  # of `demo`
LAYOUTS: tuple[Layout, ...] = (
    Layout("demo", "drawn", _nothing, SMALL),
    Layout("mix", "drawn", _nothing, {"of": [{"demo": SMALL}, {"demo": {**SMALL, "seed": 1}}]}),
    Layout("fer2013", "csv", fake_data.write_fer2013_csv),
    Layout("fer2013", "csv-spaced", partial(fake_data.write_fer2013_csv, header="emotion, Usage, pixels")),
    Layout("fer2013", "folders", fake_data.write_fer2013_folders),
    Layout("fer2013", "folders-plain", partial(fake_data.write_fer2013_folders, usage_in_names=False)),
    Layout("ferplus", "csv", fake_sets.write_ferplus_csv, {"contempt": "keep"}),
    Layout("ferplus", "folders", fake_sets.write_ferplus_folders),
    Layout("sfew", "2.0", fake_data.write_sfew2),
    Layout("sfew", "2.0-labelled-test", partial(fake_data.write_sfew2, labelled_test=True)),
    Layout("sfew", "675", fake_data.write_sfew675),
    Layout("sfew", "faces", fake_data.write_sfew_faces, {"faces": "center"}),
    Layout("image_folder", "splits", fake_data.write_image_folder),
    Layout("image_folder", "one-level", partial(fake_data.write_image_folder, splits=())),
    Layout("sfew_features", "csv", fake_data.write_sheet_csv),
    Layout("sfew_features", "xlsx", fake_data.write_sheet_xlsx),
    Layout("csv", "numbers", fake_sets.write_csv, {"label_order": "rafdb"}),
    Layout("csv", "words", partial(fake_sets.write_csv, label_of=lambda emotion: emotion.title)),
    Layout("rafdb", "aligned", fake_sets.write_rafdb),
    Layout("rafdb", "original", partial(fake_sets.write_rafdb, faces="original"), {"faces": "original"}),
    Layout("rafdb", "folders", fake_sets.write_rafdb_folders),
    Layout("expw", "boxes", fake_sets.write_expw),
    Layout("affectnet", "csv", fake_sets.write_affectnet),
    Layout("affectnet", "folders", fake_sets.write_affectnet_folders, {"contempt": "keep"}),
    Layout("parquet", "hub", fake_archives.write_parquet),
    Layout("parquet", "saved-to-disk", fake_archives.write_arrow),
    Layout("webdataset", "shards", fake_archives.write_shards),
    Layout("jaffe", "names", fake_sets.write_jaffe),
    Layout("ckplus", "48x48", fake_sets.write_ck48, {"contempt": "keep"}),
    Layout("ckplus", "sequences", fake_sets.write_ck_sequences, {"neutral_frames": 1}),
)


def check_ids_are_distinct(open_dataset: Opener) -> None:
    """An id tells one sample, and has few enough digits for a spreadsheet to keep."""
    ids = [sample.sample_id for sample in open_dataset().samples().samples]
    assert ids
    assert len(ids) == len(set(ids))
    assert all(0 <= number < 10**15 for number in ids)


def check_ids_stay_when_listed_again(open_dataset: Opener) -> None:
    """Two instances give the same ids to the same names."""
    first, second = ({sample.name: sample.sample_id for sample in open_dataset().samples().samples} for _ in range(2))
    assert first == second


def check_contents_run_parallel(open_dataset: Opener) -> None:
    """A hash of the content for each sample, or none for any."""
    listing = open_dataset().samples()
    assert len(listing.contents) in (0, len(listing))


def check_names_are_distinct(open_dataset: Opener) -> None:
    """A name tells one image."""
    names = [sample.name for sample in open_dataset().samples().samples]
    assert len(names) == len(set(names))


def check_labels_index_the_classes(open_dataset: Opener) -> None:
    """Every class has an image and no label is beyond the classes."""
    listing = open_dataset().samples()
    assert {sample.label for sample in listing.samples} == set(range(len(listing.classes)))


def check_parts_are_known(open_dataset: Opener) -> None:
    """Parts are the words that split protocols understand, and there is something to train on."""
    parts = {sample.part for sample in open_dataset().samples().samples}
    assert parts <= PARTS
    assert parts & {"train", "all"}


def check_listing_does_not_depend_on_the_split(open_dataset: Opener) -> None:
    """Split, fold and seed choose among the samples; they change none."""
    assert open_dataset(split="random", split_seed=7).samples() == open_dataset().samples()


def check_samples_survive_json(open_dataset: Opener) -> None:
    """The pack keeps samples as JSON."""
    samples = open_dataset().samples().samples
    plain = json.loads(json.dumps([asdict(sample) for sample in samples]))
    assert tuple(Sample(**item | {"votes": item["votes"] and tuple(item["votes"])}) for item in plain) == samples


def check_images_are_square_rgb(open_dataset: Opener) -> None:
    """Decoding gives (size, size, 3) uint8 at the size asked for, with something to see."""
    dataset = open_dataset()
    first = dataset.samples().samples[0]
    for size in (16, 48, 101):
        image = dataset.decode(first, size)
        assert image.shape == (size, size, 3)
        assert image.dtype == np.uint8
        assert image.std() > 0


def check_originals_are_rgb(open_dataset: Opener) -> None:
    """Faces are cut from originals: (H, W, 3) uint8 of whatever size, which decoding only resizes."""
    dataset = open_dataset()
    first = dataset.samples().samples[0]
    original = dataset.original(first)
    assert original.ndim == 3
    assert original.shape[2] == 3
    assert original.dtype == np.uint8
    if original.shape[0] == original.shape[1]:
        assert np.array_equal(original, dataset.decode(first, original.shape[0]))


def check_decoding_is_repeatable(open_dataset: Opener) -> None:
    """Two instances give the same pixels, in whatever order they are asked."""
    listing = open_dataset().samples().samples
    forward = [open_dataset().decode(sample, 32) for sample in listing[:4]]
    one = open_dataset()
    backward = [one.decode(sample, 32) for sample in listing[3::-1]]
    assert all(np.array_equal(first, second) for first, second in zip(forward, backward[::-1], strict=True))


def check_rows_are_float32_of_one_length(open_dataset: Opener) -> None:
    """A data set of features gives (D,) float32, in which only an empty cell is not finite."""
    dataset = open_dataset()
    rows = [dataset.features_of(sample) for sample in dataset.samples().samples]
    assert {row.shape for row in rows} == {(len(rows[0]),)}
    assert all(row.dtype == np.float32 and not np.isinf(row).any() for row in rows)


def check_rows_are_repeatable(open_dataset: Opener) -> None:
    """Two instances give the same numbers."""
    listing = open_dataset().samples().samples
    first, second = open_dataset(), open_dataset()
    rows = [(first.features_of(sample), second.features_of(sample)) for sample in listing]
    assert all(np.array_equal(*pair, equal_nan=True) for pair in rows)


def check_there_are_no_pictures(open_dataset: Opener) -> None:
    """Who asks a data set of features for a picture is told that there is none."""
    dataset = open_dataset()
    try:
        dataset.decode(dataset.samples().samples[0], 16)
    except DataError:
        return
    raise AssertionError("a picture came from a data set of features")


def check_fingerprint_is_of_the_content(open_dataset: Opener) -> None:
    """Neither the instance nor the choice of a split enters the fingerprint."""
    assert open_dataset().fingerprint() == open_dataset(split="random", split_seed=7).fingerprint()


def check_missing_files_are_told(dataset: Dataset, empty: Path) -> None:
    """A root without the data names the root, the layout that was expected, and both ways to point elsewhere."""
    error = _listing_error(dataset)
    if error is None:
        assert not dataset.expected_layout, "a data set that needs files has to say so when there are none"
        return
    assert f"`{empty}`" in error.message
    assert "FERRAY_DATA" in error.hint
    assert "--data-root" in error.hint
    assert all(line in error.hint for line in dataset.expected_layout.splitlines())


def _listing_error(dataset: Dataset) -> DataError | None:
    try:
        dataset.samples()
    except DataError as error:
        return error
    return None


CHECKS: tuple[Callable[[Opener], None], ...] = (
    check_ids_are_distinct,
    check_ids_stay_when_listed_again,
    check_contents_run_parallel,
    check_names_are_distinct,
    check_labels_index_the_classes,
    check_parts_are_known,
    check_listing_does_not_depend_on_the_split,
    check_samples_survive_json,
    check_fingerprint_is_of_the_content,
)
CHECKS_OF_KIND: dict[str, tuple[Callable[[Opener], None], ...]] = {
    "images": (check_images_are_square_rgb, check_originals_are_rgb, check_decoding_is_repeatable),
    "features": (check_rows_are_float32_of_one_length, check_rows_are_repeatable, check_there_are_no_pictures),
}


def checks_of(layout: Layout) -> tuple[Callable[[Opener], None], ...]:
    """What this layout's data set has to keep, by the kind of its samples."""
    return CHECKS + CHECKS_OF_KIND[ROOMS["dataset"].load(layout.dataset).kind]
