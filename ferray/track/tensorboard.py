"""TensorBoard: one log folder a trial under `tensorboard/` in the sweep's folder."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ferray.config.option_names import OptionNames, told_params
from ferray.config.readable import params_line
from ferray.errors import ConfigError
from ferray.events import EpochReport, OutlierReport, SweepStarted, TrialEnded, TrialStarted
from ferray.text.commands import install_extra
from ferray.track import Tracker

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard(Tracker):
    """Scalars of every epoch and outlier histograms for TensorBoard, one folder a trial; needs the `tensorboard` extra.

    ConfigError at once when TensorBoard is not installed. Event files are written by TensorBoard's own threads.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if find_spec("tensorboard") is None:
            raise ConfigError(
                "tracker `tensorboard` needs the package `tensorboard`", f"`{install_extra('tensorboard')}`"
            )
        self._writers: dict[int, SummaryWriter] = {}
        self._names: OptionNames = {}

    def sweep_started(self, sweep: SweepStarted) -> None:
        self._names = sweep.names

    def trial_started(self, trial: TrialStarted) -> None:
        # Imported here: torch in the driver costs seconds that only this tracker's users should pay.
        from torch.utils.tensorboard import SummaryWriter

        place = self.folder / "tensorboard" / f"{trial.number:04d}-{trial.recipe}"
        writer = SummaryWriter(log_dir=str(place), purge_step=1)
        writer.add_text("params", params_line(told_params(trial.params, self._names)), global_step=0)
        self._writers[trial.number] = writer

    def epoch_ended(self, number: int, report: EpochReport) -> None:
        writer = self._writers.get(number)
        if writer is None:
            return
        for name, value in report.metrics.items():
            writer.add_scalar(name, value, global_step=report.epoch)
        if report.outliers is not None:
            _write_outliers(writer, report.outliers)

    def trial_ended(self, trial: TrialEnded) -> None:
        writer = self._writers.pop(trial.number, None)
        if writer is None:
            return
        writer.add_text("state", f"{trial.outcome.kind} {trial.outcome.message}".strip(), global_step=0)
        if trial.value is not None:
            writer.add_scalar("best/value", trial.value, global_step=trial.best.epoch if trial.best else 0)
        writer.close()

    def close(self) -> None:
        while self._writers:
            self._writers.popitem()[1].close()


def _write_outliers(writer: SummaryWriter, outliers: OutlierReport) -> None:
    writer.add_scalar("outliers/variance", outliers.variance, global_step=outliers.epoch)
    writer.add_scalar("outliers/num_kept", outliers.num_kept, global_step=outliers.epoch)
    writer.add_scalar("outliers/num_removed", len(outliers.removed), global_step=outliers.epoch)
    named = {"outliers/loss_before": outliers.histogram, "outliers/loss_after": outliers.histogram_after}
    for name, counts in named.items():
        if counts:
            _write_histogram(writer, name, outliers, counts)


def _write_histogram(writer: SummaryWriter, name: str, outliers: OutlierReport, counts: tuple[int, ...]) -> None:
    """Counts between the report's bin edges; the sums that TensorBoard asks for are those of the bins' middles."""
    edges = outliers.bin_edges
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    writer.add_histogram_raw(
        name,
        min=edges[0],
        max=edges[-1],
        num=sum(counts),
        sum=sum(count * middle for count, middle in zip(counts, middles, strict=True)),
        sum_squares=sum(count * middle**2 for count, middle in zip(counts, middles, strict=True)),
        bucket_limits=list(edges[1:]),
        bucket_counts=list(counts),
        global_step=outliers.epoch,
    )
