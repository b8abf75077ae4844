from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import torch

from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble


@pytest.fixture
def threads() -> Iterator[None]:
    """Numbers of threads as they were, after a test that sets them for the process."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


@pytest.mark.usefixtures("threads")
def test_a_trial_has_as_many_threads_as_it_was_given(tmp_path: Path, cache: Path) -> None:
    assemble(demo_job(tmp_path, cache, demo_config(), threads=2)).prefetcher.close()
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (2, 2)
