"""Which type of node Ray's first autoscaler starts next: spot nodes, and others while the cloud refuses those.

Ray 2.60 counts the starts that a cloud refused and makes no use of it: its own scorer asks for the refused type again,
and so does its second autoscaler. The first one takes a scorer by name, RAY_AUTOSCALER_UTILIZATION_SCORER, which
aws.yaml and gcp.yaml set: `score` runs in the autoscaler's process on the head, for each type of node that might help.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from ray.autoscaler._private.resource_demand_scheduler import _default_utilization_scorer
from ray.autoscaler.node_launch_exception import NodeLaunchException

SPOT = "spot"  # what the names of such types end in


def score(
    node_resources: dict[str, float],
    resources: list[dict[str, float]],
    node_type: str,
    *,
    node_availability_summary: Any,
) -> tuple[Any, ...] | None:
    """How well a node of that type serves what waits, None where not at all; the greatest is started.

    Ray's own order, but that a type that was refused within the last half hour comes behind all others, and that of
    types that are as good a spot node is taken.
    """
    _count_googles_refusals()
    fits = _default_utilization_scorer(
        node_resources, resources, node_type, node_availability_summary=node_availability_summary
    )
    if fits is None:
        return None
    spares_gpus, *rest = fits
    record = node_availability_summary.node_availabilities.get(node_type)
    return (spares_gpus, record is None or record.is_available, *rest, node_type.endswith(SPOT))


def telling_of_refusals(create_node: Callable[..., Any]) -> Callable[..., Any]:
    """A provider's way of starting nodes, whose failures are such as Ray counts."""

    @wraps(create_node)
    def create(*args: Any, **named: Any) -> Any:
        try:
            return create_node(*args, **named)
        except NodeLaunchException:
            raise
        except Exception as error:
            raise NodeLaunchException("refused", str(error), sys.exc_info()) from error

    return create


@cache
def _count_googles_refusals() -> None:
    """Amazon's provider says a refusal in the form that Ray counts; Google's is made to, where its client is."""
    try:
        from ray.autoscaler._private.gcp.node_provider import GCPNodeProvider
    except ImportError:
        return
    GCPNodeProvider.create_node = telling_of_refusals(GCPNodeProvider.create_node)
