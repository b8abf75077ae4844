"""A sampler that knows trials of an earlier sweep."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from ferray.study.samplers._shown import Shown
from ferray.study.samplers._window import window


class Informed(Shown):
    """Another sampler that sees, before the trials of a study, the `known` ones, whose numbers are below 0.

    They are older than any trial of the study, so that TPE lets them weigh less the more of its own there are.
    """

    def __init__(self, inner: BaseSampler, known: Sequence[FrozenTrial]) -> None:
        super().__init__(inner)
        self._known = list(known)

    @property
    def num_known(self) -> int:
        """How many trials it knows beside those of the study."""
        return len(self._known)

    def shown(self, study: Study) -> Study:
        return window(study, [*self._known, *Study.get_trials(study, deepcopy=False)])
