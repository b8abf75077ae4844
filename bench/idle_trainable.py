"""A worker as `ferray/launch/_trainable.py` has it, but for the training: it imports Ray and nothing else of weight."""

from __future__ import annotations

import json
from typing import Any

from ray import tune


class Idle(tune.Trainable):  # type: ignore[misc]  # ray is untyped here
    """Bundles of one trial whose epochs take no time."""

    def setup(self, config: dict[str, Any]) -> None:
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        (self._job,) = json.loads(new_config["bundle"])
        self._epoch = 0
        return True

    def step(self) -> dict[str, Any]:
        self._epoch += 1
        metrics = {"val/uar": 0.5, "val/accuracy": 0.5, "val/loss": 1.0, "seconds": 0.001, "images_per_s": 1000.0}
        report = {"epoch": self._epoch, "epochs": self._job["config"]["epochs"], "metrics": metrics}
        shape = {"confusion": [[1]], "classes": ["Happy"], "num_train": 1, "is_best": True}
        results = json.dumps([[self._job["number"], "report", report | shape]])
        return {"results": results, "worn_out": False, "node": ""}
