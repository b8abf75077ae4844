"""`render` and `write_report`: what the page says, and that nothing that others wrote becomes a part of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ferray.artifacts.trial import TrialArtifacts
from ferray.errors import DataError
from ferray.reports.histories import MOST_CURVES
from ferray.reports.page import render, write_report
from ferray.reports.template import HERE, own
from ferray.results.confirmation import Confirmation, write_confirmation
from ferray.results.finalists import Finalist, Pair
from ferray.results.held_out import HeldOut, write_held_out
from ferray.results.leaderboard import rank
from ferray.results.selection import selection_effects
from ferray.results.sweep import Sweep, load
from ferray.stats.intervals import wilson_interval
from ferray.study.records import DriverRecord, Reading, SweepRecord, TrialRecord
from ferray.testing.fake_sweep import TRIALS, append_history, sweep_record
from ferray.testing.html_page import Element, data_of, read_page

WRITTEN = Path(__file__).parent.parent / "written_by_0_1_0"
MADE = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{7*7}}&\x1b[31m\u202eevil"


def page_of(record: SweepRecord, folder: Path) -> Element:
    return read_page(render(Sweep(record, folder), made=MADE))


def fake_page(folder: Path, **changes: Any) -> Element:
    return page_of(replace(sweep_record(), **changes), folder)


def with_histories(folder: Path) -> Path:
    for trial, record in zip(TRIALS, sweep_record().trials, strict=True):
        for report in trial.reports:
            append_history(folder / record.folder, report)
    return folder


def hostile_record() -> SweepRecord:
    """Every text of every trial, and the sweep's name, tries to break out of where it stands."""
    trials = [
        replace(
            trial,
            params={**trial.params, "backbone": HOSTILE, HOSTILE: HOSTILE},
            classes=(HOSTILE, "Sad") if trial.classes else (),
            message=HOSTILE,
            reason=HOSTILE,
            recipe=HOSTILE,
            folder=f"trials/{trial.number}",
        )
        for trial in sweep_record().trials
    ]
    return replace(sweep_record(), name=HOSTILE, trials=tuple(trials))


def test_every_trial_has_a_row_with_the_numbers_of_the_record(tmp_path: Path) -> None:
    rows = fake_page(tmp_path).by_id("board").rows()
    found = [(row["rank"], row["trial"], row["outcome"], row["val/uar"], row["n"], row["so far"]) for row in rows]
    assert found == [
        ("1", "4", "completed", "0.750", "40", ""),
        ("2", "0", "completed", "0.500", "40", ""),
        ("", "1", "pruned", "", "40", "0.250"),
        ("", "3", "diverged", "", "", ""),
        ("", "6", "running", "", "40", "0.500"),
        ("", "2", "failed", "", "", ""),
        ("", "5", "interrupted", "", "40", ""),
    ]


def test_the_best_score_stands_first_with_its_interval_and_n(tmp_path: Path) -> None:
    summary = fake_page(tmp_path).by_id("summary").text
    assert (
        "Trial 4 leads by val/uar (more is better): 0.750, 95 % interval 0.596 to 0.859, n = 40 validation" in summary
    )


def test_attempts_that_were_cut_short_are_told_beside_the_trials_that_have_ended(tmp_path: Path) -> None:
    died = replace(sweep_record().trials[5], outcome="orphaned")
    record = replace(sweep_record(), trials=(*sweep_record().trials[:5], died, sweep_record().trials[6]))
    assert (
        "5 have ended: 2 completed, 1 pruned, 1 diverged, 1 failed; beside these 1 running, 1 interrupted."
        in page_of(record, tmp_path).by_id("summary").text
    )


def test_no_text_of_a_record_becomes_an_element(tmp_path: Path) -> None:
    hostile, plain = page_of(hostile_record(), tmp_path), fake_page(tmp_path)
    assert [len(hostile.all(name)) for name in ("script", "img", "style", "iframe")] == [2, 0, 1, 0]
    assert len(plain.all("script")) == 2


def test_what_a_terminal_or_a_reader_obeys_is_written_out(tmp_path: Path) -> None:
    text = render(Sweep(hostile_record(), tmp_path), made=MADE)
    assert [sign for sign in "\x1b\u202e" if sign in text] == []
    assert r"\x1b[31m\u202eevil" in read_page(text).by_id("faults").text


def test_no_text_of_a_record_is_filled_in_like_a_template(tmp_path: Path) -> None:
    assert "{{7*7}}" in page_of(hostile_record(), tmp_path).by_id("faults").text


def test_the_data_holds_no_end_of_its_element(tmp_path: Path) -> None:
    text = render(Sweep(hostile_record(), tmp_path), made=MADE)
    (embedded,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, flags=re.DOTALL)
    assert re.search("[<>&]", embedded) is None
    assert json.loads(embedded)["trials"][0]["message"].startswith("</script><script>alert(1)</script>")


def test_the_policy_allows_no_request_and_the_page_s_own_script_alone(tmp_path: Path) -> None:
    page = fake_page(tmp_path)
    (policy,) = (meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes)
    script, style = page.all("script")[-1], page.all("style")[0]
    digests = [
        base64.b64encode(hashlib.sha256("".join(each.parts).encode()).digest()).decode() for each in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_names_no_address_but_its_own_parts(tmp_path: Path) -> None:
    page = page_of(sweep_record(), with_histories(tmp_path))
    links = [each.attributes.get("href", "#") for each in page.all("a")]
    assert [link for link in links if not link.startswith("#")] == []
    assert [each for name in ("link", "iframe", "object", "embed", "base") for each in page.all(name)] == []


@pytest.mark.parametrize("asset", sorted((HERE / "assets").glob("*.js")), ids=lambda path: path.name)
def test_scripts_make_no_markup_out_of_text(asset: Path) -> None:
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", asset.read_text())
        == []
    )


def test_nothing_is_styled_by_attribute_which_the_policy_refuses(tmp_path: Path) -> None:
    text = render(Sweep(sweep_record(), tmp_path), made=MADE)
    assert re.findall(r"<[^>]* (style|on\w+)=", text) == []


def test_a_sweep_that_has_only_begun_has_a_page(tmp_path: Path) -> None:
    page = fake_page(tmp_path, trials=())
    assert "No trial has begun: there is nothing to rank." in page.by_id("leaderboard").text
    assert "No trial has begun." in page.by_id("summary").text


def test_a_sweep_of_which_all_failed_has_a_page_that_says_so(tmp_path: Path) -> None:
    page = fake_page(tmp_path, trials=sweep_record().trials[2:3])
    assert "No trial is complete, so nothing is ranked by val/uar." in page.by_id("summary").text
    assert [row["what is known"] for row in page.by_id("faults").all("table")[0].rows()] == [
        "RuntimeError: out of memory"
    ]


def test_where_less_is_better_the_lowest_leads(tmp_path: Path) -> None:
    values = (0.4, None, None, None, 0.9, None, None)
    trials = tuple(replace(trial, value=value) for trial, value in zip(sweep_record().trials, values, strict=True))
    page = fake_page(tmp_path, trials=trials, metric="val/loss", mode="min")
    assert [row["trial"] for row in page.by_id("board").rows()][:2] == ["0", "4"]
    assert "no interval: none is known for val/loss" in page.by_id("summary").text


def test_curves_hold_every_epoch_of_the_histories(tmp_path: Path) -> None:
    curves = data_of(page_of(sweep_record(), with_histories(tmp_path)))["curves"]
    assert curves["0"]["value"] == [0.25, 0.4, 0.5]
    assert sorted(curves) == ["0", "1", "3", "4", "5", "6"]


def test_a_damaged_history_is_noted_and_the_page_is_made(tmp_path: Path) -> None:
    history = with_histories(tmp_path) / sweep_record().trials[4].folder / "history.jsonl"
    history.write_text("[]\n")
    page = page_of(sweep_record(), tmp_path)
    assert "the epochs of trial 4 are left out" in page.by_id("summary").text
    assert len(page.by_id("board").rows()) == 7


def test_faults_are_listed_with_their_message_and_what_came_of_them(tmp_path: Path) -> None:
    rows = fake_page(tmp_path).by_id("faults").all("table")[0].rows()
    assert [(row["trial"], row["what is known"], row["asked again as"]) for row in rows] == [
        ("2", "RuntimeError: out of memory", ""),
        ("3", "the loss is not finite", ""),
        ("5", "", "6"),
    ]


@pytest.mark.parametrize("name", ["plain", "folded", "svm"])
def test_sweeps_of_the_first_version_have_pages(name: str, tmp_path: Path) -> None:
    shutil.copytree(WRITTEN / name, tmp_path / name)
    sweep = load(tmp_path / name)
    rows = read_page(render(sweep, made=MADE)).by_id("board").rows()
    said = json.loads((WRITTEN / f"{name}.leaderboard.json").read_text())["trials"]
    assert [(row["trial"], row["outcome"]) for row in rows] == [(str(each["number"]), each["outcome"]) for each in said]


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    file = write_report(Sweep(sweep_record(), tmp_path), tmp_path / "new" / "page.html", made=MADE)
    assert file.read_text() == render(Sweep(sweep_record(), tmp_path), made=MADE)
    assert [path.name for path in file.parent.iterdir()] == ["page.html"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"page\.html` cannot be written[^$]*`--to`"):
        write_report(Sweep(sweep_record(), tmp_path), tmp_path / "file" / "page.html", made=MADE)


def test_half_characters_of_file_names_do_not_keep_the_page_from_being_written(tmp_path: Path) -> None:
    trial = replace(sweep_record().trials[2], message="bad \udcff name")
    file = write_report(Sweep(replace(sweep_record(), trials=(trial,)), tmp_path), tmp_path / "page.html", made=MADE)
    assert r"bad \udcff name" in read_page(file.read_text()).by_id("faults").text


def test_however_long_texts_and_however_many_classes_there_are_500_trials_stay_under_5_mb(tmp_path: Path) -> None:
    row, names = (7,) * 100, tuple(f"class {number}" for number in range(100))
    one = replace(sweep_record().trials[4], confusion=(row,) * 100, classes=names, message="x" * 10**5, reason="bug")
    trials = tuple(replace(one, number=number, outcome="failed") for number in range(500))
    page = render(Sweep(replace(sweep_record(), trials=trials), tmp_path), made=MADE)
    assert len(page) < 5 * 10**6
    assert "x… (99,000 more characters)" in read_page(page).by_id("faults").text


def test_the_commands_that_made_the_sweep_stand_in_their_order(tmp_path: Path) -> None:
    known = {"host": HOSTILE, "versions": {"torch": "2.15.0"}, "commands": ["ferray sweep b", "ferray sweep a"]}
    (tmp_path / "environment.json").write_text(json.dumps(known))
    origin = fake_page(tmp_path).by_id("origin").text
    assert "The sweep was made by ferray sweep a, then ferray sweep b." in origin


def test_a_sweep_that_does_not_say_where_it_ran_has_a_page_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "environment.json").write_text("[1]")
    assert "The sweep's folder does not say where it ran." in fake_page(tmp_path).by_id("origin").text


def test_a_running_sweep_is_shown_as_of_now(tmp_path: Path) -> None:
    driver = DriverRecord("head", 7, MADE.timestamp(), is_alive=True)
    header = fake_page(tmp_path, driver=driver).all("header")[0].text
    assert "running: as of 2026-03-04 05:06 UTC" in header


def test_a_damaged_confirmation_is_noted_and_the_page_is_made(tmp_path: Path) -> None:
    (tmp_path / "confirmation.json").write_text("{}")
    assert "confirmation.json is damaged" in fake_page(tmp_path).by_id("summary").text


def test_luck_and_ranks_are_those_of_the_leaderboard_s_own_statistics(tmp_path: Path) -> None:
    effects = selection_effects(rank(sweep_record()))
    page = fake_page(tmp_path)
    said = [line[:1].upper() + line[1:] for line in effects.sentences()]
    assert said
    assert [line for line in said if line not in page.by_id("worth").text] == []
    assert [row["rank may be"] for row in page.by_id("board").rows()][:2] == ["1", "2"]
    assert [effects.ranks[number] for number in (4, 0)] == [(1, 1), (2, 2)]


def test_a_confirmation_is_shown_with_its_sentence_its_intervals_and_its_corrected_p(tmp_path: Path) -> None:
    first = Finalist("trial-4", 4, "1f3a9c2e", (0, 1), (0.7, 0.8), 40, 0.75, 0.0707, (0.6, 0.85), validation=0.75)
    second = replace(first, name="trial-0", trial=0, mean=0.5, interval=None, validation=None, num_lost=1)
    pairs = (Pair("trial-4", "trial-0", 2, 0.25, (0.1, 0.4), 0.01, 0.02),)
    found = Confirmation("fake", "c", "uar", "test", (0, 1), ("A", "B"), (first, second), pairs, method="Resampled.")
    write_confirmation(tmp_path, found)
    worth = fake_page(tmp_path).by_id("worth")
    assert found.sentence in worth.text
    rows = [(row["finalist"], row["mean"], row["95 % interval"], row["n"]) for row in worth.by_id("finalists").rows()]
    assert rows == [("trial-4", "0.750", "0.600 to 0.850", "40"), ("trial-0", "0.500", "one seed gives none", "40")]
    (pair,) = worth.by_id("pairs").rows()
    assert (pair["difference"], pair["95 % interval"], pair["p after Holm"], pair["verdict"]) == (
        *("+0.250", "+0.100 to +0.400"),
        *("0.020", "better"),
    )


def test_what_evaluate_has_read_of_the_test_split_has_n_and_interval(tmp_path: Path) -> None:
    trial = sweep_record().trials[4]
    metrics = {"test/accuracy": 0.6, "test/uar": 0.6}
    held_out = HeldOut(4, trial.recipe, 2, 40, metrics, ((12, 8), (8, 12)), ("Happy", "Sad"), "", "", 3, 7)
    files = TrialArtifacts.at(str(tmp_path / trial.folder))
    files.make()
    write_held_out(files, held_out)
    (row,) = fake_page(tmp_path).by_id("test-split").rows()
    low, high = wilson_interval(24, 40)
    assert (row["trial"], row["test/accuracy"], row["n"]) == ("4", "0.600", "40")
    assert f"{low:.3f} to {high:.3f}" in fake_page(tmp_path).by_id("test-split").text
    assert row["remark"] == "read when 3 of 7 trials had ended"


def test_a_test_split_that_confirm_has_read_is_said_to_be_read(tmp_path: Path) -> None:
    page = fake_page(tmp_path, readings=(Reading("k", "confirm", "fake-confirm", (0, 1), num_ended=5, num_asked=9),))
    said = "The test split has been read 1 time: confirm of 2 trials, when 5 of 9 trials had ended."
    assert [said in page.by_id(part).text for part in ("summary", "worth")] == [True, True]


def test_what_stands_in_backticks_is_code_and_is_escaped_all_the_same(tmp_path: Path) -> None:
    trial = replace(sweep_record().trials[2], message="`<b>x</b>` is missing", reason="data")
    faults = fake_page(tmp_path, trials=(trial,)).by_id("faults")
    assert [(code.text, code.all("b")) for code in faults.all("code")] == [("<b>x</b>", [])]


def test_a_lone_backtick_stays_one(tmp_path: Path) -> None:
    trial = replace(sweep_record().trials[2], message="a ` b")
    assert "a ` b" in fake_page(tmp_path, trials=(trial,)).by_id("faults").text


def test_by_their_mean_the_leading_arm_is_named(tmp_path: Path) -> None:
    def trained(number: int, arm: str, seed: int) -> TrialRecord:
        like = sweep_record().trials[0 if arm == "plain" else 4]
        return replace(like, number=number, params={"arm": arm, "seed": seed})

    trials = tuple(trained(number, ("plain", "cleaned")[number % 2], number // 2) for number in range(4))
    summary = fake_page(tmp_path, trials=trials).by_id("summary").text
    assert "By the mean over seeds cleaned leads: val/uar 0.750, 95 % interval" in summary


def test_the_filter_s_example_speaks_of_the_sweep_s_own_columns(tmp_path: Path) -> None:
    assert "such as lr<0.0125 backbone=resnet18; all" in fake_page(tmp_path).by_id("filter-help").text


def test_a_style_or_script_that_would_end_its_element_is_refused() -> None:
    with pytest.raises(ValueError, match="holds `</`"):
        own("const text = '</script>';")


def test_the_page_of_a_large_sweep_has_every_row_and_says_whose_curves_are_drawn(tmp_path: Path) -> None:
    one = sweep_record().trials[4]
    page = fake_page(tmp_path, trials=tuple(replace(one, number=number) for number in range(MOST_CURVES + 50)))
    assert len(page.by_id("board").all("tr")) == 1 + MOST_CURVES + 50
    assert "the best 200 trials" in page.by_id("curves").text
    assert "one of every 2: 125 have no line here" in page.by_id("curves").text  # 250 others, of which 125 are drawn
