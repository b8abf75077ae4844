"""What is to be cut, from where and to where; and what decides whether an earlier crop may stay."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from ferray.canonical import canonical_text
from ferray.config.trial import Component, DatasetChoice
from ferray.crops.cutting import CropSettings
from ferray.data.datasets import Dataset, DatasetParams
from ferray.data.layout import IMAGE_SUFFIXES
from ferray.data.samples import Sample, SampleList
from ferray.faces import Detection, FaceFinder

FORMAT = 1  # raised when the same face gives another crop


class FacesChoice(Component):
    ROOM = "faces"


@dataclass(frozen=True)
class Plan:
    """One preparation: the data set, who finds the faces, the data root, the folder of the crops, how they are cut."""

    dataset: DatasetChoice
    faces: FacesChoice
    root: Path
    to: Path
    crop: CropSettings

    def open_dataset(self) -> Dataset:
        """The data set over its root."""
        dataset: Dataset = self.dataset.load()(self.dataset.build_params(), self.root)
        return dataset

    def open_finder(self) -> FaceFinder:
        """The finder, with nothing loaded."""
        finder: FaceFinder = self.faces.load()(self.faces.build_params())
        return finder


@dataclass(frozen=True)
class Task:
    """One picture to cut: where the crop goes below `Plan.to`, and the faces where they are known from before.

    `found_by` names all that decides the faces, `cut_by` all that decides the crop, as short hashes.
    """

    sample: Sample
    file: str
    found_by: str
    cut_by: str
    faces: tuple[Detection, ...] | None = None


def tasks(plan: Plan, dataset: Dataset, finder: FaceFinder, listing: SampleList) -> Iterator[Task]:
    """The task of every sample, in the order of the listing."""
    files = destinations(listing)
    stamp = _stamps(plan.root, dataset, listing)
    # Where pictures of one colour are kept they are cut too: what was done for them under another choice is done again.
    settings = canonical_text(plan.crop) + (" keep" if dataset.params.bad_samples == "keep" else "")
    kind = f"{plan.dataset.name} {dataset.version}"
    for sample in listing.samples:
        found_by = _short_hash(finder.identity(sample.name), kind, stamp(sample))
        cut_by = _short_hash(found_by, str(FORMAT), settings, files[sample.name])
        yield Task(sample, files[sample.name], found_by, cut_by)


def destinations(listing: SampleList) -> dict[str, str]:
    """The path of each sample's crop by its name: `Train/Angry/<stem>.png`, no part where the set has none.

    File names keep their stem, which tells the film; of two samples that would share a path the later one, in order of
    the listing, gets a number.
    """
    has_parts = all(sample.part != "all" for sample in listing.samples)
    taken: set[str] = set()
    files = {}
    for sample in listing.samples:
        folder = f"{sample.part.capitalize()}/" if has_parts else ""
        stem = f"{folder}{_plain(listing.classes[sample.label])}/{_plain(stem_of(sample.name))}"
        number, path = 1, f"{stem}.png"
        while path.lower() in taken:
            number += 1
            path = f"{stem}-{number}.png"
        taken.add(path.lower())
        files[sample.name] = path
    return files


def stem_of(name: str) -> str:
    """The last part of a sample's name, without the suffix of an image."""
    last = PurePath(name).name
    return last.rpartition(".")[0] if last.lower().endswith(IMAGE_SUFFIXES) else last


def _plain(name: str) -> str:
    return re.sub(r"[/\\:\0]", "_", name).lstrip(".") or "_"


def _stamps(root: Path, dataset: Dataset, listing: SampleList) -> Callable[[Sample], str]:
    """What changes with a sample's content: size and time of its file; the set's hash where there are no files."""
    if not any((root / sample.source).exists() for sample in listing.samples):
        drawing = canonical_text(dataset.params, without=DatasetParams.model_fields)
        whole = f"{dataset.fingerprint()} {drawing}"
        return lambda sample: f"{whole} {sample.source}"

    def stamp(sample: Sample) -> str:
        try:
            status = (root / sample.source).stat()
        except OSError:
            return "gone"
        return f"{status.st_size} {status.st_mtime_ns}"

    return stamp


def _short_hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:16]
