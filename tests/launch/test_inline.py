"""The inline launcher."""

from __future__ import annotations

import pytest

from ferray.config.runtime import Runtime
from ferray.errors import ClusterError
from ferray.launch.inline import Inline


def test_cuda_without_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ClusterError, match="no CUDA device"):
        Inline(Runtime(device="cuda")).check()


def test_nothing_happens_where_nothing_was_started() -> None:
    assert Inline(Runtime(device="cpu")).poll() == []


def test_cpu_is_always_to_be_had() -> None:
    assert str(Inline(Runtime(device="cpu", cpus_per_trial=2)).check()) == "1 trial at a time, 2 cores"
