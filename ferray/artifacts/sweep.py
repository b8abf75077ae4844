"""`SweepArtifacts`: the files of all trials of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ferray.artifacts.address import file_at, file_system_at
from ferray.artifacts.file_system import ArtifactFile
from ferray.artifacts.trial import STAGE, TrialArtifacts
from ferray.config.place import read_place

_TRIALS = "trials"
_ENSEMBLE = "ensemble"
SOUP = "soup"


@dataclass(frozen=True)
class SweepArtifacts:
    """Where the trials of a sweep keep their files, by the folders that its record names. `root` is an address."""

    root: str

    @classmethod
    def of(cls, folder: Path) -> SweepArtifacts:
        """Those of the sweep in `folder`, where its start has put them: in the folder, unless it said otherwise."""
        return cls(read_place(folder).artifacts or str(folder))

    def trial(self, folder: str) -> TrialArtifacts:
        """Those of the trial that the record places in `folder`."""
        return TrialArtifacts.at(f"{self.root}/{folder}")

    @property
    def ensemble(self) -> TrialArtifacts:
        """Those of the ensemble of its trials, there or not."""
        return TrialArtifacts.at(f"{self.root}/{_ENSEMBLE}")

    @property
    def soup(self) -> TrialArtifacts:
        """Those of the model soup of one recipe's seeds, there or not."""
        return TrialArtifacts.at(f"{self.root}/{SOUP}")

    def file(self, name: str) -> ArtifactFile:
        """The one that the record calls `name`, such as a trial's `checkpoint`."""
        return file_at(f"{self.root}/{name}")

    def clear(self, folders: Iterable[str]) -> None:
        """Remove the files of the trials that the record places in these folders, as far as that is possible.

        And those of the stages that they shared.
        """
        trials = file_system_at(f"{self.root}/{_TRIALS}")
        stages = [f"{_TRIALS}/{name}" for name in trials.names() if name.startswith(STAGE)]
        for folder in (*folders, *stages):
            file_system_at(f"{self.root}/{folder}").clear()

    def make(self) -> None:
        """Have a place for those of all trials, each of which makes its own alone; OSError where there can be none.

        A worker that does not see it is on a node of its own disk.
        """
        file_system_at(self.root).below(_TRIALS).make()

    def __iter__(self) -> Iterator[TrialArtifacts]:
        """Those of each trial that has left any, in order of number."""
        trials = file_system_at(self.root).below(_TRIALS)
        return (TrialArtifacts(trials.below(name)) for name in trials.names() if not name.startswith(STAGE))

    @property
    def shared(self) -> str:
        """The address below which the stages lie that trials share."""
        return f"{self.root}/{_TRIALS}"


def trial_folder(number: int, recipe: str) -> str:
    """The trial's folder inside its sweep's: a function of its number and recipe."""
    return f"{_TRIALS}/{number:04d}-{recipe}"


def figures_folder(sweep: Path, trial: str) -> Path:
    """Where pictures of what the trial in folder `trial` of a sweep did are drawn, on the machine of who looks."""
    return sweep / trial / "figures"
