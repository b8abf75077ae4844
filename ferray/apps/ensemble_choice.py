"""Which trials of a sweep answer best together, chosen by what they say to their validation images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from ferray.apps.val_logits import alike, val_logits_of
from ferray.artifacts.ensemble import Ensemble, Member, write_ensemble
from ferray.artifacts.sweep import SweepArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, write_validation_logits
from ferray.config.runtime import Runtime
from ferray.errors import ConfigError
from ferray.results.chosen import choose_trials
from ferray.results.leaderboard import rank
from ferray.stats.ensemble_selection import BAGS, ROUNDS, Score, Selection, select_ensemble
from ferray.stats.estimates import METRICS
from ferray.study.records import SweepRecord, TrialRecord
from ferray.text.counting import counted
from ferray.training.checkpoint import digest_checkpoint
from ferray.training.seeding import derive_generator

Tell = Callable[[str], None]
MOST_CANDIDATES = 50


@dataclass(frozen=True)
class SelectionOptions:
    """How many of the best trials are candidates, how often the images are drawn anew, how often a trial is added."""

    candidates: int = MOST_CANDIDATES
    bags: int = BAGS
    rounds: int = ROUNDS


def choose_ensemble(
    record: SweepRecord, folder: Path, runtime: Runtime, options: SelectionOptions, tell: Tell
) -> Ensemble:
    """The ensemble of trials of the sweep in `folder`, chosen on their validation images and written down.

    The same trials and options give the same ensemble. `tell` is given a line for whatever is left out and for each
    trial that has kept no logits. ConfigError where fewer than two trials can be asked, DataError where there is none.
    """
    trials = _candidates(record, folder, options.candidates, tell)
    found = [val_logits_of(trial, folder, runtime, tell) for trial in trials]
    is_alike = alike(found)
    if others := is_alike.count(False):
        judged = counted(others, "trial was", "trials were")
        tell(f"note: {judged} judged on other validation images than trial {trials[0].number}, and left out")
    trials = [trial for trial, stays in zip(trials, is_alike, strict=True) if stays]
    found = [each for each, stays in zip(found, is_alike, strict=True) if stays]
    if len(trials) < 2:
        raise ConfigError(*_too_few(record, f"the validation images of trial `{trials[0].number}`"))
    score = _score(record, tell)
    selection = select_ensemble(
        np.stack([softmax(each.logits.astype(np.float64), axis=1) for each in found]),
        found[0].labels,
        score,
        generator=derive_generator(0, "ensemble"),
        bags=options.bags,
        rounds=options.rounds,
    )
    ensemble = Ensemble(
        sweep=record.name,
        classes=found[0].classes,
        members=_members(folder, trials, selection),
        chosen_by=f"val/{'loss' if score == 'log_loss' else score}",
        value=selection.value,
        best_trial=trials[selection.best].number,
        best_value=selection.best_value,
        num_candidates=len(trials),
        num_val=len(found[0].labels),
        bags=options.bags,
        rounds=options.rounds,
    )
    place = SweepArtifacts.of(folder).ensemble
    place.make()
    write_validation_logits(place, _together(found, selection))
    write_ensemble(place.ensemble, ensemble)  # last: with it the ensemble is there
    return ensemble


def _candidates(record: SweepRecord, folder: Path, most: int, tell: Tell) -> list[TrialRecord]:
    """The best complete trials whose best.pt is kept, best first; errors of `choose_trials` where there is none."""
    complete = [trial for trial in rank(record).complete if trial.checkpoint]
    not_freed = [trial for trial in complete if not trial.freed]
    if not not_freed:
        choose_trials(record, folder)
    artifacts = SweepArtifacts.of(folder)
    kept = [trial for trial in not_freed if artifacts.file(trial.checkpoint).exists()]
    if len(kept) < 2:
        raise ConfigError(*_too_few(record, "a checkpoint"))
    if len(not_freed) < len(complete):
        tell(f"note: {len(complete) - len(not_freed)} of {len(complete)} complete trials kept no checkpoint (`--keep`)")
    if len(kept) < len(not_freed):
        lost = ", ".join(str(trial.number) for trial in not_freed if trial not in kept)
        tell(f"warning: the best.pt of trial {lost} is gone, which is left out")
    if len(kept) > most:
        tell(f"note: the best {most} of {len(kept)} trials are candidates")
    return kept[:most]


def _too_few(record: SweepRecord, what: str) -> tuple[str, str]:
    message = f"fewer than two complete trials of `{record.name}` have {what}"
    return message, f"an ensemble takes two at least, `{record.command('trials')}` says how they ended"


def _score(record: SweepRecord, tell: Tell) -> Score:
    """That of the objective; accuracy where it is one that an ensemble is not chosen by."""
    known: dict[str, Score] = {"val/loss": "log_loss", **{f"val/{metric}": metric for metric in METRICS}}
    if record.metric not in known:
        tell(f"note: the search has ranked by `{record.metric}`, the ensemble is chosen by accuracy")
    return known.get(record.metric, "accuracy")


def _members(folder: Path, trials: Sequence[TrialRecord], selection: Selection) -> tuple[Member, ...]:
    """Those with a weight, the heaviest first, of equal ones the better trial."""
    artifacts = SweepArtifacts.of(folder)
    chosen = [(weight, trial) for weight, trial in zip(selection.weights.tolist(), trials, strict=True) if weight > 0]
    return tuple(
        Member(
            trial.number, trial.recipe, trial.checkpoint, digest_checkpoint(artifacts.file(trial.checkpoint)), weight
        )
        for weight, trial in sorted(chosen, key=lambda pair: -pair[0])
    )


def _together(found: Sequence[ValidationLogits], selection: Selection) -> ValidationLogits:
    """What the ensemble says to the validation images: the logarithm of the weighted mean of probabilities."""
    chosen = [(each, weight) for each, weight in zip(found, selection.weights, strict=True) if weight > 0]
    log_p_MNC = np.stack([log_softmax(each.logits.astype(np.float64), axis=1) for each, _ in chosen])
    weights_M = np.array([weight for _, weight in chosen])
    mean_NC = logsumexp(log_p_MNC, axis=0, b=weights_M[:, None, None]).astype(np.float32)
    first = found[0]
    return ValidationLogits(0, first.classes, first.sample_ids, first.labels, mean_NC)
