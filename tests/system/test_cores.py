"""Cores that this process may use, read from control groups as Linux writes them."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from ferray.system import cores
from ferray.system.cores import num_cores, num_threads, quota


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_quota_of_a_container_of_version_2_is_seen(tmp_path: Path) -> None:
    write(tmp_path, "proc/self/cgroup", "0::/\n")
    write(tmp_path, "sys/fs/cgroup/cpu.max", "150000 100000\n")
    assert quota(tmp_path) == 1.5


def test_quota_of_a_container_of_version_1_is_seen(tmp_path: Path) -> None:
    write(tmp_path, "proc/self/cgroup", "5:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n")
    write(tmp_path, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n")
    write(tmp_path, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n")
    assert quota(tmp_path) == 2.0


def test_smallest_quota_of_nested_groups_counts(tmp_path: Path) -> None:
    write(tmp_path, "proc/self/cgroup", "0::/pod/container\n")
    write(tmp_path, "sys/fs/cgroup/pod/container/cpu.max", "400000 100000\n")
    write(tmp_path, "sys/fs/cgroup/pod/cpu.max", "300000 100000\n")
    assert quota(tmp_path) == 3.0


def test_group_without_a_quota_bounds_nothing(tmp_path: Path) -> None:
    write(tmp_path, "proc/self/cgroup", "4:cpu:/\n0::/\n")
    write(tmp_path, "sys/fs/cgroup/cpu.max", "max 100000\n")
    write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    assert quota(tmp_path) == math.inf


def test_machine_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert quota(tmp_path) == math.inf


@pytest.mark.parametrize(("given", "whole"), [(0.5, 1), (1.5, 1), (math.inf, 4)])
def test_part_of_a_core_is_no_slot(monkeypatch: pytest.MonkeyPatch, given: float, whole: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)))
    monkeypatch.setattr(cores, "quota", lambda: given)
    assert num_cores() == whole


@pytest.mark.parametrize(("asked", "threads"), [("3", 3), ("", 1), ("0", 1), ("many", 1)])
def test_threads_that_the_user_has_set_are_kept(monkeypatch: pytest.MonkeyPatch, asked: str, threads: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(cores, "num_cores", lambda: 1)
    assert num_threads() == threads
