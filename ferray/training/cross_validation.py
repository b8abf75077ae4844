"""`CrossValidationTrainer`: the folds of a cross-validated trial, one training after another."""

from __future__ import annotations

import json
from dataclasses import replace

from ferray.artifacts.claim import claim
from ferray.artifacts.history import EpochLog, history_line, read_lines
from ferray.artifacts.trial import TrialArtifacts
from ferray.config.job import TrialJob
from ferray.errors import CheckpointError, ConfigError
from ferray.events import EpochReport, best_epochs, pooled
from ferray.training.joint_epoch import NetworkTraining
from ferray.training.stages import shared_in
from ferray.training.trainer import OnBatch, OpenTrainer, Trainer


class CrossValidationTrainer:
    """The folds of a trial as one training, each with artifacts of its own: `fold-0`, `fold-1`, ...

    Epochs count through: the third epoch of fold 1 of folds of 10 epochs is epoch 13. A fold that its outlier rule
    halts ends with the number of the epoch it would have ended with. Acts are those of `NetworkTrainer`; `open_fold`
    opens the trainer of one fold.
    """

    def __init__(self, job: TrialJob, open_fold: OpenTrainer, on_batch: OnBatch | None = None) -> None:
        config = job.trial_config()
        if config.folds is None:
            raise ConfigError("the trial has no folds", "set `folds`")
        self.job = job
        self._open_fold = open_fold
        self._on_batch = on_batch
        self._configs = [config.in_fold(fold) for fold in range(config.num_folds)]
        self._epochs = config.epochs
        self._artifacts = TrialArtifacts.at(job.folder)
        claim(self._artifacts, config)
        self._log = EpochLog(self._artifacts)
        self._fold = 0
        self._trainer: Trainer | None = None
        self._untold: EpochReport | None = None
        self._note = ""  # for the first report
        self._resume()

    def __enter__(self) -> CrossValidationTrainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def history(self) -> tuple[EpochReport, ...]:
        """Every epoch of every fold so far."""
        return self._log.reports

    @property
    def best(self) -> EpochReport | None:
        """What the folds say together, each by its epoch that counts; None before the first."""
        best = best_epochs(self.history)
        return pooled(best) if best else None

    @property
    def epochs_done(self) -> int:
        """Epochs counted through all folds."""
        return self._fold * self._epochs + (self._trainer.epochs_done if self._trainer else 0)

    @property
    def epochs_saved(self) -> int:
        """What the folder holds; an interruption loses what lies between."""
        return self._fold * self._epochs + (self._trainer.epochs_saved if self._trainer else 0)

    def step(self) -> EpochReport:
        """The next epoch of the fold at hand, or the first of the next fold."""
        if self._untold is not None:  # all folds had ended when the driver died
            report, self._untold = self._untold, None
        else:
            report = self._next_epoch()
        if report.stage:
            return report
        report, self._note = replace(report, note="; ".join(filter(None, (self._note, report.note)))), ""
        self._log.append(report)
        return report

    def upcoming(self) -> NetworkTraining | None:
        """The training whose epoch is next: of the fold at hand, which is opened for it."""
        return None if self._untold is not None else self._at_hand().upcoming()

    def save(self) -> None:
        """Write last.pt of the fold at hand; those before it lie there whole."""
        if self._trainer is not None:
            self._trainer.save()

    def save_best(self) -> None:
        """Nothing: folds that have ended have left their weights, and the one at hand is no whole measurement."""

    def discard(self) -> None:
        """Remove last.pt of the fold at hand."""
        if self._trainer is not None:
            self._trainer.discard()

    def close(self) -> None:
        """Give the memory back."""
        if self._trainer is not None:
            self._trainer.close()
            self._trainer = None

    def _next_epoch(self) -> EpochReport:
        of_fold = self._at_hand().step()
        if of_fold.stage:
            return replace(of_fold, fold=self._fold)
        report = self._through_all_folds(of_fold, self._fold)
        if of_fold.is_last:
            self.close()
            self._fold += 1
        return report

    def _at_hand(self) -> Trainer:
        if self._trainer is None:
            self._trainer = self._open_fold(self._fold_job(self._fold, ""), self._on_batch)
        return self._trainer

    def _through_all_folds(self, report: EpochReport, fold: int) -> EpochReport:
        epoch = self._epochs if report.halted else report.epoch
        return replace(
            report,
            epoch=fold * self._epochs + epoch,
            epochs=len(self._configs) * self._epochs,
            halted=False,
            fold=fold,
            folds=len(self._configs),
        )

    def _fold_job(self, fold: int, resume_from: str) -> TrialJob:
        address, config = self._artifacts.fold(fold).address, self._configs[fold].to_json()
        return replace(
            self.job,
            config=config,
            folder=address,
            resume_from=resume_from,
            resume_else=(),
            shared=self.job.shared or shared_in(self._artifacts),
            attempts=tuple(TrialArtifacts.at(attempt).fold(fold).address for attempt in self.job.attempts),
        )

    def _resume(self) -> None:
        """Take over the folds that have ended here or in an earlier attempt, and go on with the next."""
        source = self._attempt()
        reports: list[EpochReport] = []
        while self._fold < len(self._configs) and (finished := self._reports_of(source.fold(self._fold))):
            self._take_over(source.fold(self._fold))
            reports += finished
            self._fold += 1
        if self._fold == len(self._configs):
            self._untold = reports.pop()
        elif (last := source.fold(self._fold).last).exists():
            self._trainer = self._open_fold(self._fold_job(self._fold, str(last)), self._on_batch)
            reports += [self._through_all_folds(report, self._fold) for report in self._trainer.history]
        self._log.restart([history_line(report) for report in reports])

    def _attempt(self) -> TrialArtifacts:
        """Where folds lie to go on from: here, or else in an earlier attempt, if there is one."""
        first = self._artifacts.fold(0)
        if not self.job.resume_from or first.best.exists() or first.last.exists():
            return self._artifacts
        return TrialArtifacts.at(self.job.resume_from)

    def _take_over(self, ended: TrialArtifacts) -> None:
        own = self._artifacts.fold(self._fold)
        if own != ended:
            own.take_over(ended)

    def _reports_of(self, fold: TrialArtifacts) -> list[EpochReport]:
        """The epochs of the next fold, where it has ended; none where it has to be trained, perhaps again."""
        if not fold.best.exists():
            return []
        try:
            lines = read_lines(fold)
        except CheckpointError as error:
            self._note = f"{error.message}; fold {self._fold} is trained again"
            return []
        return [self._through_all_folds(EpochReport.from_json(json.loads(line)), self._fold) for line in lines]
