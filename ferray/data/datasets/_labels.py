"""What sets of one's own let one say about labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ferray.data.class_names import ClassNames, Contempt, Order
from ferray.data.datasets import DatasetParams

Column = Annotated[str, Field(min_length=1, max_length=200)]  # its name
GROUP_NAMES = ("group", "subject", "subject_id", "person", "video", "film")
LABEL_NAMES = ("label", "class", "emotion", "expression", "labels")
SPLIT_NAMES = ("split", "part", "usage", "set", "subset")


class LabelParams(DatasetParams):
    """How labels are read."""

    label_order: Order | None = None
    """Whose numbers the labels are, where they are numbers."""
    contempt: Contempt = "drop"
    """Whether pictures of contempt are left out, or an eighth class."""
    classes: Literal["expressions", "as_written"] = "expressions"
    """`expressions` are the seven by their synonyms; `as_written` takes labels as they are, whatever they say."""

    @property
    def class_names(self) -> ClassNames:
        """What labels stand for."""
        return ClassNames(self.label_order, self.contempt, self.classes == "expressions")
