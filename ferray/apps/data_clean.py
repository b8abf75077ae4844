"""Labels that are probably wrong, listed and left alone, for `ferray data clean`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ferray.apps.options import overrides_from, runtime_from
from ferray.apps.preflight import run_check
from ferray.apps.single_trial import single_trial
from ferray.config.load import load_space_or_dataset, space_names
from ferray.config.place import is_sweep, output_words
from ferray.errors import DataError
from ferray.events import Listener
from ferray.text.commands import command, shortest_path

if TYPE_CHECKING:
    from ferray.config.job import TrialJob
    from ferray.results.suspects import Findings


@dataclass(frozen=True)
class SuspectLabels:
    """What was found in the training part of `name`: a csv at `path`, and contact sheets where there are pictures."""

    name: str
    job: TrialJob
    findings: Findings
    path: Path
    sheets: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray data clean --json`."""
        findings = self.findings
        return {
            "space": self.name,
            "folds": self.job.trial_config().num_folds,
            "num_examined": findings.num_examined,
            "accuracy": findings.accuracy,
            "interval": list(findings.interval),
            "num_suspects": len(findings.suspects),
            "num_mislabelled": findings.num_mislabelled,
            "precision": findings.precision,
            "recall": findings.recall,
            "suspects": [
                {
                    "rank": suspect.rank,
                    "sample_id": suspect.sample_id,
                    "name": suspect.name,
                    "label": findings.classes[suspect.label],
                    "suggested": findings.classes[suspect.suggested],
                    "self_confidence": suspect.self_confidence,
                    "truly_mislabelled": suspect.truly_mislabelled,
                }
                for suspect in findings.suspects
            ],
            "csv": str(self.path),
            "sheets": [str(sheet) for sheet in self.sheets],
            "folder": self.job.folder,
        }


def find_suspect_labels(space: str, asked: Mapping[str, Any], listener: Listener) -> SuspectLabels:
    """Train one configuration once a fold, judge each sample by the network that never saw it, and write the list."""
    loaded, notes = load_space_or_dataset(space, overrides_from(asked))
    spec, chosen = single_trial(loaded)
    for note in notes:
        listener.noted(f"note: {note}")
    for key, value in chosen.items():
        listener.noted(f"note: `{key}` is searched in this space, here it is `{value}`")
    listener.noted(f"training `{spec.name}` once a fold: importing torch")
    from ferray.apps.clean import find_suspects, in_folds
    from ferray.apps.train import job_of
    from ferray.results.suspects import write_suspects

    runtime = runtime_from({**asked, "launcher": "inline"})
    config = in_folds(run_check(spec, runtime, listener).configs[0], asked["folds"])
    job = job_of(spec, config, runtime, runtime.output / "clean", threads=asked["threads"])
    try:
        findings = find_suspects(job, lambda report: listener.epoch_ended(job.number, report))
    except KeyboardInterrupt:
        listener.warned("interrupted; run the same command again to go on")
        raise
    if findings.caveat:
        listener.warned(f"warning: {findings.caveat}")
    path = asked["to"] or job.path / "suspects.csv"
    write_suspects(path, findings)
    return SuspectLabels(spec.name, job, findings, path, tuple(_draw(path, findings, job, listener)))


def _draw(path: Path, findings: Findings, job: TrialJob, listener: Listener) -> list[Path]:
    """The contact sheets; none, with a word why, where the data set has no pictures or they cannot be decoded."""
    from ferray.results.originals import Originals
    from ferray.results.suspects import draw_suspects
    from ferray.training.inputs import place_of_job

    originals = Originals(job.trial_config(), place_of_job(job))
    try:
        return draw_suspects(path, findings, originals.picture)
    except DataError as error:
        listener.warned(f"warning: no contact sheets: {error.message}")
        return []


def command_without(space: str, name: str, asked: Mapping[str, Any], path: Path) -> str:
    """The command that trains without what is listed: another sweep than the space's own, where that has begun."""
    is_space = space in space_names() or space.endswith((".yaml", ".yml"))
    words = [space] if is_space else ["demo", "--set", f"dataset={space}"]
    sets = [word for item in asked["set"] or () for word in ("--set", item)]
    options = ("--limit-per-class", "limit_per_class"), ("--bad-samples", "bad_samples")
    sets += [word for option, key in options if asked[key] is not None for word in (option, str(asked[key]))]
    own = name if is_space else "demo"
    named = ["--name", f"{own}-without"] if is_sweep(asked["output"] / own) else []
    place = ["--data-root", asked["data_root"]] if asked["data_root"] else []
    words += [*sets, "--exclude", shortest_path(path), *named, *place, *output_words(asked["output"])]
    return command("sweep", *words)
