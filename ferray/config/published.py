"""What a paper printed, beside the space that runs it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from ferray.registry import Params

Fraction = Annotated[float, Field(ge=0, le=1)]


class PublishedRow(Params):
    """One row of a paper's table.

    `arm` names the arm of the space that is ours of this row, None where the space runs none (a quoted row). `value` is
    a fraction, None where the paper makes a statement without a number, which `why` then quotes. `split` is where the
    paper measured, `cv` for the mean over `folds`; `ours` where we measure, the same unless told otherwise. `hits` are
    (right, of) by class. A row that is not `comparable` says `why`.
    """

    row: Annotated[str, Field(min_length=1)]
    arm: str | None = None
    metric: Literal["accuracy", "uar", "macro_f1"] = "accuracy"
    value: Fraction | None = None
    n: Annotated[int, Field(ge=1)] | None = None
    split: Literal["train", "val", "test", "cv"] = "test"
    ours: Literal["val", "test", "cv"] | None = None
    folds: tuple[Fraction, ...] = ()
    hits: dict[str, tuple[int, int]] = Field(default_factory=dict)
    comparable: bool = True
    why: str = ""

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
    trials: Annotated[int, Field(ge=1)] | None = None
    arms: tuple[str, ...] | None = None
    set: dict[str, JsonValue] = Field(default_factory=dict)
