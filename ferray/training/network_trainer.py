"""`NetworkTrainer`: one trial, epoch by epoch, on whatever machine it is given."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

from torch import Tensor

from ferray.artifacts.address import file_at
from ferray.artifacts.claim import claim, record_init, refuse_other_config
from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.history import EpochLog
from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, write_validation_logits
from ferray.config.job import TrialJob
from ferray.errors import CheckpointError
from ferray.events import EpochReport
from ferray.models.transfer import load_initial
from ferray.training.assemble import Assembly, assemble
from ferray.training.backbone_features import keep_features
from ferray.training.best_checkpoint import BestCheckpoint
from ferray.training.best_epoch import is_best_epoch
from ferray.training.checkpoint import (
    SavePacer,
    copy_weights,
    expected_cost_s,
    read_checkpoint,
    refuse_misfit,
    taking_apart,
    write_checkpoint,
)
from ferray.training.early_stopping import stopping_note
from ferray.training.epoch import TrainedEpoch, end_joint_epoch, refuse_unknown_objective, run_epoch
from ferray.training.joint_epoch import JointEpoch
from ferray.training.process_state import give_memory_back
from ferray.training.shared_backbone import frozen_weights
from ferray.training.trainer import OnBatch
from ferray.training.training_set import class_counts_without


@dataclass(frozen=True)
class Best:
    """The best epoch so far by the objective, its weights on CPU, and what had become of the samples before it.

    `val_logits` (N, C), on CPU, are what it says to the validation images, `class_counts` those that it was trained on;
    each None after a checkpoint that lacks them.
    """

    report: EpochReport
    weights: dict[str, Tensor]
    removed_ids: list[int]
    val_logits: Tensor | None = None
    class_counts: tuple[int, ...] | None = None


class NetworkTrainer:
    """A trial that goes on where its own last.pt, or else the job's `resume_from`, left off.

    Building one raises any FerrayError that the job deserves. One thread at a time. `close`, or the end of a `with`
    statement, gives the memory back.
    """

    def __init__(self, job: TrialJob, on_batch: OnBatch | None = None) -> None:
        self.job = job
        self.epochs_done = 0
        self.epochs_saved = 0  # what last.pt holds; an interruption loses what lies between
        self._on_batch = on_batch
        self._best: Best | None = None
        self._is_between_epochs = True
        self._joint: JointEpoch | None = None
        self._trained_s = 0.0  # by this trainer
        self._ended = False
        self._artifacts = TrialArtifacts.at(job.folder)
        claim(self._artifacts, job.trial_config())
        self._log = EpochLog(self._artifacts)
        self._notes: list[str] = []  # for the first report
        self.init: dict[str, Any] | None = None  # what it started from, as init.json holds it
        self._assembly: Assembly | None = None
        self._go_on_or_start()
        self._assembly = keep_features(self.parts)  # the backbone has its weights now, wherever they come from
        record_init(self._artifacts, self.init)
        # By its own time: in a worker that several trials share, each pays for its saves alone.
        self._pacer = SavePacer(expected_cost_s(self._weights_to_save()), lambda: self._trained_s)

    def __enter__(self) -> NetworkTrainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def history(self) -> tuple[EpochReport, ...]:
        """Every epoch so far, those before a resume too."""
        return self._log.reports

    @property
    def best(self) -> EpochReport | None:
        """The best epoch so far by the objective, None before the first with a finite one."""
        return self._best.report if self._best else None

    def step(self) -> EpochReport:
        """Train and judge the next epoch, and record it in the folder."""
        assert not self._ended, "the trial has had its last epoch"
        self._is_between_epochs = False
        removed_ids, counts = list(self.parts.training.removed_ids), self.parts.training.strategy.counts.counts
        trained = self._trained_epoch()
        is_best = is_best_epoch(trained.report, self.best, self.job)
        report = replace(trained.report, is_best=is_best)
        if why := stopping_note(self.parts.config.early_stopping, [*self.history, report], self.job):
            report = replace(report, halted=True)
            self._notes.append(why)
        report = replace(report, note="; ".join(self._notes))
        self._notes = []
        if report.is_best:
            self._best = Best(report, self._copied_weights(), removed_ids, trained.val_logits.cpu(), counts)
        self.epochs_done = report.epoch
        self._trained_s += report.metrics["seconds"]
        self._ended = report.is_last
        self._is_between_epochs = True
        self._log.append(report)
        self._write_checkpoints()
        return report

    def upcoming(self) -> NetworkTrainer:
        """Itself: its next epoch is that of one network."""
        return self

    def expect(self, joint: JointEpoch) -> None:
        """Have the next step take this for its epoch, which was had with others; nothing has changed before it."""
        self._joint = joint

    def note(self, line: str) -> None:
        """Say this with the next report."""
        self._notes.append(line)

    def save(self) -> None:
        """Write last.pt now; an epoch that was interrupted halfway is not in it, the older last.pt stays then."""
        if self._ended or not self._is_between_epochs or not self.epochs_done:
            return
        started = time.monotonic()
        write_checkpoint(self._artifacts.last, "last", self._state())
        self._pacer.saved(time.monotonic() - started)
        self.epochs_saved = self.epochs_done

    def save_best(self) -> None:
        """Write the best weights so far, of a trial that ends early; a best.pt would say that it had its last epoch."""
        if self._best is not None and not self._ended:
            write_checkpoint(self._artifacts.best_so_far, "best", self._best_state(self._best))

    def discard(self) -> None:
        """Remove last.pt: a pruned trial does not go on."""
        self._artifacts.last.delete()

    def close(self) -> None:
        """Give the memory back; nothing can be asked of the trainer afterwards."""
        if self._assembly is None:
            return
        self._assembly.prefetcher.close()
        is_small = self._assembly.learner.takes_features  # a head: to look through the process for it costs more
        self._assembly = self._best = self._joint = None
        if not is_small:
            give_memory_back()

    @property
    def parts(self) -> Assembly:
        """What the training is made of."""
        assert self._assembly is not None, "the trainer is closed"
        return self._assembly

    def _weights_to_save(self) -> Iterator[Tensor]:
        """Of the network; those of a backbone that is never trained without a walk through its layers."""
        learner = self.parts.learner
        if not learner.takes_features:
            return learner.model.parameters()
        return chain(frozen_weights(learner.model.backbone).values(), learner.model.head.parameters())

    def _copied_weights(self) -> dict[str, Tensor]:
        """Those that are judged; of a backbone that is never trained they are copied once."""
        learner = self.parts.learner
        model = learner.judged.model
        if not learner.takes_features or learner.average is not None:
            return copy_weights(model.state_dict())
        return frozen_weights(model.backbone) | copy_weights(model.head.state_dict(prefix="head."))

    def _trained_epoch(self) -> TrainedEpoch:
        joint, self._joint = self._joint, None
        if joint is None:
            with self.parts.randomness.active():
                return run_epoch(self.parts, self.epochs_done + 1, self._on_batch)
        trained = end_joint_epoch(self.parts, self.epochs_done + 1, joint)
        if self._on_batch is not None:
            self._on_batch(1, 1)
        return trained

    def _write_checkpoints(self) -> None:
        if not self._ended:
            if self._pacer.is_due:
                self.save()
            return
        if self._best is not None:
            self._write_val_logits(self._best)
            write_checkpoint(self._artifacts.best, "best", self._best_state(self._best))
        self.discard()

    def _write_val_logits(self, best: Best) -> None:
        """Before best.pt, with which the trial is whole."""
        if best.val_logits is not None:
            val = self.parts.splits.val
            found = (best.report.epoch, val.classes, val.sample_ids, val.labels, best.val_logits.numpy())
            write_validation_logits(self._artifacts, ValidationLogits(*found))

    def _best_state(self, best: Best) -> dict[str, Any]:
        parts, report = self.parts, best.report
        return BestCheckpoint(
            config=parts.config,
            classes=parts.splits.val.classes,
            class_counts=best.class_counts or class_counts_without(parts.training.samples, best.removed_ids),
            image_size=parts.image_size,
            epoch=report.epoch,
            metrics=report.metrics,
            confusion=report.confusion,
            removed_ids=tuple(best.removed_ids),
            parts={
                "model": best.weights,
                "input_spec": asdict(parts.learner.model.input_spec),
                "pixels": parts.learner.preprocessing.to_json(),
                "init": self.init,
            },
        ).to_state()

    def _state(self) -> dict[str, Any]:
        parts = self.parts
        return {
            "config": parts.config.to_json(),
            "epoch": self.epochs_done,
            "learner": parts.learner.state_dict(),
            "removed_ids": parts.training.removed_ids,
            "corrected": parts.training.corrected,
            "outliers": parts.outliers.state_dict(),
            "rng": parts.randomness.state_dict(),
            "init": self.init,
            "history": self._log.lines,
            "best": {**vars(self._best), "report": self._best.report.to_json()} if self._best else None,
        }

    def _go_on_or_start(self) -> None:
        """Go on from the newest checkpoint that is whole; one that is not costs its epochs, and is named.

        The first is read before anything is assembled, as what is of another configuration is refused at once.
        """
        saved = self._saved()
        found = next(saved, None)
        while True:
            self._assembly = assemble(self.job)
            refuse_unknown_objective(self.job.metric, self.parts.splits.val)
            if found is None:
                self._notes += ["it starts from the beginning"] * bool(self._notes)
                return self._start()
            try:
                self._resume(*found)
            except CheckpointError as error:
                self._notes.append(error.message)
                self.parts.prefetcher.close()
                found = next(saved, None)
            else:
                self._notes += [f"it goes on after epoch {self.epochs_done}"] * bool(self._notes)
                return None

    def _saved(self) -> Iterator[tuple[ArtifactFile, dict[str, Any]]]:
        """The checkpoints that can be read, newest first."""
        for file in checkpoints_of(self.job):
            try:
                state = read_checkpoint(file, "last")
                with taking_apart(file):
                    refuse_other_config(file, state["config"], self.job.trial_config())
            except CheckpointError as error:
                self._notes.append(error.message)
            else:
                yield file, state

    def _start(self) -> None:
        """Begin with the weights of `init_from`, where there is one."""
        parts = self.parts
        if source := self.job.init_from or parts.config.init_from:
            classes = parts.splits.train.classes
            loaded = load_initial(parts.learner.model, file_at(source), config=parts.config, classes=classes)
            self.init = loaded.to_json()
            self._notes.append(loaded.said)
        self._artifacts.best.delete()  # of an end whose other half was torn
        self._log.restart([])

    def _resume(self, file: ArtifactFile, state: dict[str, Any]) -> None:
        """Take all of a checkpoint over; CheckpointError, and an assembly that is spoilt, where something is amiss."""
        parts = self.parts
        with taking_apart(file):
            epoch, lines, best = int(state["epoch"]), state["history"], state["best"]
            for line in lines:
                EpochReport.from_json(json.loads(line))
            removed_ids = frozenset(state["removed_ids"])
            if not removed_ids <= set(parts.training.samples.sample_ids.tolist()):
                raise CheckpointError("its checkpoint removed images that the training split does not hold any more")
            refuse_misfit(file, parts.learner.model, state["learner"]["model"])
            if parts.learner.average is not None:
                refuse_misfit(file, parts.learner.average.model, state["learner"]["average"]["model"])
            parts.learner.load_state_dict(state["learner"])
            parts.training.remove(removed_ids)
            parts.training.correct(state.get("corrected", {}))
            parts.outliers.load_state_dict(state["outliers"])
            parts.randomness.load_state_dict(state["rng"])
            kept = best and Best(**{**best, "report": EpochReport.from_json(best["report"])})
        if kept is not None:
            refuse_misfit(file, parts.learner.model, kept.weights)
        self._best, self.init = kept, state.get("init")
        self.epochs_done = self.epochs_saved = epoch
        self._log.restart(lines)


def checkpoints_of(job: TrialJob) -> list[ArtifactFile]:
    """Where a job may go on from, latest first: its own last.pt, its `resume_from`, those of earlier attempts."""
    own = TrialArtifacts.at(job.folder).last
    return [own] * own.exists() + [file_at(address) for address in (job.resume_from, *job.resume_else) if address]
