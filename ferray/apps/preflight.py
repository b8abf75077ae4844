"""The check before a sweep or a training, told step by step, with a first word before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ferray.config.data_root import data_root_words
from ferray.config.output_address import sweep_address

if TYPE_CHECKING:
    from ferray.config.runtime import Runtime
    from ferray.config.sweep import SweepSpec
    from ferray.data.summary import DataSummary
    from ferray.events import Listener
    from ferray.sweeps.check import Checked, Chosen


def checked_sweep(
    spec: SweepSpec,
    runtime: Runtime,
    *,
    space: str,
    folder: Path,
    listener: Listener,
    chosen: Chosen | None = None,
) -> Checked:
    """What the check learnt; says what is checked and where it lies, what each data set holds, and every warning.

    `chosen` gets the launcher as soon as it has granted what trials need.
    """
    data, results = data_root_words(runtime.data_root), sweep_address(folder) or folder
    listener.noted(f"checking `{spec.name}`: space `{space}`, data root `{data}`, results in `{results}`")
    try:
        listener.progressed("importing what the check asks", 0, 0)
        return run_check(spec, runtime, listener, partial(_say_data, listener, set()), chosen)
    except KeyboardInterrupt:
        listener.warned("interrupted during the check: no trial was started")
        raise


def run_check(
    spec: SweepSpec,
    runtime: Runtime,
    listener: Listener,
    found: Callable[[DataSummary], None] | None = None,
    chosen: Chosen | None = None,
) -> Checked:
    """What the check learnt; says each step as it begins, and every warning."""
    try:
        from ferray.config.fusing import together_line
        from ferray.data.recent import look_again
        from ferray.sweeps.check import check_sweep

        look_again()
        checked = check_sweep(spec, runtime, progress=listener.progressed, found=found, chosen=chosen)
    finally:
        listener.progressed("", 0, 0)
    if checked.sharing is not None:
        listener.noted(f"GPUs: {checked.sharing.packing}")
    together = checked.place.trials_per_worker
    if line := together_line(checked.configs, runtime, spec, together=together):
        listener.noted(f"workers: {line}")
    for warning in checked.warnings:
        listener.warned(f"warning: {warning}")
    return checked


def _say_data(listener: Listener, said: set[str], summary: DataSummary) -> None:
    """The one line of a data set, and what else should be known of it, unless the same was `said` of another fold."""
    listener.noted(f"data: {summary.line()}")
    for note in summary.notes():
        if note not in said:
            listener.noted(f"note: {note}")
            said.add(note)
