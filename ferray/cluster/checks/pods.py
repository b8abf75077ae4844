"""What Kubernetes refuses of a pod, or never starts, though its schema takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ferray.cluster.checks.schema_problems import Problem, dotted, offer

Path = tuple[str | int, ...]
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?[0-9]+)?")
_FACTOR = {"m": 1e-3, "": 1.0} | {
    **{sign: 1000.0**power for power, sign in enumerate("kMGTPE", start=1)},
    **{f"{sign}i": 1024.0**power for power, sign in enumerate("KMGTPE", start=1)},
}


def pods_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every pod's specification in a manifest: a mapping that has `containers`."""
    if isinstance(value, dict):
        if isinstance(value.get("containers"), list):
            yield path, value
        for name, inner in value.items():
            yield from pods_of(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from pods_of(inner, (*path, index))


def containers_of(path: Path, pod: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The containers of a pod, those that run first included."""
    for group in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(group) or ()):
            if isinstance(container, dict):
                yield (*path, group, index), container


def claimed_volumes(value: Any) -> list[str]:
    """The volumes that a StatefulSet claims for each of its pods."""
    spec = value.get("spec") if isinstance(value, dict) else None
    claims = spec.get("volumeClaimTemplates") if isinstance(spec, dict) else None
    names = [(claim.get("metadata") or {}).get("name") for claim in claims or () if isinstance(claim, dict)]
    return [name for name in names if isinstance(name, str)]


def pod_problems(path: Path, pod: dict[str, Any], claimed: Sequence[str] = ()) -> Iterator[Problem]:
    """Mounts of volumes that there are not, quantities that are none, and requests beyond their limits."""
    volumes = [volume.get("name") for volume in pod.get("volumes") or () if isinstance(volume, dict)]
    volumes.extend(claimed)
    for place, container in containers_of(path, pod):
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            name = mount.get("name") if isinstance(mount, dict) else None
            if name not in volumes:
                message = f"no volume of the pod is called `{name}`{offer(name, map(str, volumes))}"
                yield (*place, "volumeMounts", index), message
        yield from _resource_problems((*place, "resources"), container.get("resources") or {})


def _resource_problems(path: Path, resources: dict[str, Any]) -> Iterator[Problem]:
    limits = resources.get("limits") or {}
    for group in ("requests", "limits"):
        for name, quantity in (resources.get(group) or {}).items():
            if amount(quantity) is None:
                place = (*path, group, name)
                yield place, f"`{dotted(place)}`: `{quantity}` is no quantity such as `4`, `500m` or `16Gi`"
    for name, quantity in (resources.get("requests") or {}).items():
        asked, most = amount(quantity), amount(limits.get(name))
        if asked is not None and most is not None and asked > most:
            yield (*path, "requests", name), f"`{name}`: `{quantity}` is requested and `{limits[name]}` is the limit"


def amount(quantity: Any) -> float | None:
    """A quantity of Kubernetes as a number, None where it is none."""
    found = _QUANTITY.fullmatch(str(quantity)) if isinstance(quantity, (str, int, float)) else None
    if found is None:
        return None
    number, unit = found[1], found[2] or ""
    return float(number) * _FACTOR[unit] if unit in _FACTOR else float(number + unit)
