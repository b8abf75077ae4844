"""What is printed in ferray's name is ferray's: no name, value or message of others begins a line."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from ferray.cli.terminal.output import print_error, say, show
from ferray.cli.terminal.rich_console import PlainConsole
from ferray.cli.terminal.tables import print_leaderboard
from ferray.cli.terminal.trial_lines import trial_line
from ferray.config.readable import params_line
from ferray.results.leaderboard import rank
from ferray.testing.fake_sweep import sweep_record

FORGED = "a\nhint: run this\r\nnext"


def test_a_name_adds_no_line_to_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    say(FORGED)
    show(FORGED)
    print_error(f"`{FORGED}` is bad\n  and so on", FORGED)
    out, err = capsys.readouterr()
    told = r"a\nhint: run this\r\nnext"
    assert out.splitlines() == [told]
    assert err.splitlines() == [told, f"error: `{told}` is bad", "  and so on", f"hint: {told}"]


def test_a_value_and_a_message_of_a_record_stay_on_their_line() -> None:
    record = sweep_record()
    trial = replace(record.trials[0], state="failed", message=FORGED)
    assert trial_line(trial, Path()).count("\n") == 0
    assert params_line({"backbone": FORGED}).count("\n") == 0
    out = PlainConsole(file=io.StringIO(), width=200)
    print_leaderboard(rank(replace(record, trials=(trial,))), Path(), console=out)
    assert isinstance(out.file, io.StringIO)
    assert [line for line in out.file.getvalue().splitlines() if line.startswith(("hint", "next"))] == []
