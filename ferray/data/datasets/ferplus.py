"""FER+: the faces of FER-2013 with the votes of ten annotators each, as targets, majorities or labels to draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ferray.data.account import Account, PassedOver
from ferray.data.bad_samples import BadSample
from ferray.data.class_names import ClassNames, Contempt
from ferray.data.datasets import Dataset, DatasetParams, TargetKind
from ferray.data.datasets.fer2013 import USAGE_PARTS, Fer2013
from ferray.data.files import shown
from ferray.data.images import read_original, resize
from ferray.data.layout import HOMES, files_in, folders_in, found_below, homes
from ferray.data.line_names import split_name
from ferray.data.sample_ids import SampleIds
from ferray.data.samples import Sample, SampleList
from ferray.data.table_rows import file_row
from ferray.data.votes import Verdict, VotedRow, VoteRule, voted_rows
from ferray.errors import DataError

VOTES_CSV = "fer2013new.csv"
FOLDERS = {"train": "FER2013Train", "val": "FER2013Valid", "test": "FER2013Test"}
LABELS_CSV = "label.csv"
Share = Annotated[float, Field(ge=0, lt=1)]
_TARGETS: dict[str, TargetKind] = {"soft": "votes", "majority": "label", "draw": "drawn"}
REPEATED = "listed a second time"
TORN = "without agreement enough in their votes"
_WHY = "such pictures are left out by rule"


class Ferplus(Dataset):
    """FER+: FER-2013's faces with ten votes each, `fer2013new.csv` beside `fer2013.csv` and joined with it by row.

    Or the folders that FER+'s own script writes, `FER2013Train/`, `FER2013Valid/` and `FER2013Test/`, each with its
    pictures and `label.csv`. Votes are counted by one rule whatever is trained on, so that trials differ in nothing but
    their targets: single votes do not count, and pictures that are mostly unknown or no face are left out. Validation
    and test are judged by the majority. Source: Barsoum et al., "Training Deep Networks for Facial Expression
    Recognition with Crowd-Sourced Label Distribution", ICMI 2016; their code also cuts votes beyond three expressions.
    """

    class Params(DatasetParams):
        votes: Literal["soft", "majority", "draw"] = "soft"
        """What is trained on: the shares of the votes, the expression with most, or one drawn by them in each epoch."""
        contempt: Contempt = "drop"
        """Whether pictures of contempt are left out, and votes for it, or it is an eighth class."""
        least_votes: Annotated[int, Field(ge=1, le=10)] = 2
        """Fewer votes for an answer count as none."""
        agreement: Share = 0.5
        """The leading expression has more than this share of the votes, in pictures of validation and test."""
        train_agreement: Share = 0.0
        """The same in training pictures."""

        not_decoded: ClassVar[frozenset[str]] = frozenset({"votes"})

        @property
        def training_targets(self) -> TargetKind:
            return _TARGETS[self.votes]

    params: Params
    holds_blank: ClassVar[bool] = True
    expected_layout = (
        f"fer2013.csv and {VOTES_CSV}\nfer2013/fer2013.csv and fer2013/{VOTES_CSV}\n"
        "ferplus/FER2013Train/label.csv and its pictures, FER2013Valid, FER2013Test"
    )
    how_to_get = (
        f"the votes, `{VOTES_CSV}`, are at https://github.com/microsoft/FERPlus; the faces are on Kaggle after logging "
        "in: https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge/data"
    )

    @property
    def folders(self) -> tuple[str, ...]:
        return (*HOMES["ferplus"], *HOMES["fer2013"], "data", *map(str.lower, FOLDERS.values()))

    def samples(self) -> SampleList:
        csv = self._csv
        if csv is not None:
            return self._listed(self._of_csv(csv), csv.parent, f"usages of `{VOTES_CSV}`")
        home = self._home()
        return self._listed(self._of_folders(home), home, "")

    def decode(self, sample: Sample, size: int) -> NDArray[np.uint8]:
        return resize(self.original(sample), size)

    def original(self, sample: Sample) -> NDArray[np.uint8]:
        if self._csv is not None:
            return self._faces.original(sample)
        return read_original(self.root / sample.source)

    def fingerprint(self) -> str:
        csv = self._csv
        if csv is None:
            files = {self._votes_of(folder) for folder in _parts_in(self._home()).values()}
            return " ".join([super().fingerprint(), *map(self.digest, sorted(files))])
        return f"{self.digest(csv)} {self.digest(self._votes_csv(csv))}"

    @cached_property
    def _csv(self) -> Path | None:
        return self._faces.csv

    @cached_property
    def _faces(self) -> Fer2013:
        faces = Fer2013(Fer2013.Params(), self.root, self.digest)
        faces.home_names += HOMES["ferplus"]
        return faces

    @property
    def _names(self) -> ClassNames:
        return ClassNames("ferplus", self.params.contempt)

    def _votes_csv(self, csv: Path) -> Path:
        """The votes beside the faces, or in a folder of FER+'s own."""
        for folder in (csv.parent, *homes(self.root, HOMES["ferplus"])):
            found = files_in(folder).get(VOTES_CSV)
            if found is not None:
                return found
        message = f"`{csv}` has no `{VOTES_CSV}` beside it, which holds the votes"
        raise DataError(message, "get it from https://github.com/microsoft/FERPlus, or take `dataset: fer2013`")

    def _votes_of(self, folder: Path) -> Path:
        """The votes for the pictures of a folder: its own list, else the table of all beside it."""
        for place in (found_below(folder, LABELS_CSV), *(found_below(up, VOTES_CSV) for up in folder.parents[:2])):
            if place is not None:
                return place
        message = f"`{folder}` has pictures and no `{LABELS_CSV}`, which holds their votes"
        raise DataError(message, f"copy it there, or `{VOTES_CSV}` beside the folder: {self.how_to_get}")

    def _home(self) -> Path:
        """The folder that holds FER+'s folders of pictures."""
        for home in homes(self.root, HOMES["ferplus"]):
            for place in (home, found_below(home, "data")):
                if place is not None and "train" in _parts_in(place):
                    return place
        raise self._lost()

    def _lost(self) -> DataError:
        error = self.not_found()
        votes = [files[VOTES_CSV] for home in self._homes if VOTES_CSV in (files := files_in(home))]
        if not votes:
            return error
        message = f"`{votes[0]}` holds votes by the rows of `fer2013.csv`, which is not there"
        return DataError(message, "put `fer2013.csv` beside it; FER-2013 as class folders does not keep its rows")

    @property
    def _homes(self) -> list[Path]:
        return homes(self.root, (*HOMES["ferplus"], *HOMES["fer2013"]))

    def _listed(self, pictures: Iterable[_Picture | BadSample], place: Path, origin: str) -> SampleList:
        """The pictures that the rule keeps, each with its label and shares; what it leaves out is counted."""
        rule = VoteRule(self._names, self.params.least_votes)
        found: list[tuple[Sample, str]] = []
        bad: list[BadSample] = []
        left_out: Counter[str] = Counter()
        for picture in pictures:
            if isinstance(picture, BadSample):
                bad.append(picture)
                continue
            verdict = rule.judge(picture.votes) if picture.votes else REPEATED
            if isinstance(verdict, Verdict):
                verdict = self._too_torn(verdict, picture.sample.part) or verdict
            if isinstance(verdict, Verdict):
                found.append((replace(picture.sample, label=verdict.label, votes=verdict.shares), picture.content))
            else:
                left_out[verdict] += 1
        if not found and not bad:
            raise DataError(f"`{place}` has no picture that the votes call an expression", "copy the votes again")
        passed = tuple(PassedOver(shown(str(place)), count, what, _WHY) for what, count in left_out.most_common())
        origins = {part: origin or f"folder `{name}`" for part, name in FOLDERS.items()}
        account = Account(shown(str(place)), origins, passed)
        samples, contents = tuple(sample for sample, _ in found), tuple(content for _, content in found)
        return SampleList(samples, self._names.all, tuple(bad), account, contents)

    def _too_torn(self, verdict: Verdict, part: str) -> str:
        """Why the annotators agree too little on a picture of this part; "" where they agree enough."""
        least = self.params.train_agreement if part == "train" else self.params.agreement
        return "" if verdict.agreement > least else TORN

    def _of_csv(self, csv: Path) -> Iterator[_Picture | BadSample]:
        """The faces of the csv with the votes in the same row; DataError where the two tables are not of one set."""
        faces, path = self._faces.samples(), self._votes_csv(csv)
        votes = list(voted_rows(path, shown(path.relative_to(self.root).as_posix())))
        found: list[Sample | BadSample] = [*faces.samples, *faces.bad]
        rows = sorted(found, key=lambda one: int(split_name(one.name)[1]))
        if len(rows) != len(votes):
            raise DataError(
                f"`{path}` has {len(votes):,} rows and `{csv.name}` {len(rows):,}, which are joined by their order",
                "take both files whole, as their authors give them",
            )
        contents = dict(zip((sample.name for sample in faces.samples), faces.contents, strict=True))
        for row, voted in zip(rows, votes, strict=True):
            if isinstance(row, BadSample):
                yield row
            elif isinstance(voted, BadSample):
                yield replace(voted, part=row.part)
            else:
                _refuse_other_part(row, voted, path)
                part = (_part_of(voted) or "all") if row.part == "all" else row.part
                yield _Picture(replace(row, part=part), contents[row.name], voted.counts)

    def _of_folders(self, home: Path) -> list[_Picture | BadSample]:
        """The pictures that each folder's `label.csv` names; DataError where none of them is there."""
        found = [picture for part, folder in _parts_in(home).items() for picture in self._of_folder(folder, part)]
        if found and all(isinstance(picture, BadSample) and picture.reason == "is not there" for picture in found):
            message = f"none of the {len(found):,} pictures that the votes in `{home}` name is there"
            hint = f"write them with FER+'s `generate_training_data.py`, or put `fer2013.csv` beside `{VOTES_CSV}`"
            raise DataError(message, hint)
        return found

    def _of_folder(self, folder: Path, part: str) -> Iterator[_Picture | BadSample]:
        """The pictures of one part, each once; one with two sets of votes is bad."""
        below, ids = folder.relative_to(self.root).as_posix(), SampleIds()
        seen: dict[str, VotedRow] = {}
        path = self._votes_of(folder)
        for row in voted_rows(path, shown(path.relative_to(self.root).as_posix())):
            if isinstance(row, BadSample):
                yield replace(row, part=part)
                continue
            if not row.image or _part_of(row) not in ("", part):
                continue
            first = seen.setdefault(row.image, row)
            file = file_row(self, f"{below}/{row.image}", label="")
            flaw = file.flaw
            if first.counts != row.counts:
                flaw = ("two labels", f"has other votes than `{first.name}` for the same picture")
            if flaw is not None:
                yield BadSample(row.name if first is not row else file.name, "", *flaw, part=part)
            elif first is row:
                number = ids.of(f"{part}/{row.image}", file.content)
                yield _Picture(Sample(number, file.name, 0, part, file.source), file.content, row.counts)
            else:
                yield _Picture(Sample(0, file.name, 0, part, file.source), file.content, ())


@dataclass(frozen=True)
class _Picture:
    """A face without its label, a hash of it, and its votes; none for one that is listed a second time."""

    sample: Sample
    content: str
    votes: tuple[int, ...]


def _parts_in(home: Path) -> dict[str, Path]:
    """FER+'s folders of pictures in this folder, by part."""
    inside = folders_in(home)
    return {part: inside[name.lower()] for part, name in FOLDERS.items() if name.lower() in inside}


def _part_of(row: VotedRow) -> str:
    """The part of the usage that a row of votes names, "" where it names none."""
    return USAGE_PARTS.get(row.usage.strip().lower(), "")


def _refuse_other_part(face: Sample, row: VotedRow, path: Path) -> None:
    """DataError where the rows at one place of both tables cannot be of one picture."""
    if face.part not in ("all", _part_of(row)):
        raise DataError(
            f"`{row.name}` is of `{row.usage[:20]}`, and the face of that row, `{face.name}`, of the {face.part} part",
            f"take `{path.name}` and the faces whole and in their order, as their authors give them",
        )
