"""What a word or number of a data set's labels stands for: the seven expressions by their synonyms, and contempt.

Words mean the same everywhere; numbers mean what the set they come from says, so an order of numbers has its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ferray.data.layout import is_emotion
from ferray.emotions import EMOTION_NAMES, Emotion

Contempt = Literal["drop", "keep"]
Order = Literal["affectnet", "affwild", "ckplus", "fer2013", "ferplus", "rafdb", "sfew"]

CONTEMPT = "Contempt"
DROPPED = ""  # what a label stands for whose images are left out by rule
_CONTEMPT_WORDS = ("contempt", "contemptuous", "co")
# Two letters in the file names of JAFFE and KDEF, which calls fear `AF`.
_LETTERS = {
    "an": Emotion.ANGRY,
    "di": Emotion.DISGUST,
    "fe": Emotion.FEAR,
    "af": Emotion.FEAR,
    "ha": Emotion.HAPPY,
    "ne": Emotion.NEUTRAL,
    "sa": Emotion.SAD,
    "su": Emotion.SURPRISE,
}
_NO_CLASS = "none"  # in an order: no expression, not sure which, no face
# Numbers from the first one on, as the authors of each set have them.
ORDERS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "affectnet": (0, "neutral happy sad surprise fear disgust angry contempt none none none"),
        "affwild": (-1, "none neutral angry disgust fear happy sad surprise none"),
        "ckplus": (0, "neutral angry contempt disgust fear happy sad surprise"),
        "fer2013": (0, "angry disgust fear happy sad surprise neutral"),
        "ferplus": (0, "neutral happy surprise sad angry disgust fear contempt none none"),
        "rafdb": (1, "surprise fear disgust happy sad angry neutral"),
        "sfew": (1, "angry disgust fear happy neutral sad surprise"),
    }
)


@dataclass(frozen=True)
class ClassNames:
    """The classes that labels may stand for, in their order, and how labels name them.

    `order` says whose numbers a number is, None where numbers say nothing. Without `expressions` classes are called as
    they are written.
    """

    order: str | None = None
    contempt: Contempt = "drop"
    expressions: bool = True

    @property
    def all(self) -> tuple[str, ...]:
        """Every class of expressions there may be."""
        return (*EMOTION_NAMES, CONTEMPT) if self.contempt == "keep" else EMOTION_NAMES

    def needs_order(self, word: str) -> bool:
        """Whether the word is a number of nobody knows which order."""
        return self.expressions and self.order is None and number_in(word) is not None

    def class_of(self, word: str) -> str | None:
        """The class that a label stands for, `DROPPED` where its images are left out, None where it says nothing."""
        if not self.expressions:
            return word.strip() or None
        number = number_in(word)
        if number is not None:
            return self._of_number(number)
        return self._of_word(word.strip().lower())

    def _of_number(self, number: int) -> str | None:
        if self.order is None:
            return None
        first, listed = ORDERS[self.order]
        words = listed.split()
        if not first <= number < first + len(words):
            return None
        word = words[number - first]
        return DROPPED if word == _NO_CLASS else self._of_word(word)

    def _of_word(self, word: str) -> str | None:
        if word in _CONTEMPT_WORDS:
            return CONTEMPT if self.contempt == "keep" else DROPPED
        if word in _LETTERS:
            return _LETTERS[word].title
        return Emotion.parse(word).title if is_emotion(word) else None


def sorted_classes(present: Iterable[str]) -> tuple[str, ...]:
    """Classes in the order of labels: the seven expressions in theirs, contempt, then others by name."""
    known = (*EMOTION_NAMES, CONTEMPT)
    return tuple(sorted(set(present), key=lambda name: (known.index(name) if name in known else len(known), name)))


def number_in(word: str) -> int | None:
    """The whole number that a label is, also as `3.0` or `3.0000000e+00`; None for any other word."""
    try:
        number = float(word)
    except ValueError:
        return None
    return int(number) if "_" not in word and number.is_integer() else None
