"""cluster/slurm/sweep.sbatch on a real SLURM of two nodes: `make slurm-test`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.tally import tally
from tests.labs.hosts import ROOT
from tests.labs.slurm import ENDS, Slurm, slurm, why_no_slurm

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(why_no_slurm()), reason=why_no_slurm())]

TRIALS = 4
SPACE = f"""
dataset: {{demo: {{num_train: 140, num_val: 70, num_test: 7}}}}
budget: {{trials: {TRIALS}}}
sampler: random
pruner: none
base: {{image_size: 32, augment: none, backbone: {{tiny_cnn: {{width: 8, depth: 3}}}}, batch_size: 32}}
space: {{optimizer.lr: {{log_uniform: [1.0e-4, 2.0e-2]}}}}
"""
SCRIPT = ROOT / "cluster" / "slurm" / "sweep.sbatch"
SIZE = "--cpus-per-task=2 --gpus-per-node=2"
BEGUN = 10  # epochs, after which a sweep is in the middle of its first trials
ALL_FINISHED = {"finished": TRIALS, "lost": 0, "doubled": 0, "left_running": 0}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with slurm(2, tmp_path_factory.mktemp("slurm")) as made:
        (made.shared / "home" / "space.yaml").write_text(SPACE)
        yield made


def submit(lab: Slurm, name: str, *, time: str = "15", epochs: int = 60) -> int:
    """A sweep of this name, in the queue."""
    options = f"--name {name} --epochs {epochs} --device cpu --tracker none --max-concurrent 2"
    return lab.submit(f"{SIZE} --time={time}", f"{SCRIPT} space.yaml {options}")


def await_first_epochs(lab: Slurm, name: str, job: int) -> None:
    """Wait until the job's sweep is in its first trials; an AssertionError with its log where it has ended before."""
    histories = folder(lab, name) / "trials"

    def num_epochs() -> int:
        return sum(len(each.read_text().splitlines()) for each in histories.glob("*/history.jsonl"))

    def has_begun_or_ended() -> bool:
        return num_epochs() >= BEGUN or lab.job(job)["JobState"] in ENDS

    lab.wait(has_begun_or_ended, f"`{name}` does not begin")
    assert num_epochs() >= BEGUN, words(lab, job)


def folder(lab: Slurm, name: str) -> Path:
    return lab.shared / "home" / "runs" / name


def words(lab: Slurm, job: int) -> str:
    return (lab.shared / "home" / f"ferray-{job}.log").read_text()


def counts(lab: Slurm, name: str) -> dict[str, Any]:
    """Of what may not go wrong, as ALL_FINISHED has it."""
    known = tally(folder(lab, name))
    return {key: known[key] for key in ALL_FINISHED}


@pytest.fixture(scope="module")
def whole(lab: Slurm) -> int:
    """A job that nobody disturbed, ended."""
    job = submit(lab, "whole")
    lab.end(job)
    return job


def test_sbatch_runs_a_sweep_to_its_end(lab: Slurm, whole: int) -> None:
    assert (lab.job(whole)["JobState"], counts(lab, "whole")) == ("COMPLETED", ALL_FINISHED), words(lab, whole)


def test_a_job_whose_sweep_has_ended_ends_without_a_word_of_trouble(lab: Slurm, whole: int) -> None:
    assert re.findall("(?im)traceback|^.*(?:srun|slurmstepd|^error):.*", words(lab, whole)) == []


@pytest.mark.usefixtures("whole")
def test_nothing_of_ray_is_left_on_a_node(lab: Slurm) -> None:
    left = [host.run("pgrep --full --list-full '[r]aylet|[g]cs_server'", check=False) for host in lab.nodes]
    assert left == ["", ""]


def test_a_sweep_goes_on_after_scontrol_requeue(lab: Slurm) -> None:
    job = submit(lab, "requeued")
    await_first_epochs(lab, "requeued", job)
    lab.run(f"scontrol requeue {job}")
    ended = lab.end(job)
    assert (ended["JobState"], ended["Restarts"]) == ("COMPLETED", "1"), words(lab, job)
    assert counts(lab, "requeued") == ALL_FINISHED
    assert tally(folder(lab, "requeued"))["resumed"] >= 1


def test_a_sweep_saves_before_its_time_limit_and_goes_on_by_itself(lab: Slurm) -> None:
    job = submit(lab, "limited", epochs=1000)  # SLURM looks for jobs to warn twice a minute
    await_first_epochs(lab, "limited", job)
    lab.run(f"scontrol update jobid={job} TimeLimit=+0; scontrol update jobid={job} EndTime=now+61")
    ended = lab.end(job)  # each start has these two minutes, so how many it takes is the machine's affair
    assert (ended["JobState"], ended["Restarts"] >= "1") == ("COMPLETED", True), words(lab, job)
    assert "stopping: asking 2 trials to save" in words(lab, job)
    assert counts(lab, "limited") == ALL_FINISHED
    assert tally(folder(lab, "limited"))["resumed"] >= 1


def test_a_preempted_sweep_saves_and_goes_on_when_the_nodes_are_free(lab: Slurm) -> None:
    job = submit(lab, "preempted")
    await_first_epochs(lab, "preempted", job)
    lab.submit("--partition=urgent --nodes=2 --exclusive", "--wrap='sleep 3'")
    ended = lab.end(job)
    assert (ended["JobState"], ended["Restarts"]) == ("COMPLETED", "1"), words(lab, job)
    assert counts(lab, "preempted") == ALL_FINISHED
    assert tally(folder(lab, "preempted"))["resumed"] >= 1


def test_a_cancelled_sweep_stays_cancelled(lab: Slurm) -> None:
    job = submit(lab, "cancelled")
    await_first_epochs(lab, "cancelled", job)
    lab.run(f"scancel {job}")
    assert lab.end(job)["JobState"] == "CANCELLED"
    assert tally(folder(lab, "cancelled"))["finished"] < TRIALS


def test_no_token_is_left_behind(lab: Slurm, whole: int) -> None:
    assert not (lab.shared / "home" / ".ferray" / f"slurm-{whole}").exists()
