"""`TrialArtifacts`: the one place that knows what the files of a trial are called and where they lie."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from ferray.artifacts.address import file_at, file_system_at
from ferray.artifacts.file_system import ArtifactFile, FileSystem
from ferray.config.trial import TrialConfig
from ferray.errors import StorageError
from ferray.files.os_errors import writing

LAST_CHECKPOINT = "last.pt"
BEST_CHECKPOINT = "best.pt"
_FOLD = "fold-"
STAGE = "stage-"


@dataclass(frozen=True)
class TrialArtifacts:
    """What one trial leaves behind, or one fold of it, which has all of it at an address of its own.

    Properties are files, there or not. Every process that has the address sees the same.
    """

    files: FileSystem

    @classmethod
    def at(cls, address: str) -> TrialArtifacts:
        """Those at an address, such as `TrialJob.folder`."""
        return cls(file_system_at(address))

    @classmethod
    def around(cls, checkpoint: str) -> TrialArtifacts:
        """Those of the trial that the checkpoint at this address belongs to."""
        return cls(file_at(checkpoint).files)

    @property
    def address(self) -> str:
        """By which another process finds them."""
        return self.files.address

    @property
    def config(self) -> ArtifactFile:
        """The configuration, as `TrialConfig.to_json` has it."""
        return self._file("config.json")

    @property
    def history(self) -> ArtifactFile:
        """An epoch a line; see `ferray.artifacts.history`."""
        return self._file("history.jsonl")

    @property
    def removed(self) -> ArtifactFile:
        """What outlier removal dropped, a sample a line of csv."""
        return self._file("removed.csv")

    @property
    def init(self) -> ArtifactFile:
        """What the trial began with, where that is other weights than its own."""
        return self._file("init.json")

    @property
    def last(self) -> ArtifactFile:
        """All that it takes to go on after the last epoch that was saved; gone once the trial has ended."""
        return self._file(LAST_CHECKPOINT)

    @property
    def best(self) -> ArtifactFile:
        """The weights of the best epoch; its presence says that the training has had its last epoch."""
        return self._file(BEST_CHECKPOINT)

    @property
    def best_so_far(self) -> ArtifactFile:
        """The weights of the best epoch of a trial that was pruned while it led."""
        return self._file("best-so-far.pt")

    @property
    def validation_logits(self) -> ArtifactFile:
        """What the best epoch says to each validation image; see `ferray.artifacts.validation_logits`."""
        return self._file("val-logits.safetensors")

    @property
    def calibration(self) -> ArtifactFile:
        """The temperature that its logits are to be divided by; see `ferray.artifacts.calibration`."""
        return self._file("calibration.json")

    @property
    def ensemble(self) -> ArtifactFile:
        """Of an ensemble: its members and their weights; see `ferray.artifacts.ensemble`."""
        return self._file("ensemble.json")

    @property
    def error(self) -> ArtifactFile:
        """The traceback of a failure, or what is known of a worker's end."""
        return self._file("error.txt")

    @property
    def trained_by(self) -> ArtifactFile:
        """Of a stage that trials share: the number of the trial that has trained it."""
        return self._file("trained-by.txt")

    @property
    def held_out(self) -> ArtifactFile:
        """What the best weights score on the test split; see `ferray.results.held_out`."""
        return self._file("test.json")

    @property
    def answers(self) -> ArtifactFile:
        """What the best weights say to each image of the test split; see `ferray.results.answers`."""
        return self._file("answers.json")

    def fold(self, number: int) -> TrialArtifacts:
        """Those of one fold of a cross-validated trial, there or not."""
        return TrialArtifacts(self.files.below(f"{_FOLD}{number}"))

    def folds(self) -> list[TrialArtifacts]:
        """Those of the folds that have been begun, in their order."""
        numbers = [name.removeprefix(_FOLD) for name in self.files.names() if name.startswith(_FOLD)]
        return [self.fold(number) for number in sorted(int(number) for number in numbers if number.isdecimal())]

    def stages(self) -> list[TrialArtifacts]:
        """Those of stages before the last that were begun here, and are not shared yet."""
        return [TrialArtifacts(self.files.below(name)) for name in self.files.names() if name.startswith(STAGE)]

    def parts(self) -> list[TrialArtifacts]:
        """These, and those of each fold."""
        return [self, *self.folds()]

    def num_folds_ended(self) -> int:
        """How many folds have had their last epoch."""
        return sum(fold.best.exists() for fold in self.folds())

    def best_size(self) -> int:
        """Bytes of the best weights, of all folds together."""
        return sum(part.best.size() for part in self.parts())

    def make(self) -> None:
        """Have a place for them; StorageError where there can be none."""
        with writing(self.address):
            self.files.make()

    def discard_last(self) -> None:
        """Delete what the trial, and each of its folds, would go on from."""
        for part in self.parts():
            part.last.delete()

    def discard_stages(self) -> None:
        """Delete what earlier stages of the trial, and of each of its folds, would go on from."""
        for part in self.parts():
            for stage in part.stages():
                stage.files.clear()

    def discard_best(self) -> None:
        """Delete the weights of the best epoch, of each fold where there are some."""
        for part in self.parts():
            part.best.delete()

    def take_over(self, earlier: TrialArtifacts) -> None:
        """Copy all files of another attempt; the best weights last, as they say that it is whole."""
        self.make()
        names = [name for name in earlier.files.names() if earlier.files.exists(name)]
        for name in sorted(names, key=lambda name: name == BEST_CHECKPOINT):
            self._file(name).copy_from(earlier._file(name))

    def record_error(self, text: str) -> None:
        """Keep what is known of how the trial failed; StorageError where it cannot be kept.

        Nothing is made on a disk of this node alone, which would then look like one that others see.
        """
        if self.files.is_shared():
            self.make()
        self.error.write_text(text, durable=False)

    def request_stop(self) -> None:
        """Ask whoever trains the trial to save as soon as its epoch ends; where that cannot be asked, it is not."""
        with suppress(StorageError):
            self._stop.append_text("")

    def stop_is_requested(self) -> bool:
        """Whether somebody asks for that, and nobody has acknowledged it."""
        return self._stop.exists()

    def acknowledge_stop(self) -> None:
        """Say that it is saved, or that nobody waits for it any more."""
        self._stop.delete()

    @property
    def _stop(self) -> ArtifactFile:
        return self._file("stop")

    def _file(self, name: str) -> ArtifactFile:
        return ArtifactFile(self.files, name)


def stage_folder(stage: TrialConfig) -> str:
    """What the folder of an earlier stage is called, in its trial's and where trials share it."""
    return f"{STAGE}{stage.recipe}-s{stage.seed}"


def best_checkpoint_in(folder: str) -> str:
    """The best weights of the trial in `folder`, a path below its sweep's as records keep it."""
    return str(PurePosixPath(folder) / BEST_CHECKPOINT)
