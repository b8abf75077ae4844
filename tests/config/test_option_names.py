"""What people are told of a component that was searched."""

from __future__ import annotations

from typing import Any

from ferray.config.option_names import names_on_axis, option_names, own_name, told_params
from ferray.config.space import OneOf, parse_space

RESNETS = ["resnet18", "resnet50"]


def names_of(*options: Any) -> tuple[str, ...]:
    """What each option is called, in their order."""
    nodes = parse_space({"backbone": {"one_of": list(options)}})
    labels = nodes["backbone"].extremes()
    return tuple(str(told_params({"backbone": label}, option_names(nodes))["backbone"]) for label in labels)


def test_a_network_has_a_name_of_its_own() -> None:
    assert own_name({"timm": {"name": "resnet18.a1_in1k", "pretrained": True}}) == "resnet18.a1_in1k"


def test_a_component_that_is_one_thing_is_called_by_its_file() -> None:
    assert own_name({"focal": {"gamma": 2}}) == "focal"


def test_the_only_network_of_a_space_is_told_by_its_name() -> None:
    assert names_of({"timm": {"name": "resnet18", "pretrained": True}}) == ("resnet18",)


def test_what_all_networks_share_is_left_out() -> None:
    networks = [{"timm": {"name": name, "pretrained": True}} for name in RESNETS]
    assert names_of(*networks) == ("resnet18", "resnet50")


def test_twins_are_told_apart_by_what_differs_alone() -> None:
    options = [{"timm": {"name": "resnet18", "drop_rate": 0.1, "pretrained": given}} for given in (True, False)]
    assert names_of(*options) == ("resnet18 pretrained=true", "resnet18 pretrained=false")


def test_a_component_called_as_a_network_keeps_both_apart() -> None:
    assert names_of("lenet", {"timm": {"name": "lenet"}}) == ("lenet", "timm")


def test_a_searched_name_is_told_in_the_place_of_the_component() -> None:
    params = {"backbone": "timm", "backbone.timm.name": "resnet18", "optimizer.lr": 0.1}
    assert told_params(params, {}) == {"backbone": "resnet18", "optimizer.lr": 0.1}


def test_a_searched_name_keeps_what_tells_its_option_apart() -> None:
    nodes = parse_space(
        {
            "backbone": {
                "one_of": [
                    {"timm": {"name": {"choice": RESNETS}, "pretrained": True}},
                    {"timm": {"name": {"choice": RESNETS}, "pretrained": False}},
                ]
            }
        }
    )
    params = {"backbone": "timm pretrained=True", "backbone.timm pretrained=True.name": "resnet50"}
    assert told_params(params, option_names(nodes)) == {"backbone": "resnet50 pretrained=true"}


def test_choices_that_are_told_as_they_are_recorded_need_no_names() -> None:
    assert not option_names(parse_space({"imbalance": {"one_of": ["none", "focal"]}}))


def test_an_axis_has_every_network_that_may_come() -> None:
    nodes = parse_space({"backbone": {"one_of": ["lenet", {"timm": {"name": {"choice": RESNETS}}}]}})
    node = nodes["backbone"]
    assert isinstance(node, OneOf)
    assert list(names_on_axis("backbone", node, option_names(nodes))) == ["lenet", *RESNETS]


def test_what_is_searched_inside_an_option_goes_by_the_name_of_the_option() -> None:
    option = {"timm": {"name": "resnet18", "pretrained": True, "drop_rate": {"uniform": [0, 1]}}}
    nodes = parse_space({"backbone": {"one_of": [option, {"timm": {"name": "resnet50"}}]}})
    label = "timm name=resnet18 pretrained=True"
    params = {"backbone": label, f"backbone.{label}.drop_rate": 0.5}
    assert told_params(params, option_names(nodes)) == {"backbone": "resnet18", "backbone.resnet18.drop_rate": 0.5}
