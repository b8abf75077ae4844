"""Where wandb's own files lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ferray.track.wandb_runs.files import files_kept_in, mark_sent


def test_a_place_that_the_user_has_chosen_is_left_to_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", "/chosen")
    monkeypatch.delenv("WANDB_CACHE_DIR", raising=False)
    with files_kept_in(tmp_path):
        places = os.environ["WANDB_DATA_DIR"], os.environ["WANDB_CACHE_DIR"]
    assert places == ("/chosen", str(tmp_path / "wandb" / "cache"))


def test_what_is_uploaded_is_marked_so_that_wandb_sends_it_no_more(tmp_path: Path) -> None:
    run = tmp_path / "wandb" / "offline-run-20260101_000000-abc"
    run.mkdir(parents=True)
    (run / "run-abc.wandb").touch()
    mark_sent(tmp_path)
    assert (run / "run-abc.wandb.synced").exists()
