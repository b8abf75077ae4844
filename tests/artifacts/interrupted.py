"""A sweep of one short trial, who stops it in the midst of that, and who sees what is trained when it goes on."""

from __future__ import annotations

from ferray.config.sweep import SweepSpec
from ferray.events import EpochReport, Listener

SPEC = SweepSpec.model_validate(
    {
        "name": "elsewhere",
        "dataset": {"demo": {"num_train": 56, "num_val": 28, "num_test": 14}},
        "objective": {"metric": "val/accuracy"},
        "budget": {"trials": 1},
        "sampler": "random",
        "pruner": "none",
        "base": {"image_size": 32, "augment": "none", "backbone": {"tiny_cnn": {"width": 4}}, "epochs": 3},
        "space": {"optimizer.lr": {"choice": [0.001, 0.01]}},
    }
)


class InterruptsOnce(Listener):
    """Presses Ctrl-C once the second epoch of the first trial has been shown."""

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        if (number, report.epoch) == (0, 2):
            raise KeyboardInterrupt


class Watcher(Listener):
    """Notes which epochs were trained while it looked on."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def epoch_recalled(self, number: int, report: EpochReport) -> None:
        """It was trained before."""

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        self.epochs.append(report.epoch)
