"""What a paper printed, beside the space that runs it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from ferray.registry import Params

Fraction = Annotated[float, Field(ge=0, le=1)]


class PublishedRow(Params):
    """One row of a paper's table."""

    row: Annotated[str, Field(min_length=1)]
    """What the paper calls it."""
    arm: str | None = None
    """The arm of the space that is ours of this row; null where there is none (a quoted row)."""
    metric: Literal["accuracy", "uar", "macro_f1"] = "accuracy"
    """What the paper measured."""
    value: Fraction | None = None
    """A fraction; null where the paper makes a statement without a number, which `why` quotes."""
    n: Annotated[int, Field(ge=1)] | None = None
    """Images that the paper measured it on."""
    split: Literal["train", "val", "test", "cv"] = "test"
    """Where the paper measured; `cv` is the mean over `folds`."""
    ours: Literal["val", "test", "cv"] | None = None
    """Where we measure; null is the same place."""
    folds: tuple[Fraction, ...] = ()
    """The paper's value of each fold."""
    hits: dict[str, tuple[int, int]] = Field(default_factory=dict)
    """What the paper got right, (right, of) by class."""
    comparable: bool = True
    """Whether it may stand beside ours."""
    why: str = ""
    """Why it is not comparable, or what the paper says in words."""

    @model_validator(mode="after")
    def _says_why(self) -> PublishedRow:
        if not self.why and not (self.comparable and self.value is not None):
            raise ValueError(f"`{self.row}` is not comparable or has no value, and does not say `why`")
        return self

    @property
    def measured_on(self) -> str:
        """The split of ours that stands beside the row."""
        return self.ours or ("val" if self.split == "train" else self.split)


class Quick(Params):
    """How `--quick` cuts a space down: fewer seeds, trials or arms, and other keys, written as for `--set`."""

    seeds: Annotated[int, Field(ge=1)] | None = None
    """So many seeds."""
    trials: Annotated[int, Field(ge=1)] | None = None
    """So many trials."""
    arms: tuple[str, ...] | None = None
    """The arms that are kept."""
    set: dict[str, JsonValue] = Field(default_factory=dict)
    """Other keys, written as for `--set`."""
