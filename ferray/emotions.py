"""The one enum and the one order of the seven expressions, used by every data set and every figure."""

from __future__ import annotations

from enum import IntEnum

from ferray.errors import DataError, did_you_mean


class Emotion(IntEnum):
    """The seven expressions, in the order of the SFEW material: labels are these numbers everywhere."""

    ANGRY = 0
    DISGUST = 1
    FEAR = 2
    HAPPY = 3
    NEUTRAL = 4
    SAD = 5
    SURPRISE = 6

    @property
    def title(self) -> str:
        """The name as it is shown: `Angry`."""
        return self.name.capitalize()

    @classmethod
    def parse(cls, text: str) -> Emotion:
        """Read the spellings data sets use for one expression (`happiness`, `Anger`, `sad`); DataError otherwise."""
        key = text.strip().lower()
        if key not in _SPELLINGS:
            raise DataError(f"`{text}` is not one of the seven expressions", did_you_mean(key, _SPELLINGS))
        return _SPELLINGS[key]


# Words that data sets call the expressions by; `suprise` is how more than one public copy has it.
_WORDS = {
    Emotion.ANGRY: ("anger",),
    Emotion.DISGUST: ("disgusted",),
    Emotion.FEAR: ("afraid", "fearful", "scared"),
    Emotion.HAPPY: ("happiness", "joy", "joyful"),
    Emotion.NEUTRAL: ("neutrality",),
    Emotion.SAD: ("sadness",),
    Emotion.SURPRISE: ("surprised", "suprise"),
}
_SPELLINGS: dict[str, Emotion] = {emotion.name.lower(): emotion for emotion in Emotion} | {
    word: emotion for emotion, words in _WORDS.items() for word in words
}

EMOTION_NAMES: tuple[str, ...] = tuple(emotion.title for emotion in Emotion)
