"""A data set decoded once into one array on disk; every trial on the machine maps the same pages, read-only.

A pack is a folder `packs/<dataset>-<key>/` of the cache: `images.npy` (N, size, size, 3) uint8 RGB, or the rows (N, D)
float32 of a data set of features, `samples.json`, and `manifest.json` with their sizes and hashes; `bad_samples.csv`
lists what could not be packed, for people. The key is a hash of what decides the pixels and labels (source content,
decoding parameters, size, versions) and of nothing that decides a split, nor of what is done about bad samples. A pack
appears by rename, whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ferray.config.cache_folder import make_cache_folder
from ferray.data.bad_samples import BadSample, refusal, write_listing
from ferray.data.datasets import Dataset
from ferray.data.images import blank_picture, quiet_decoding
from ferray.data.samples import Sample, SampleList
from ferray.errors import BadSampleError, OneColourError, StorageError
from ferray.files.atomic import atomic_folder, remove_folder, remove_leftovers
from ferray.files.os_errors import os_errors_as

FORMAT = 5
BATCH = 256  # images decoded ahead of the writer
THREADS = 4
LEFTOVER_AGE_S = 24 * 3600

Progress = Callable[[int, int], None]
Image = NDArray[np.uint8] | NDArray[np.float32]
Decoded = tuple[Image | None, BadSample | None]  # the picture, and what is bad about it; of one colour it is both


@dataclass(frozen=True)
class Pack:
    """A mapped pack: `images` (N, size, size, 3) uint8, read-only, row n belonging to sample n of `samples`.

    Of a data set of features `images` has no pixels (N, 0, 0, 3) and `features` is (N, D) float32. `samples.bad` were
    listed as bad, or found so while decoding: pictures of one colour have a row nevertheless, one of `blank`, the
    others have none.
    """

    images: NDArray[np.uint8]
    samples: SampleList
    folder: Path
    features: NDArray[np.float32] | None = None
    blank: tuple[int, ...] = ()


def read_pack(folder: Path) -> Pack | None:
    """Map the pack in `folder`; None where there is none or where it does not match its manifest."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        listing = (folder / "samples.json").read_bytes()
        images_path = folder / "images.npy"
        if manifest["format"] != FORMAT or images_path.stat().st_size != manifest["images_bytes"]:
            return None
        if hashlib.sha256(listing).hexdigest() != manifest["samples_sha256"]:
            return None
        packed = np.load(images_path, mmap_mode="r", allow_pickle=False)
        plain = json.loads(listing, object_hook=_sample_or_plain)
        samples, blank = _read_samples(plain), tuple(plain["blank"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if list(packed.shape) != manifest["shape"] or len(samples) != len(packed):
        return None
    if packed.ndim == 2 and packed.dtype == np.float32:
        return Pack(np.empty((len(packed), 0, 0, 3), dtype=np.uint8), samples, folder, packed)
    return Pack(packed, samples, folder, blank=blank) if packed.dtype == np.uint8 else None


def write_pack(folder: Path, dataset: Dataset, *, size: int, progress: Progress | None = None) -> Pack:
    """Decode every sample into a new pack and open it; one that another process put there meanwhile is used instead.

    Bad samples get no row, but pictures of one colour; what to do about them is for the caller. DataError, and nothing
    left behind, when all are bad, a file cannot be read, or the cache takes no writing or is full.
    """
    listing = dataset.listing
    with _named_disk(folder.parent):
        make_cache_folder(folder.parent)
        remove_folder(folder)  # a damaged one; trials that still map it keep their pages
        remove_leftovers(folder, older_than_s=LEFTOVER_AGE_S)
        with atomic_folder(folder) as made:  # another packer may come first; its pack has the same content
            _fill(made, dataset, listing, size=size, progress=progress)
    pack = read_pack(folder)
    if pack is None:
        message = f"the packed images in `{folder}` cannot be read back"
        raise StorageError(message, "free space there, or set FERRAY_CACHE")
    return pack


def _fill(folder: Path, dataset: Dataset, listing: SampleList, *, size: int, progress: Progress | None) -> None:
    descr, row_shape = _row_format(dataset, listing, size)
    with (folder / "images.npy").open("w+b") as stream:
        # Written, not mapped: a full disk is then an error with a name and no bus error.
        _write_header(stream, (len(listing), *row_shape), descr)
        packed, blank = _write_images(stream, dataset, listing, size=size, progress=progress)
        images_bytes = stream.tell()
        stream.seek(0)
        _write_header(stream, (len(packed), *row_shape), descr)
        stream.flush()
        os.fsync(stream.fileno())
        stream.seek(0)
        images_sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    write_listing(folder, packed.bad)
    samples_json = json.dumps({**_plain_samples(packed), "blank": blank}).encode()
    (folder / "samples.json").write_bytes(samples_json)
    manifest = {
        "format": FORMAT,
        "shape": (len(packed), *row_shape),
        "images_bytes": images_bytes,
        "images_sha256": images_sha256,
        "samples_sha256": hashlib.sha256(samples_json).hexdigest(),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _write_images(
    stream: BinaryIO, dataset: Dataset, listing: SampleList, *, size: int, progress: Progress | None
) -> tuple[SampleList, list[int]]:
    """Append every image that can be seen; the listing of those with all that are bad, and the rows of one colour."""
    good: list[Sample] = []
    bad, blank = list(listing.bad), []
    for done, (sample, (image, flaw)) in enumerate(_decoded(dataset, listing, size), start=1):
        if flaw is not None:
            bad.append(flaw)
        if image is not None:
            blank += [len(good)] if flaw is not None else []
            good.append(sample)
            stream.write(image.tobytes())
        if progress and (done % BATCH == 0 or done == len(listing)):
            progress(done, len(listing))
    if not good:
        raise refusal(type(dataset).__module__.rpartition(".")[2], bad, others=0)
    return SampleList(tuple(good), listing.classes, tuple(bad)), blank


def _row_format(dataset: Dataset, listing: SampleList, size: int) -> tuple[str, tuple[int, ...]]:
    """numpy's name for the numbers of one sample, and their shape."""
    if dataset.kind == "features" and listing.samples:
        return "<f4", dataset.features_of(listing.samples[0]).shape
    return "|u1", (size, size, 3)


def _write_header(stream: BinaryIO, shape: tuple[int, ...], descr: str) -> None:
    """The header of `images.npy`: numpy pads it to the same length for every number of samples."""
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})


def _decoded(dataset: Dataset, listing: SampleList, size: int) -> Iterator[tuple[Sample, Decoded]]:
    decode = partial(_decode, dataset, listing.classes, size)
    with quiet_decoding(), ThreadPoolExecutor(THREADS, thread_name_prefix="decode") as pool:
        for start in range(0, len(listing), BATCH):
            batch = listing.samples[start : start + BATCH]
            yield from zip(batch, pool.map(decode, batch), strict=True)


def _decode(dataset: Dataset, classes: tuple[str, ...], size: int, sample: Sample) -> Decoded:
    def flaw(kind: str, reason: str, class_name: str = "") -> BadSample:
        return BadSample(sample.name, class_name, kind, reason, sample.part)

    if not 0 <= sample.label < len(classes):
        return None, flaw("unknown label", f"has the label `{sample.label}`, not 0 to {len(classes) - 1}")
    try:
        image = dataset.features_of(sample) if dataset.kind == "features" else dataset.decode(sample, size)
    except OneColourError as error:
        return blank_picture(error, size), flaw(error.kind, error.reason, classes[sample.label])
    except BadSampleError as error:
        return None, flaw(error.kind, error.reason, classes[sample.label])
    return image, None


def _named_disk(place: Path) -> AbstractContextManager[None]:
    hint = "set FERRAY_CACHE to a folder with space that you may write to"
    return os_errors_as(StorageError, f"images cannot be packed into `{place}`", hint)


def _plain_samples(listing: SampleList) -> dict[str, Any]:
    return {
        "classes": listing.classes,
        "samples": [_plain_sample(sample) for sample in listing.samples],
        "bad": [asdict(sample) for sample in listing.bad],
    }


def _plain_sample(sample: Sample) -> dict[str, Any]:
    plain = asdict(sample)
    if sample.votes is None:  # so that packs of data sets without votes stay, byte for byte, those that nodes have
        del plain["votes"]
    return plain


def _read_samples(plain: dict[str, Any]) -> SampleList:
    bad = tuple(BadSample(**sample) for sample in plain["bad"])
    return SampleList(tuple(plain["samples"]), tuple(plain["classes"]), bad)


def _sample_or_plain(plain: dict[str, Any]) -> Any:
    """A sample as soon as it is read: 35,887 dictionaries first would stay in the memory of every worker as holes.

    Words that samples share are one object, as is a name that is also the source.
    """
    if "sample_id" not in plain:
        return plain
    votes, source = plain.get("votes"), plain["source"]
    return Sample(
        sample_id=plain["sample_id"],
        name=source if plain["name"] == source else plain["name"],
        label=plain["label"],
        part=sys.intern(plain["part"]),
        source=source,
        group=sys.intern(plain["group"]),
        true_label=plain["true_label"],
        votes=None if votes is None else tuple(votes),
    )
