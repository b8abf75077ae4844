"""`WeightAverage`: the exponential moving average of a network's weights, which is judged in their place."""

from __future__ import annotations

from typing import Any

from ferray.config.ema import EmaConfig
from ferray.models.model import FerModel


class WeightAverage:
    """timm's `ModelEmaV3` of a network, buffers such as BatchNorm's statistics included, and the steps it has seen.

    The first step, and each up to `update_after_step`, copies the weights, so what they were at first does not count.
    Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
    """

    def __init__(self, config: EmaConfig, model: FerModel) -> None:
        from timm.utils import ModelEmaV3  # seconds, for those alone that average

        self._average = ModelEmaV3(
            model,
            decay=config.decay,
            use_warmup=config.warmup,
            warmup_gamma=config.warmup_gamma,
            warmup_power=config.warmup_power,
            update_after_step=config.update_after_step,
        )
        self._steps = 0

    @property
    def model(self) -> FerModel:
        """The averaged network, in eval mode on the device of the other."""
        model: FerModel = self._average.module
        return model

    def update(self, model: FerModel) -> None:
        """Take in the weights after a step."""
        self._steps += 1
        self._average.update(model, step=self._steps)

    def state_dict(self) -> dict[str, Any]:
        """Averages and steps, all that the next update depends on."""
        return {"model": self.model.state_dict(), "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the average that the state was taken of; RuntimeError for one of another network."""
        self.model.load_state_dict(state["model"])
        self._steps = int(state["steps"])
