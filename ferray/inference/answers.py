"""The answers to files, batch by batch, and what had none. C = classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ferray.errors import BadSampleError, DataError
from ferray.faces import Detection
from ferray.inference.face_crops import FaceCrop, FaceCutter
from ferray.inference.files import AskedFile, Unanswered
from ferray.inference.frames import frames_of
from ferray.inference.models import Model

NO_FACE = "no face"
MOST_BYTES = 256 * 2**20  # of pictures that wait for their batch to be full
Progress = Callable[[int, int], None]  # files that are done, of so many


@dataclass(frozen=True)
class Answer:
    """What a model says of one face: a probability for each class; `box` is None where it was shown the whole picture.

    Of a video `frame` is the number of the picture, from 0, and `second` its time.
    """

    file: str
    probabilities: tuple[float, ...]
    box: Detection | None = None
    frame: int | None = None
    second: float | None = None

    @property
    def label(self) -> int:
        """The class of the greatest probability, the first of equals."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)


@dataclass
class Answers:
    """What came of all files: `without_face` are pictures in which none was seen, `unread` files that are damaged."""

    classes: tuple[str, ...]
    answers: list[Answer] = field(default_factory=list)
    without_face: list[Unanswered] = field(default_factory=list)
    unread: list[Unanswered] = field(default_factory=list)


def answer_files(
    model: Model, files: Sequence[AskedFile], cutter: FaceCutter, *, batch_size: int, rate: float, progress: Progress
) -> Iterator[tuple[list[tuple[FaceCrop, Answer]], Answers]]:
    """Ask about all files: after each batch its faces with their answers, and what has come of all files so far.

    A file that is damaged, or that this user may not read, is put down as unread, and the rest goes on.
    """
    found = Answers(model.classes)
    waiting: list[FaceCrop] = []
    for number, file in enumerate(files):
        progress(number, len(files))
        for crops in _crops_of(file, cutter, rate, found):
            waiting += crops  # those of one picture stay together
            if len(waiting) >= batch_size or _num_bytes(waiting) >= MOST_BYTES:
                yield _answered(model, waiting, found), found
                waiting = []
    yield _answered(model, waiting, found), found
    progress(len(files), len(files))


def _num_bytes(crops: Sequence[FaceCrop]) -> int:
    """What the pictures take that wait for their answer."""
    return sum({id(crop.frame): crop.frame.image.nbytes for crop in crops}.values())


def _crops_of(file: AskedFile, cutter: FaceCutter, rate: float, found: Answers) -> Iterator[list[FaceCrop]]:
    """The faces of each picture in a file; what has none, or cannot be read, is put down."""
    try:
        for frame in frames_of(file, rate=rate):
            crops = cutter.cut(frame)
            if not crops:
                found.without_face.append(Unanswered(frame.name, NO_FACE, "shows no face that is found"))
            yield crops
    except BadSampleError as error:
        found.unread.append(Unanswered(file.name, error.kind, error.reason))
    except DataError as error:
        found.unread.append(Unanswered(file.name, "not to be read", error.message))


def _answered(model: Model, crops: list[FaceCrop], found: Answers) -> list[tuple[FaceCrop, Answer]]:
    told = model.probabilities([crop.crop for crop in crops])
    answers = [_answer(crop, row) for crop, row in zip(crops, told.tolist(), strict=True)]
    found.answers.extend(answers)
    return list(zip(crops, answers, strict=True))


def _answer(crop: FaceCrop, row: list[float]) -> Answer:
    frame = crop.frame
    return Answer(frame.file.name, tuple(row), crop.box, frame.number, frame.second)
