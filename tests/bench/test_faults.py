"""The faults benchmark: what it plays, how it judges, and one fault from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bench.faults import KINDS, chosen, row_lines
from bench.stage import Ran, Seen
from ferray.imbalance import ClassCounts
from ferray.testing.faulty import Diverges, Explodes

COUNTS = ClassCounts((1, 1))


def test_all_faults_are_chosen_unless_some_are_named() -> None:
    assert len(chosen([])) == sum(map(len, KINDS.values()))


def test_faults_are_chosen_by_kind_and_by_the_beginning_of_their_name() -> None:
    assert list(chosen(["torn last line", "SIG"])) == ["SIGTERM", "SIGINT", "SIGHUP", "torn last line"]
    assert list(chosen(["store"])) == list(KINDS["store"])


def test_line_that_nobody_saw_is_not_well() -> None:
    ran = Ran(0, out="", err="all is well\n", seconds=1.0, ended=0.0)
    assert not Seen(ran.saw("error:"), 0).is_well
    assert Seen(ran.saw("well"), 0).is_well


def test_long_cells_are_wrapped_within_their_columns() -> None:
    lines = row_lines(("fault", "word " * 30, "0", "nothing")).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 156


def test_plug_in_that_explodes_does_so_from_its_epoch_on() -> None:
    strategy = Explodes(Explodes.Params(from_epoch=2), COUNTS)
    strategy.criterion(0.0)
    with pytest.raises(RuntimeError, match="out of bounds"):
        strategy.criterion(0.5)


def test_plug_in_behaves_once_its_file_is_there(tmp_path: Path) -> None:
    strategy = Diverges(Diverges.Params(unless=str(tmp_path / "spent"), once=True), COUNTS)
    logits_NC, target_NC = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
    losses = [strategy.criterion(progress)(logits_NC, target_NC).isfinite().item() for progress in (0.0, 0.5)]
    assert losses == [False, True]


@pytest.mark.slow
def test_torn_journal_costs_nothing() -> None:
    command = [sys.executable, "-m", "bench.faults", "--json", "torn last line"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)["faults"]
    assert (row["exit_code"], row["lost"]) == (0, "nothing")
