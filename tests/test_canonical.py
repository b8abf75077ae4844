from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from ferray.canonical import added_later, canonical_form, canonical_text, new_default
from ferray.config.trial import HeadChoice
from ferray.registry import Params


class Before(Params):
    rate: float = 1.0
    bad: Literal["refuse", "skip"] = "refuse"


class After(Params):
    rate: float = 1.0
    share: Annotated[float, Field(ge=0, le=1)] = added_later(0.0)
    most: Annotated[int, Field(ge=1)] | None = added_later(None)
    head: HeadChoice = added_later("linear")
    bad: Literal["auto", "refuse", "skip"] = new_default("auto", stands_for="refuse")


class Outer(Params):
    alone: After = After()
    listed: tuple[After, ...] = (After(), After(share=0.5))
    named: dict[str, After] = Field(default_factory=lambda: {"one": After()})


class Elsewhere(BaseModel):
    """Parameters of another package, whose class is not ours."""

    rate: float = 1.0
    share: float = added_later(0.0)


def test_a_parameter_added_later_is_left_out_at_its_default() -> None:
    assert After().canonical() == Before().canonical() == {"rate": 1.0, "bad": "refuse"}


def test_the_order_of_the_parameters_stays() -> None:
    assert canonical_text(After()) == canonical_text(Before()) == '{"rate":1.0,"bad":"refuse"}'


@pytest.mark.parametrize("changes", [{"share": 0.5}, {"most": 3}, {"head": {"linear": {"dropout": 0.5}}}], ids=str)
def test_another_value_of_it_is_part_of_the_form(changes: dict[str, object]) -> None:
    assert After.model_validate(changes).canonical() == {**Before().canonical(), **changes}


def test_spelling_the_default_out_changes_nothing() -> None:
    spelt = After.model_validate({"share": 0, "most": None, "head": {"linear": {"dropout": 0.2}}, "bad": "auto"})
    assert spelt.canonical() == Before().canonical()


def test_the_former_default_has_the_form_of_the_present_one() -> None:
    assert After(bad="refuse").canonical() == After().canonical()


def test_a_value_beside_both_defaults_is_written_as_it_is() -> None:
    assert After(bad="skip").canonical() == Before(bad="skip").canonical()


def test_parameters_inside_parameters_are_read_likewise() -> None:
    plain = Before().canonical()
    assert Outer().canonical() == {"alone": plain, "listed": [plain, {**plain, "share": 0.5}], "named": {"one": plain}}


def test_parameters_of_another_class_of_pydantic_are_read_likewise() -> None:
    assert canonical_form(Elsewhere()) == {"rate": 1.0}


def test_bounds_of_a_parameter_added_later_hold() -> None:
    with pytest.raises(ValueError, match="share"):
        After(share=2.0)


def test_what_an_older_version_wrote_has_the_form_of_today() -> None:
    assert After.canonical_of({"rate": 1.0, "bad": "refuse"}) == After().canonical()


def test_what_cannot_be_read_stays_as_it_is() -> None:
    assert After.canonical_of({"rat": 1.0}) == {"rat": 1.0}
