"""`StagedTrainer`: a trial in stages, each trained from the best weights of the one before."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import replace

from ferray.artifacts.claim import claim, refuse_other_config
from ferray.artifacts.history import EpochLog, read_history
from ferray.artifacts.trial import TrialArtifacts, stage_folder
from ferray.config.job import TrialJob
from ferray.errors import CheckpointError, ConfigError
from ferray.events import EpochReport
from ferray.files.os_errors import reading
from ferray.models.weights import check_sizes
from ferray.training.joint_epoch import NetworkTraining
from ferray.training.network_trainer import NetworkTrainer, checkpoints_of
from ferray.training.trainer import OnBatch, OpenTrainer, Trainer


class StagedTrainer:
    """The last stage of a trial, before it whatever stages are not trained yet. Acts are those of `NetworkTrainer`.

    The stage before the last is a trial of its own, perhaps with stages before it: `open_stage` opens its trainer, in a
    folder inside this trial's. Once it has ended it lies where the trials of a sweep share it, and whoever finds it
    there begins with its weights. Nobody else trains it meanwhile: that is its driver's care. Its epochs are reported
    as those of a `stage`, and kept with it; the history here is that of the last stage alone.
    """

    def __init__(self, job: TrialJob, open_stage: OpenTrainer, on_batch: OnBatch | None = None) -> None:
        config = job.trial_config()
        before = config.stage_before
        if before is None:
            raise ConfigError("the trial has no stages", "set `stages`")
        self.job = job
        self._before = before
        self._number, self._epochs = config.num_stages - 1, config.epochs
        self._open_stage = open_stage
        self._on_batch = on_batch
        self._artifacts = TrialArtifacts.at(job.folder)
        claim(self._artifacts, config)
        self._name = stage_folder(before)
        self._shared = TrialArtifacts.at(f"{job.shared or shared_in(self._artifacts)}/{self._name}")
        self._earlier: Trainer | None = None
        self._own: Trainer | None = None
        self._begin()

    def __enter__(self) -> StagedTrainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def history(self) -> tuple[EpochReport, ...]:
        """Every epoch of the last stage so far."""
        return self._own.history if self._own else ()

    @property
    def best(self) -> EpochReport | None:
        """The best epoch of the last stage so far."""
        return self._own.best if self._own else None

    @property
    def epochs_done(self) -> int:
        """Of the last stage."""
        return self._own.epochs_done if self._own else 0

    @property
    def epochs_saved(self) -> int:
        """Of the last stage."""
        return self._own.epochs_saved if self._own else 0

    def step(self) -> EpochReport:
        """The next epoch: of the last stage, or of one before it as long as that is not over."""
        if self._earlier is not None:
            return self._step_before(self._earlier)
        if self._own is None and not self._shared.best.exists():
            return self._diverged()
        self._own = self._own or self._open_own()
        return self._own.step()

    def upcoming(self) -> NetworkTraining | None:
        """The training whose epoch is next: of the stage at hand, which is opened for it."""
        if self._earlier is not None:
            return self._earlier.upcoming()
        if self._own is None and not self._shared.best.exists():
            return None
        self._own = self._own or self._open_own()
        return self._own.upcoming()

    def save(self) -> None:
        """Write last.pt of the stage at hand."""
        for trainer in filter(None, (self._earlier, self._own)):
            trainer.save()

    def save_best(self) -> None:
        """Write the best weights so far of the last stage; one before it has scored nothing of the trial's."""
        if self._own is not None:
            self._own.save_best()

    def discard(self) -> None:
        """Remove last.pt of the last stage."""
        if self._own is not None:
            self._own.discard()

    def close(self) -> None:
        """Give the memory back."""
        for trainer in filter(None, (self._earlier, self._own)):
            trainer.close()
        self._earlier = None

    def _begin(self) -> None:
        """Go on with the last stage where it has begun or can begin, else with the one before it."""
        if self._is_over:
            refuse_other_config(self._shared.config, json.loads(self._shared.config.read_bytes()), self._before)
        elif ended := self._ended_attempt():
            self._share(ended)
        if self._shared.best.exists() or checkpoints_of(self.job):
            self._own = self._open_own()
        elif not self._is_over:
            self._earlier = self._open_stage(self._job_before(), self._on_batch)

    @property
    def _is_over(self) -> bool:
        """Whether the stage before lies where it is shared: with its weights, or with word that it diverged."""
        return self._shared.best.exists() or self._shared.error.exists()

    def _open_own(self) -> Trainer:
        self._refuse_torn_stage()
        init_from = str(self._shared.best) if self._shared.best.exists() else self.job.init_from
        return NetworkTrainer(replace(self.job, init_from=init_from), self._on_batch)

    def _refuse_torn_stage(self) -> None:
        """CheckpointError where the stage before lies there torn, and is to be begun with."""
        file = self._shared.best
        if not file.exists() or checkpoints_of(self.job):
            return
        try:
            with reading(file, CheckpointError), file.open("rb") as stream:
                check_sizes(stream)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            message = f"the stage before cannot be begun with, as `{file}` is torn: delete it to have it trained again"
            raise CheckpointError(message, "nothing else of the stage has to go") from error

    def _job_before(self) -> TrialJob:
        attempts = [TrialArtifacts.at(f"{attempt}/{self._name}") for attempt in self.job.attempts]
        latest, *older = [str(attempt.last) for attempt in attempts if attempt.last.exists()] or [""]
        return replace(
            self.job,
            config=self._before.to_json(),
            folder=self._own_stage.address,
            resume_from=latest,
            resume_else=tuple(older),
            shared=self.job.shared or shared_in(self._artifacts),
            attempts=tuple(attempt.address for attempt in attempts),
        )

    @property
    def _own_stage(self) -> TrialArtifacts:
        return TrialArtifacts(self._artifacts.files.below(self._name))

    def _ended_attempt(self) -> TrialArtifacts | None:
        """An attempt at the stage before that had its last epoch, and was killed before it was shared."""
        attempts = [self._own_stage, *(TrialArtifacts.at(f"{attempt}/{self._name}") for attempt in self.job.attempts)]
        return next((attempt for attempt in attempts if attempt.best.exists() and not attempt.last.exists()), None)

    def _step_before(self, trainer: Trainer) -> EpochReport:
        report = trainer.step()
        if report.is_last:
            trainer.close()
            self._earlier = None
            self._share(self._own_stage)
        return replace(report, stage=report.stage or self._number, stages=self._number + 1, outliers=None)

    def _share(self, ended: TrialArtifacts) -> None:
        """Put a stage that has ended where other trials find it; its weights last, or word that there are none."""
        self._shared.make()
        self._shared.trained_by.write_text(f"{self.job.number}\n", durable=False)
        self._shared.take_over(ended)
        if not ended.best.exists():
            self._shared.record_error("no epoch of this stage had a finite objective\n")
        ended.files.clear()

    def _diverged(self) -> EpochReport:
        """The one epoch of a trial whose stage before left no weights to begin with."""
        last = read_history(self._shared)[-1]
        log = EpochLog(self._artifacts)
        log.restart([])
        report = replace(
            last,
            epoch=1,
            epochs=self._epochs,
            metrics=dict.fromkeys(last.metrics, math.nan),
            diverged=True,
            halted=False,
            outliers=None,
            note=f"stage {self._number} diverged and left no weights, so the trial ends",
        )
        log.append(report)
        return report


def shared_in(artifacts: TrialArtifacts) -> str:
    """Where a trial alone keeps the stages that its folds share."""
    return artifacts.files.below("shared").address
