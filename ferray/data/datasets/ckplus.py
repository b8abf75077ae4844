"""The Extended Cohn-Kanade set: posed expressions, as 48x48 faces in class folders or as the original sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from ferray.data.account import Account, PassedOver
from ferray.data.class_names import ClassNames, Contempt
from ferray.data.datasets import DatasetParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.files import shown
from ferray.data.fingerprint import table_fingerprint
from ferray.data.group_names import CK_PLUS
from ferray.data.layout import HOMES, found_below, homes, look_into
from ferray.data.samples import SampleList
from ferray.data.scan import Rules, scan
from ferray.data.table_rows import Row, file_row, file_rows, list_rows
from ferray.data.word_lines import word_lines
from ferray.errors import DataError

SEQUENCES = ("cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images")
LABELS = ("emotion", "emotion_labels/emotion", "emotion_labels")


class Ckplus(PictureDataset):
    """CK+: 593 sequences of 123 people from a neutral face to a posed one, of which 327 have a label.

    Read are class folders such as `CK+48/<class>/`, of 981 faces at 48x48 pixels, and the originals,
    `cohn-kanade-images/S005/001/*.png` with `Emotion/S005/001/*_emotion.txt`: of each labelled sequence its
    `last_frames`. The person is the group. No sequence is labelled neutral, so there are six classes, seven with
    `contempt: keep`, and one more with `neutral_frames`. There are no official parts: `kfold_by_group` is the usual
    protocol.
    """

    class Params(DatasetParams):
        contempt: Contempt = "drop"
        """Whether contempt is left out, or a class of its own."""
        last_frames: Annotated[int, Field(ge=1, le=10)] = 3
        """How many frames at the end of each original sequence are taken; `CK+48` has three."""
        neutral_frames: Annotated[int, Field(ge=0, le=10)] = 0
        """How many frames at its beginning are taken as neutral."""

    params: Params
    expected_layout = "CK+48/<class>/*.png\ncohn-kanade-images/S005/001/*.png\nCK+/cohn-kanade-images/S005/001/*.png"
    how_to_get = "CK+ is given for research on request to its authors: https://www.jeffcohn.net/resources"

    def samples(self) -> SampleList:
        for home in homes(self.root, HOMES["ckplus"]):
            sequences = found_below(home, *SEQUENCES)
            if sequences is not None:
                return self._of_sequences(home, sequences)
        for home in homes(self.root, HOMES["ckplus"]):
            found = scan(home, self.root, Rules(self._is_class, own="ckplus"))
            if found is not None:
                account = replace(found.account, groups=CK_PLUS.title)
                rows = [
                    replace(row, group=CK_PLUS.group_of(PurePosixPath(row.source).stem))
                    for row in file_rows(found.files, self)
                ]
                return list_rows(rows, self._names, what=f"`{found.home}`", account=account)
        raise self.not_found()

    def fingerprint(self) -> str:
        return table_fingerprint(self.listing)

    @property
    def _names(self) -> ClassNames:
        return ClassNames("ckplus", self.params.contempt)

    def _is_class(self, name: str) -> bool:
        return ClassNames(contempt="keep").class_of(name) is not None

    def _of_sequences(self, home: Path, sequences: Path) -> SampleList:
        labels = found_below(home, *LABELS)
        if labels is None:
            raise DataError(
                f"`{home}` has the sequences, and no labels: `Emotion/` is not there",
                "unpack `Emotion_labels.zip` beside `cohn-kanade-images`",
            )
        rows: list[Row] = []
        num_unlabelled = 0
        for folder in [
            sequence for person in look_into(sequences).subfolders for sequence in look_into(person).subfolders
        ]:
            label = _label_in(labels / folder.parent.name / folder.name)
            num_unlabelled += label is None
            rows += self._rows(folder, label) if label is not None else []
        why = "no label goes with them"
        passed = (
            (PassedOver(sequences.name, num_unlabelled, "(sequences) without a label", why),) if num_unlabelled else ()
        )
        account = Account(shown(str(home)), {"all": f"`{sequences.name}`"}, passed, groups=CK_PLUS.title)
        return list_rows(rows, self._names, what=f"`{sequences}`", account=account)

    def _rows(self, folder: Path, label: str) -> Iterator[Row]:
        """The frames of a sequence that are taken: those at its end, and those at its beginning as neutral."""
        frames = look_into(folder).images
        first = frames[: min(self.params.neutral_frames, len(frames) - 1)]
        last = frames[max(len(first), len(frames) - self.params.last_frames) :]
        for name in (*first, *last):
            path = (folder / name).relative_to(self.root).as_posix()
            shows = "neutral" if name in first else label
            yield file_row(self, path, label=shows, group=folder.parent.name.lower())


def _label_in(folder: Path) -> str | None:
    """The number in a sequence's `_emotion.txt`; None where there is none."""
    texts = [name for name in look_into(folder).others if name.lower().endswith(".txt")]
    words = [word for name in texts[:1] for _, line in word_lines(folder / name) for word in line]
    return words[0] if words else None
