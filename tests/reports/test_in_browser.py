"""The page as Chromium shows it: one browser for all of it, and none of it where there is no Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ferray.config.place import DataPlace
from ferray.reports.page import write_report
from ferray.results.sweep import Sweep, load
from ferray.testing.browser import CHROMIUM, Browser, OpenedPage, browser
from ferray.testing.fake_sweep import sweep_record
from ferray.testing.studied_sweep import study_sweep

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")

NUM_TRIALS = 20
MADE = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
SHOWN = "#board tbody tr:visible"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return load(study_sweep(tmp_path_factory.mktemp("browser") / "studied", NUM_TRIALS, epochs=(6, 12)))


@pytest.fixture(scope="module")
def file(sweep: Sweep) -> Path:
    nowhere = sweep.folder / "nowhere"
    return write_report(sweep, sweep.folder / "report.html", data=DataPlace(nowhere, nowhere), made=MADE)


@pytest.fixture
def page(chromium: Browser, file: Path) -> Iterator[OpenedPage]:
    opened = chromium.open(file)
    yield opened
    opened.page.context.close()


def test_it_opens_without_a_word_on_the_console_and_asks_for_nothing(page: OpenedPage) -> None:
    assert (page.heard, page.asked, page.page.title()) == ([], [], f"studied: {NUM_TRIALS} trials by val/uar")


def test_its_numbers_are_those_of_the_store(page: OpenedPage, sweep: Sweep) -> None:
    rows = [row.split("\t") for row in page.page.locator(SHOWN).all_inner_texts()]
    told = [
        (
            str(each["rank"] or ""),
            str(each["number"]),
            each["outcome"],
            f"{each['value']:.3f}" if each["state"] == "complete" else "",
            "–".join(f"{end:.3f}" for end in each["value_interval"] or ()),
            str(each["num_val"] or ""),
        )
        for each in sweep.leaderboard()
    ]
    assert [tuple(cell.strip() for cell in row[:6]) for row in rows] == told


def test_the_data_behind_its_figures_is_that_of_the_store(page: OpenedPage, sweep: Sweep) -> None:
    embedded = "JSON.parse(document.getElementById('data').textContent)"
    drawn = page.page.evaluate(f"{embedded}.trials.map((each) => [each.number, each.value, each.epochs, each.params])")
    assert drawn == [[each["number"], each["value"], each["epochs"], each["params"]] for each in sweep.leaderboard()]


def test_a_heading_sorts_by_the_keyboard_and_says_how(page: OpenedPage) -> None:
    head = page.page.locator("#board th[data-key='number']")
    head.locator("button").press("Enter")
    up = (head.get_attribute("aria-sort"), page.texts(f"{SHOWN} th"))
    head.locator("button").press("Enter")
    down = (head.get_attribute("aria-sort"), page.texts(f"{SHOWN} th"))
    numbers = [str(number) for number in range(NUM_TRIALS)]
    assert (up, down) == (("ascending", numbers), ("descending", numbers[::-1]))


def test_what_has_no_value_comes_last_whichever_way_a_column_runs(page: OpenedPage, sweep: Sweep) -> None:
    score = page.page.locator("#board th[data-key='score'] button")
    score.click()
    score.click()
    last = page.texts(f"{SHOWN} td:nth-child(4)")[-1]
    complete = [each for each in sweep.leaderboard() if each["state"] == "complete"]
    assert (last, page.texts(f"{SHOWN} th")[0]) == ("", str(complete[-1]["number"]))


def test_the_filter_takes_words_and_comparisons_and_figures_follow(page: OpenedPage, sweep: Sweep) -> None:
    page.page.fill("#filter", "lenet lr<1e-2")
    wanted = {
        each["number"]
        for each in sweep.leaderboard()
        if each["params"]["backbone"] == "lenet" and each["params"]["optimizer.lr"] < 1e-2
    }
    assert 0 < len(wanted) < NUM_TRIALS
    assert {int(number) for number in page.texts(f"{SHOWN} th")} == wanted
    assert page.texts("#shown") == [f"{len(wanted)} of {NUM_TRIALS} trials"]
    marks = page.page.locator("#figure-pruning .asked:visible")
    assert {int(mark) for mark in marks.evaluate_all("(all) => all.map((m) => m.dataset.trial)")} == wanted


def test_outcomes_are_taken_out_by_their_boxes(page: OpenedPage) -> None:
    page.page.uncheck("input[value='pruned']")
    assert "pruned" not in page.texts(f"{SHOWN} td:nth-child(3)")
    page.page.click("#show-all")
    assert len(page.texts(SHOWN)) == NUM_TRIALS


def test_a_trial_s_number_shows_it_everywhere(page: OpenedPage, sweep: Sweep) -> None:
    number = sweep.leaderboard()[3]["number"]
    page.page.click(f"#board tr[data-trial='{number}'] button")
    assert page.texts("#detail caption")[0] == f"Trial {number}"
    assert page.texts("#confusion-of") == [str(number)]
    lines = page.page.locator("path.line.chosen").evaluate_all("(all) => all.map((line) => line.dataset.trial)")
    assert lines == [str(number)] * 2  # of the curves and the parallel coordinates
    diagonal = page.texts("#matrix td.right")
    assert diagonal == [str(row[place]) for place, row in enumerate(sweep.trial(number).confusion.tolist())]


def test_a_mark_says_whose_it_is_and_chooses_its_trial(page: OpenedPage, sweep: Sweep) -> None:
    number = sweep.leaderboard()[1]["number"]
    mark = page.page.locator(f"#figure-search circle[data-trial='{number}']")
    mark.hover()
    assert page.texts("#tip")[0].startswith(f"trial {number}, completed, rank 2 val/uar 0.")
    mark.click()
    assert page.page.input_value("#chosen") == str(number)


def test_an_address_may_name_a_trial(page: OpenedPage) -> None:
    page.page.evaluate("location.hash = '#trial-3'")
    page.page.locator("#detail caption", has_text="Trial 3").wait_for()
    assert page.page.input_value("#chosen") == "3"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(chromium: Browser, file: Path, scheme: str) -> None:
    opened = chromium.open(file, scheme=scheme)
    assert opened.violations() == []
    opened.page.context.close()


def test_the_scheme_can_be_chosen_over_the_system_s(page: OpenedPage) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.page.evaluate(colour)
    page.page.select_option("#scheme", "dark")
    assert (light, page.page.evaluate(colour)) == ("rgb(255, 255, 255)", "rgb(16, 21, 27)")


def test_on_a_phone_nothing_is_wider_than_the_screen(chromium: Browser, file: Path) -> None:
    opened = chromium.open(file, width=390)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
    opened.page.context.close()


def test_after_a_print_the_headings_sort_as_before(page: OpenedPage) -> None:
    page.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    in_print = page.page.locator("#board thead button").count()
    page.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.page.click("#board th[data-key='number'] button")
    assert (in_print, page.texts(f"{SHOWN} th")[:3]) == (0, ["0", "1", "2"])


def test_removed_samples_have_their_faces(page: OpenedPage) -> None:
    sizes = page.page.locator(".faces img").evaluate_all("(all) => all.map((image) => image.naturalWidth)")
    assert sizes == [72] * 48


@pytest.mark.parametrize("count", [0, 1])
def test_a_sweep_of_few_trials_is_shown_without_an_error(chromium: Browser, tmp_path: Path, count: int) -> None:
    record = replace(sweep_record(), trials=sweep_record().trials[:count])
    opened = chromium.open(write_report(Sweep(record, tmp_path), tmp_path / "few.html", made=MADE))
    assert (opened.heard, opened.violations()) == ([], [])
    opened.page.context.close()


def test_of_a_trial_without_a_line_the_curves_say_so(chromium: Browser, tmp_path: Path) -> None:
    opened = chromium.open(write_report(Sweep(sweep_record(), tmp_path), tmp_path / "report.html", made=MADE))
    assert opened.texts("#curves-note") == ["Trial 4 has no line here."]
    opened.page.context.close()
