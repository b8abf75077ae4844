"""From a trial of the study to the job that a worker is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.data_root import data_root_words
from ferray.config.exclusion import kept_list
from ferray.config.job import TrialJob
from ferray.config.runtime import Runtime
from ferray.config.sweep import SweepSpec
from ferray.study.study import Study, Trial
from ferray.sweeps.shared_stages import SharedStages
from ferray.sweeps.warm_start import find_parent


@dataclass(frozen=True)
class TrialJobs:
    """What all trials of a sweep in `folder` have in common, for their jobs; on the driver's thread."""

    spec: SweepSpec
    runtime: Runtime
    study: Study
    folder: Path
    artifacts: SweepArtifacts
    stages: SharedStages

    def job(self, trial: Trial) -> TrialJob:
        """The job of a trial, which begins or goes on; whose weights it begins with is noted in its record."""
        runtime, objective = self.runtime, self.spec.objective
        latest, *older = self._where_to_resume(trial) or [""]
        return TrialJob(
            number=trial.number,
            config=trial.config.to_json(),
            folder=self.artifacts.trial(trial.folder).address,
            metric=objective.metric,
            mode=objective.mode,
            counts=objective.epoch,
            data_root=data_root_words(runtime.data_root.absolute()),
            cache_dir=str(runtime.cache_dir.absolute()),
            device=runtime.device,
            threads=runtime.cpus_per_trial,
            resume_from=latest,
            resume_else=tuple(older),
            init_from=self._parent_of(trial),
            exclude=str(kept_list(self.folder, trial.config.exclude) or ""),
            shared=self.artifacts.shared,
            attempts=self.stages.attempts(trial),
        )

    def _where_to_resume(self, trial: Trial) -> list[str]:
        """Checkpoints of earlier attempts, latest first, or a folder where the trial has folds."""
        earlier = [self.artifacts.trial(folder) for folder in trial.resume_folders]
        if trial.config.folds is not None:
            begun = [attempt for attempt in earlier if attempt.folds()]
            return [max(begun, key=TrialArtifacts.num_folds_ended).address] if begun else []
        # A best.pt alone: it had ended, and nobody was told.
        found = [(file, attempt) for attempt in earlier for file in (attempt.last, attempt.best) if file.exists()]
        return [str(file) for file, attempt in found if file == attempt.last or file == found[0][0]]

    def _parent_of(self, trial: Trial) -> str:
        """The weights that the trial's first stage begins with; "" where it begins with its own."""
        known = None
        if trial.config.init_from is not None:
            known = find_parent(trial.config.init_from, self.folder.parent, self.runtime.storage)
        if parent := self.stages.parent(trial) or known:
            self.study.remember_parent(trial.number, parent.to_json())
        return str(known.file) if known is not None else ""
