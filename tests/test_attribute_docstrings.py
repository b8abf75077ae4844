"""What is written under the fields of a class."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, Field

from ferray.attribute_docstrings import attribute_docstrings
from ferray.registry import Params


class Plain(Params):
    """Read from its file, when it is asked for."""

    rate: float = 0.1
    """How fast.

    And a second paragraph.
    """
    untold: int = 3
    named: int = Field(4, description="In its own words.")
    """Not shown."""

    class Inner(Params):
        """A class in a class."""

        depth: int = 1
        """How deep."""

    inner: Inner = Inner()
    """What lies inside."""


class Derived(Plain):
    """Has one field more."""

    rate: float = 0.2
    more: int = 5
    """One more."""


class ByPydantic(BaseModel):
    """Read by pydantic, as the class is made."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    rate: float = 0.1
    """How fast.

    And a second paragraph.
    """
    untold: int = 3
    named: int = Field(4, description="In its own words.")
    """Not shown."""


def told(model: type[BaseModel]) -> dict[str, str | None]:
    properties = model.model_json_schema()["properties"]
    return {name: field.get("description") for name, field in properties.items()}


def test_a_field_is_told_by_what_stands_under_it() -> None:
    assert attribute_docstrings(Plain)["rate"] == "How fast.\n\nAnd a second paragraph."


def test_a_field_with_nothing_under_it_is_not_told() -> None:
    assert "untold" not in attribute_docstrings(Plain)


def test_a_class_in_a_class_has_its_own() -> None:
    assert attribute_docstrings(Plain.Inner) == {"depth": "How deep."}


def test_a_class_without_source_has_none() -> None:
    assert attribute_docstrings(int) == {}


@pytest.mark.parametrize("name", ByPydantic.model_fields)
def test_a_schema_tells_a_field_as_pydantic_would(name: str) -> None:
    assert told(Plain)[name] == told(ByPydantic)[name]


def test_a_schema_tells_what_was_inherited() -> None:
    assert (told(Derived)["rate"], told(Derived)["more"]) == (told(Plain)["rate"], "One more.")


def test_a_schema_tells_the_fields_of_groups_inside() -> None:
    assert Plain.model_json_schema()["$defs"]["Inner"]["properties"]["depth"]["description"] == "How deep."
