"""What `ferray train` says of a training at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferray.cli.terminal.output import print_json, show

if TYPE_CHECKING:
    from ferray.apps.train import TrainedTrial


def print_trained(trained: TrainedTrial, *, json: bool) -> None:
    """Write what was measured to stdout."""
    if json:
        print_json(trained.to_json())
        return
    show(_sentence(trained))
    for checkpoint in trained.checkpoints:
        show(f"checkpoint: {checkpoint}")


def _sentence(trained: TrainedTrial) -> str:
    best, interval, folds = trained.best, trained.interval, len(trained.counting)
    subject = f"best epoch {best.epoch}" if folds == 1 else f"mean of {folds} folds, each at its best epoch"
    reach = f", 95 % {interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
    return (
        f"{subject}: validation accuracy {best.metrics['val/accuracy']:.3f} (n = {best.num_val}{reach}), "
        f"UAR {best.metrics['val/uar']:.3f}, macro-F1 {best.metrics['val/macro_f1']:.3f}"
    )
