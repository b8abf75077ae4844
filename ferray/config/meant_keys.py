"""The keys that are meant by what is none: another tool's word, a slip, a parameter without its component's place."""

from __future__ import annotations

from collections.abc import Iterable

from ferray.config.synonyms import meant_key
from ferray.config.trial import COMPONENT_FIELDS, TrialConfig, group_keys
from ferray.errors import did_you_mean, nearest
from ferray.registry import ROOMS

MOST_OFFERED = 3  # more are a list to read, and no offer
LEAST_OF_SLIP = 7  # letters: `betas` alone is no slip of `imbalance.beta`
_FIELDS = (*COMPONENT_FIELDS, "sampler", "pruner")  # each is called as its room


def key_hint(key: str) -> str:
    """The hint for what is no key of a trial: the few keys that may be meant, or all names there are in its place."""
    meant = meant_keys(key)
    if meant:
        return f"did you mean {' or '.join(f'`{one}`' for one in meant)}?"
    field, *rest = key.split(".")
    inner = group_keys(field)
    return did_you_mean(rest[0], inner) if rest and inner else did_you_mean(field, TrialConfig.model_fields)


def meant_keys(key: str) -> list[str]:
    """The whole keys that `key` may stand for; none where they are too many. Imports components, which takes seconds.

    `backbone.timm.weights` for `weights` and `timm.weights`, `optimizer.lr` for `LR` and `optimizer.learning_rate`.
    """
    first, *rest = key.split(".")
    found = _of_word(first) if not rest else _inside(_field_of(first), rest) or _of_component(first, rest)
    return found if len(found) <= MOST_OFFERED else []


def component_fields(name: str) -> list[str]:
    """The fields of which a component is called `name`: `imbalance` for `focal`."""
    return [field for field in _FIELDS if name in ROOMS[field].names()]


def inner_key(field: str, word: str, known: Iterable[str]) -> str:
    """The one of the `known` keys of a group that `word` is a slip of or another name for, whole; "" for none."""
    names = tuple(known)
    slip = nearest(word, names)
    if slip:
        return f"{field}.{slip}"
    meant = meant_key(word)
    return meant if meant.startswith(f"{field}.") else ""


def _of_word(word: str) -> list[str]:
    slip = nearest(word, TrialConfig.model_fields)
    if slip:
        return [slip]
    places = _places(word.lower()) or [key for key in (meant_key(word),) if key]
    if places or len(word) < LEAST_OF_SLIP:
        return places
    parameters = {parameter for field in _FIELDS for name in ROOMS[field].names() for parameter in _of(field, name)}
    return _places(nearest(word, sorted(parameters)))


def _places(parameter: str) -> list[str]:
    """Every group and every component that has a key of this name."""
    groups = [f"{field}.{parameter}" for field in TrialConfig.model_fields if parameter in group_keys(field)]
    return groups + [place for field in _FIELDS for place in _places_in(field, parameter)]


def _places_in(field: str, parameter: str) -> list[str]:
    """A component's parameter: that of whichever the trial has, where several of them have it."""
    owners = [name for name in ROOMS[field].names() if parameter in _of(field, name)]
    return [f"{field}.{owners[0]}.{parameter}"] if len(owners) == 1 else [f"{field}.{parameter}"] if owners else []


def _field_of(word: str) -> str:
    return nearest(word, (*TrialConfig.model_fields, *_FIELDS)) or meant_key(word)


def _inside(field: str, rest: list[str]) -> list[str]:
    """What lies in a field of a trial under names that are nearly `rest`."""
    if field not in _FIELDS:
        inner = inner_key(field, rest[0], group_keys(field)) if field and len(rest) == 1 else ""
        return [inner] if inner else []
    component = nearest(rest[0], ROOMS[field].names())
    if len(rest) == 2 and component:
        parameter = nearest(rest[1], _of(field, component))
        return [f"{field}.{component}.{parameter}"] if parameter else []
    if len(rest) > 1:
        return []
    parameters = sorted({parameter for name in ROOMS[field].names() for parameter in _of(field, name)})
    return _places_in(field, nearest(rest[0], parameters)) or ([f"{field}.{component}"] if component else [])


def _of_component(name: str, rest: list[str]) -> list[str]:
    """Parameters of components called `name`, in any field."""
    plain = name.lower().replace("-", "_")
    fields = component_fields(plain) if len(rest) == 1 else []
    slips = {field: nearest(rest[0], _of(field, plain)) for field in fields}
    return [f"{field}.{plain}.{parameter}" for field, parameter in slips.items() if parameter]


def _of(field: str, name: str) -> tuple[str, ...]:
    return tuple(ROOMS[field].params(name).model_fields)
