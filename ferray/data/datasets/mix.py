"""Several data sets at once: trained on all of them, validated and tested on one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ferray.config.tree import MIX, split_component
from ferray.config.trial import DatasetChoice
from ferray.data.account import PassedOver
from ferray.data.bad_samples import BadSample
from ferray.data.datasets import Dataset, DatasetParams, TargetKind
from ferray.data.layout import is_emotion
from ferray.data.sample_ids import SampleIds
from ferray.data.samples import AUXILIARY, Sample, SampleList
from ferray.emotions import Emotion
from ferray.errors import DataError
from ferray.registry import ROOMS
from ferray.text.counting import counted

MOST_SETS = 20
EXAMPLE = [{"demo": {}}, {"demo": {"seed": 1}}]


class Mix(Dataset):
    """Several data sets: the last (or `validate_on`) is split as it would be alone, the others join its training.

    Written `{mix: [{fer2013: {}}, {sfew: {split: halves}}]}`. Validation and test images are those of the one set, with
    the ids that they have in it, so that scores compare with trials on it alone. Of the others the training part is
    taken, or `parts: all` of them; of a set without parts all is. Classes are those of the one set, matched by name
    (`happiness` is `Happy`); images of others that are of no class of it are left out, and counted. How the one set is
    split stands in its entry or beside `of`.
    """

    class Params(DatasetParams):
        of: Annotated[tuple[DatasetChoice, ...], Field(examples=[EXAMPLE])]
        """The data sets, each a component with its parameters."""
        validate_on: str | None = None
        """Name of the one that is split into train, validation and test; null is the last."""
        parts: Literal["train", "all"] = "train"
        """What is trained on of the others: their training part, or all of them."""

        @property
        def training_targets(self) -> TargetKind:
            """As the sets with votes ask; samples of the others have all votes on their label."""
            return next(iter(self._kinds()), "label")

        @model_validator(mode="after")
        def _votes_are_read_in_one_way(self) -> Self:
            if len(self._kinds()) > 1:
                raise ValueError("of: two sets read votes in two ways, and a mix trains on one kind of targets")
            return self

        def _kinds(self) -> set[TargetKind]:
            kinds: set[TargetKind] = {choice.build_params().training_targets for choice in self.of}
            return kinds - {"label"}

        @model_validator(mode="before")
        @classmethod
        def _split_is_of_one(cls, value: Any) -> Any:
            entries = value.get("of") if isinstance(value, Mapping) else None
            return _with_one_split(dict(value), list(entries)) if isinstance(entries, list | tuple) else value

    params: Params
    holds_blank: ClassVar[bool] = True  # as some that it may hold are known to

    def samples(self) -> SampleList:
        listings = [dataset.listing for dataset in self.inner]
        mixture = _Mixture(listings[self._own], self.params.parts)
        for index, listing in enumerate(listings):
            mixture.add(listing, self._title(index), index, is_own=index == self._own)
        return mixture.listing()

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        dataset, own = self._found(sample)
        return dataset.decode(own, size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        dataset, own = self._found(sample)
        return dataset.original(own)

    def fingerprint(self) -> str:
        contents = [[dataset.version, dataset.fingerprint()] for dataset in self.inner]
        return hashlib.sha256(json.dumps(contents).encode()).hexdigest()

    @cached_property
    def inner(self) -> tuple[Dataset, ...]:
        """The data sets of the mix, over the same root."""
        shared = {"groups": self.params.groups}
        return tuple(
            choice.load()(choice.build_params().model_copy(update=shared), self.root, self.digest)
            for choice in self.params.of
        )

    @property
    def _own(self) -> int:
        names = [choice.name for choice in self.params.of]
        return len(names) - 1 if self.params.validate_on is None else names.index(self.params.validate_on)

    def _title(self, index: int) -> str:
        """The set's name, and its place where two have the name."""
        names = [choice.name for choice in self.params.of]
        return names[index] if names.count(names[index]) == 1 else f"{names[index]} ({index + 1})"

    def _found(self, sample: Sample) -> tuple[Dataset, Sample]:
        """The data set that a sample is of, and the sample as it has it."""
        index, _, row = sample.source.partition(":")
        dataset = self.inner[int(index)]
        return dataset, dataset.listing.samples[int(row)]


def _with_one_split(params: dict[str, Any], entries: list[Any]) -> dict[str, Any]:
    """The parameters with what the one set's entry says of its split beside `of`; ValueError for what says nothing."""
    if not 2 <= len(entries) <= MOST_SETS:
        raise ValueError(f"of: names {counted(len(entries), 'data set')}, a mix has 2 to {MOST_SETS}")
    read = [split_component(entry) for entry in entries]
    names = [name for name, _ in read]
    wanted = params.get("validate_on")
    if wanted is not None and names.count(wanted) != 1:
        raise ValueError(f"validate_on: `{wanted}` is not one of {', '.join(f'`{name}`' for name in names)}")
    own = len(names) - 1 if wanted is None else names.index(wanted)
    written = []
    for index, (name, inner) in enumerate(read):
        _refuse_no_pictures(name)
        shared = {key: inner[key] for key in inner if key in DatasetParams.model_fields and inner[key] != _default(key)}
        if index != own and shared:
            key = next(iter(shared))
            raise ValueError(f"`{key}` of `{name}` says nothing in a mix, in which `{names[own]}` is what is split")
        for key, value in shared.items():
            if params.get(key, value) != value:
                raise ValueError(f"`{key}` stands in `{name}` and beside `of`, with two values: leave one out")
        params |= shared
        written.append({name: {key: inner[key] for key in inner if key not in DatasetParams.model_fields}})
    is_last = own == len(names) - 1
    return {**params, "of": written, "validate_on": None if is_last else wanted}


def _refuse_no_pictures(name: str) -> None:
    if name == MIX:
        raise ValueError("of: a mix holds no mix; name its data sets")
    if name in ROOMS["dataset"].names() and ROOMS["dataset"].load(name).kind != "images":
        raise ValueError(f"of: `{name}` has rows of numbers, and a mix is of pictures")


def _default(key: str) -> Any:
    return DatasetParams.model_fields[key].default


@dataclass
class _Mixture:
    """The samples of several listings under the classes of one, `own`."""

    own: SampleList
    parts: str
    found: list[tuple[Sample, str]] = field(default_factory=list)  # with its content
    bad: list[BadSample] = field(default_factory=list)
    passed: list[PassedOver] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    places: dict[str, None] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)

    def add(self, listing: SampleList, title: str, index: int, *, is_own: bool) -> None:
        """Take the samples of a listing: all of the own one, those that can be trained on of another."""
        self.bad += [replace(bad, part=bad.part if is_own else AUXILIARY) for bad in listing.bad]
        self.passed += listing.account.passed
        self.remarks += [f"{title}: {remark}" for remark in listing.account.remarks]
        self.places |= {listing.account.place: None} if listing.account.place else {}
        contents = listing.contents or ("",) * len(listing)
        taken = [
            (replace(sample, source=f"{index}:{row}"), contents[row]) for row, sample in enumerate(listing.samples)
        ]
        self.found += taken if is_own else list(self._auxiliary(taken, listing, title))

    def listing(self) -> SampleList:
        """All of it; ids and names of the own set stay, those of others that are taken get new ones."""
        account = replace(
            self.own.account,
            place="`, `".join(self.places),
            origins={**self.own.account.origins, AUXILIARY: ", ".join(self.joined)},
            passed=tuple(self.passed),
            remarks=tuple(self.remarks),
        )
        samples = tuple(_distinct([sample for sample, _ in self.found]))
        return SampleList(samples, self.own.classes, tuple(self.bad), account, tuple(text for _, text in self.found))

    def _auxiliary(
        self, taken: list[tuple[Sample, str]], listing: SampleList, title: str
    ) -> Iterator[tuple[Sample, str]]:
        label_of = {_meaning(name): label for label, name in enumerate(self.own.classes)}
        labels = [label_of.get(_meaning(name)) for name in listing.classes]
        foreign: Counter[str] = Counter()
        num_taken = num_other_parts = 0
        for sample, content in taken:
            label = labels[sample.label]
            if self.parts == "train" and sample.part not in ("train", "all"):
                num_other_parts += 1
            elif label is None:
                foreign[listing.classes[sample.label]] += 1
            else:
                num_taken += 1
                true = None if sample.true_label is None else labels[sample.true_label]
                votes = None if sample.votes is None else _shares(sample.votes, labels, len(self.own.classes))
                yield replace(sample, label=label, part=AUXILIARY, true_label=true, votes=votes), content
        self._say(title, num_taken, num_other_parts, foreign, has_parts=any(s.part != "all" for s, _ in taken))

    def _say(self, title: str, num_taken: int, num_other_parts: int, foreign: Counter[str], *, has_parts: bool) -> None:
        if not num_taken:
            classes = ", ".join(f"`{name}`" for name in self.own.classes)
            raise DataError(f"`{title}` has no picture to train on of {classes}", "leave it out of the mix")
        what = "the training part" if has_parts and self.parts == "train" else "all"
        self.joined.append(f"{what} of `{title}`")
        if num_other_parts:
            why = "`parts: train` takes the training part alone"
            self.passed.append(PassedOver(title, num_other_parts, f"of val and test of `{title}`", why))
        for name, count in foreign.items():
            why = "the set that is validated on has no such class"
            self.passed.append(PassedOver(title, count, f"of `{title}` under `{name}`", why))
        if foreign:
            told = ", ".join(f"{count:,} under `{name}`" for name, count in foreign.items())
            self.remarks.append(f"{title}: left out {told}, of no class of the set that is validated on")


def _shares(votes: tuple[float, ...], labels: list[int | None], num_classes: int) -> tuple[float, ...]:
    """Votes under the labels of other classes: those for classes that there are not are taken away."""
    shares = [0.0] * num_classes
    for share, label in zip(votes, labels, strict=True):
        if label is not None:
            shares[label] += share
    return tuple(share / sum(shares) for share in shares)


def _distinct(samples: list[Sample]) -> Iterator[Sample]:
    """The samples with ids and names of their own: the later one of two that share one gets another."""
    ids = {sample.sample_id for sample in samples if sample.part != AUXILIARY}
    names = {sample.name for sample in samples if sample.part != AUXILIARY}
    made = SampleIds()
    for sample in samples:
        if sample.part == AUXILIARY:
            number, name, index = sample.sample_id, sample.name, sample.source.partition(":")[0]
            while number in ids:
                number = made.of(index, str(sample.sample_id))
            while name in names:
                name = f"{index}/{name}"
            ids.add(number)
            names.add(name)
            sample = replace(sample, sample_id=number, name=name)
        yield sample


def _meaning(name: str) -> str:
    """What a class is compared by: the expression, where its name is one in any spelling."""
    return Emotion.parse(name).title if is_emotion(name) else name.lower()
