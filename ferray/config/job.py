"""`TrialJob`: all that a worker on any node needs to train one trial, small and picklable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferray.config.trial import TrialConfig


@dataclass(frozen=True)
class TrialJob:
    """One trial on its way to a worker.

    `config` is `TrialConfig.to_json()`, validated again where it arrives. `folder` is the trial's own, made by the
    trainer. `resume_from` names a `last.pt` of an earlier attempt at the same configuration, "" to start afresh (a
    `last.pt` in `folder` itself always wins), `resume_else` those of attempts before, should it be torn. `threads` is
    torch's on CPU and the number of augmentation threads.
    `accumulate` cuts each batch into so many pieces whose gradients are added up, where memory does not hold it whole.
    """

    number: int
    config: dict[str, Any]
    folder: str
    metric: str = "val/uar"
    mode: str = "max"
    data_root: str = "data"
    cache_dir: str = ""
    device: str = "auto"
    threads: int = 1
    resume_from: str = ""
    resume_else: tuple[str, ...] = ()
    accumulate: int = 1
    counts: str = "best"  # the epoch by which the trial counts, `best` or `last`
    init_from: str = ""  # the `best.pt` behind the configuration's `init_from`
    exclude: str = ""  # the list behind the configuration's `exclude`

    def trial_config(self) -> TrialConfig:
        """The configuration, checked."""
        return TrialConfig.model_validate(self.config)

    @property
    def path(self) -> Path:
        return Path(self.folder)
