"""What a study's first trial is, before anything is known: the middle of the space.

A space is put around what its author expects to be good, so that its middle is far better than a random point of many
parameters, most of which have one that spoils it. Syne Tune begins searches in the same way (`points_to_evaluate`).
"""

from __future__ import annotations

from typing import Any

from ferray.config.parameter_sets import ParameterSet
from ferray.config.space import Node
from ferray.config.sweep import SweepSpec
from ferray.study.samplers import SamplerFactory
from ferray.study.suggest import grid_combinations


def initial_sets(spec: SweepSpec) -> list[ParameterSet]:
    """The middle of every range and the first of every option; nothing where a grid or a random sampler says more.

    Nothing either where the middle is no configuration, though the space is one at each of its corners.
    """
    factory: SamplerFactory = spec.sampler.load()(spec.sampler.build_params())
    if not factory.begins_in_the_middle or grid_combinations(spec.nodes) != [{}]:
        return []
    middle: ParameterSet = {}

    def pick(name: str, node: Node) -> Any:
        middle[name] = node.middle()
        return middle[name]

    try:
        spec.config(pick)
    except ValueError:  # two keys of which a trial has one
        return []
    return [middle] if middle else []
