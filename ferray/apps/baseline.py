"""A baseline from outside of a search: a trial of another sweep, or a search space with nothing left to search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ferray.apps.single_trial import single_trial
from ferray.config.exclusion import kept_list
from ferray.config.load import load_space
from ferray.config.place import Place, find_sweep
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.results.chosen import trial_called
from ferray.results.finalist_choice import Arm
from ferray.study.history import load_sweep

_JUDGED_BY = ("dataset", "limit_per_class", "folds")  # decide which images judge a recipe


def baseline_elsewhere(
    finalist: Arm, search: Place, lists: dict[str, str], listener: Listener
) -> Callable[[str], TrialConfig]:
    """What makes a configuration of `SWEEP:17`, `SWEEP:best` or a space, trained and judged on a finalist's data.

    `lists` is given the file behind its `exclude`; `listener` hears what of it gives way.
    """

    def configuration(said: str) -> TrialConfig:
        name, _, which = said.rpartition(":")
        if name and (which == "best" or which.isdecimal()):
            config = _of_trial(name, which, search, lists)
        else:
            config = _of_space(said, lists, listener)
        return _on_data_of(finalist, config, said, listener)

    return configuration


def _of_trial(name: str, which: str, search: Place, lists: dict[str, str]) -> TrialConfig:
    place = find_sweep(name, search.folder.parent)
    config = trial_called(load_sweep(place.folder), "best" if which == "best" else int(which)).trial_config()
    if config.exclude is not None:
        lists[config.exclude] = str(kept_list(place.folder, config.exclude))
    return config


def _of_space(said: str, lists: dict[str, str], listener: Listener) -> TrialConfig:
    spec, notes = load_space(said)
    spec, chosen = single_trial(spec)
    for key, value in chosen.items():
        listener.noted(f"note: `{key}` is searched in `{said}`, in the baseline it is `{value}`")
    for note in notes:
        listener.noted(f"note: {note}")
    lists.update(spec.lists)
    return spec.config(lambda name, _: chosen[name])


def _on_data_of(finalist: Arm, config: TrialConfig, said: str, listener: Listener) -> TrialConfig:
    """The configuration on the data set and splits of the finalist; ConfigError where it is of another data set."""
    own, theirs = config.to_json(), finalist.config
    wanted, (name,) = config.dataset.name, theirs["dataset"]
    if wanted != name:
        message = f"`--baseline {said}` is of the data set `{wanted}`, the finalists are of `{name}`"
        raise ConfigError(message, f"name a space or a trial over `{name}`")
    given_way = [key for key in _JUDGED_BY if own.get(key) != theirs.get(key)]
    if given_way:
        keys = ", ".join(f"`{key}`" for key in given_way)
        listener.warned(f"note: the baseline is trained and judged as the finalists are, not by its own {keys}")
    judged_alike: dict[str, Any] = {key: theirs.get(key) for key in _JUDGED_BY}
    return TrialConfig.model_validate({**own, **judged_alike})
