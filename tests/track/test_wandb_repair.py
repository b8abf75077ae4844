"""What a run in W&B lacks of what it is to hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ferray.testing.fake_sweep import TRIALS, sweep_started, trial_started
from ferray.track.wandb_runs.open_run import RunEnd
from ferray.track.wandb_runs.payload import facts_of
from ferray.track.wandb_runs.repair import FoundRun, RunContent, keeping_words, lack_of

FACTS = facts_of(sweep_started(Path("/data/runs/fake")), trial_started(TRIALS[0], Path("/data/runs/fake")))
CONTENT = RunContent(
    FACTS, tuple(TRIALS[0].reports), RunEnd({"outcome": "completed", "score": 0.5}, ("backbone:resnet18", "completed"))
)
FOUND = FoundRun(
    name=FACTS.name,
    group=FACTS.group,
    job_type="trial",
    notes=FACTS.notes,
    tags=frozenset({"backbone:resnet18", "completed"}),
    config=FACTS.config,
    summary={"outcome": "completed", "score": 0.5, "val/uar": {"max": 0.5}, "epoch": 3},
    state="finished",
    epochs=frozenset({1, 2, 3}),
)


def test_a_run_that_has_all_lacks_nothing() -> None:
    assert not lack_of(CONTENT, FOUND)


def test_a_run_that_is_not_there_is_to_be_made() -> None:
    lack = lack_of(CONTENT, None)
    assert (lack.is_missing, lack.epochs) == (True, {1, 2, 3})


def test_rows_are_missed_by_their_epoch() -> None:
    assert lack_of(CONTENT, replace(FOUND, epochs=frozenset({2, 9}))).epochs == {1, 3}


def test_an_end_that_nobody_told_of_is_missed() -> None:
    assert lack_of(CONTENT, replace(FOUND, state="crashed")).end


def test_a_summary_of_another_value_is_missed() -> None:
    assert lack_of(CONTENT, replace(FOUND, summary={**FOUND.summary, "score": 0.4})).words


def test_what_no_longer_holds_is_taken_out() -> None:
    assert lack_of(CONTENT, replace(FOUND, summary={**FOUND.summary, "message": "interrupted"})).words
    assert lack_of(CONTENT, replace(FOUND, tags=FOUND.tags | {"running"})).words


def test_a_key_of_what_was_searched_that_is_told_otherwise_now_is_taken_out() -> None:
    assert lack_of(CONTENT, replace(FOUND, config={**FOUND.config, "p/backbone/timm/name": "resnet18"})).words


def test_a_config_key_of_others_is_no_lack() -> None:
    assert not lack_of(CONTENT, replace(FOUND, config={**FOUND.config, "machine": "ours"}))


def test_tags_of_others_are_no_lack() -> None:
    assert not lack_of(CONTENT, replace(FOUND, tags=FOUND.tags | {"look at this"}))


def test_a_name_that_somebody_gave_the_run_stays() -> None:
    found = replace(FOUND, name="the good one")
    assert keeping_words(CONTENT, found).facts.name == "the good one"


def test_a_name_of_ours_is_brought_up() -> None:
    assert keeping_words(CONTENT, replace(FOUND, name="fake-0003")).facts.name == FACTS.name


def test_notes_that_somebody_wrote_stand_before_ours() -> None:
    kept = keeping_words(CONTENT, replace(FOUND, notes="overfits"))
    assert kept.facts.notes == f"overfits\n\n{FACTS.notes}"
    assert not lack_of(
        keeping_words(kept, replace(FOUND, notes=kept.facts.notes)), replace(FOUND, notes=kept.facts.notes)
    )


def test_notes_that_another_installation_printed_are_no_lack() -> None:
    found = replace(FOUND, notes=FACTS.notes.replace("ferray report", "python -m ferray report"))
    assert not lack_of(keeping_words(CONTENT, found), found)
