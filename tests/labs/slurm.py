"""A SLURM of several nodes on hosts of the laboratory: Debian's slurm-wlm, munge and a shared home. Needs root.

`node1` is where users log in and slurmctld runs; the others run slurmd with two pretended GPUs each. Keys, states and
logs lie in the laboratory's own folders: nothing of the machine's own SLURM is touched.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.labs.hosts import SHARED, Host, hosts, why_no_hosts

TOOLS = ("slurmctld", "slurmd", "sbatch", "munged")
MUNGE = "/tmp/munge"
SPOOL = "/tmp/slurm"
LONGEST_S = 480.0  # that anything is waited for
ENDS = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")  # PREEMPTED ones are in the queue again
_STATES = "sinfo --noheader --Node --partition=main --format=%T"
CONFIGURATION = """
ClusterName=laboratory
SlurmctldHost=node1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={munge}/socket,cred_expire=10
StateSaveLocation={spool}/ctld
SlurmdSpoolDir={spool}/spool
SlurmctldPidFile={spool}/ctld.pid
SlurmdPidFile={spool}/slurmd.pid
SlurmctldLogFile={spool}/ctld.log
SlurmdLogFile={spool}/slurmd.log
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
ReturnToService=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
MinJobAge=3600
NodeName={nodes} CPUs=2 RealMemory=4000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes={nodes} Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=45
PartitionName=urgent Nodes={nodes} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=off
"""


def why_no_slurm() -> str:
    """Why this machine can run no SLURM of several nodes, "" where it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"needs {', '.join(missing)} (slurm-wlm, munge)" if missing else why_no_hosts()


@dataclass(frozen=True)
class Slurm:
    """A SLURM that runs, as users see it from the login node; `shared` is where the machine has the folder of all."""

    login: Host
    nodes: Sequence[Host]
    shared: Path

    def run(self, script: str, *, check: bool = True) -> str:
        """What a bash script prints on the login node, in the shared home."""
        return self.login.run(
            f"export SLURM_CONF={SHARED}/slurm/slurm.conf HOME={SHARED}/home; cd; {script}", check=check
        )

    def submit(self, options: str, script: str) -> int:
        """The number of a job that sbatch took."""
        return int(self.run(f"sbatch --parsable {options} {script}"))

    def job(self, number: int) -> dict[str, str]:
        """What SLURM knows of a job: `JobState`, `Restarts`, ..."""
        words = self.run(f"scontrol show job {number}").split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def wait(self, claim: Callable[[], object], otherwise: str) -> None:
        """Until a claim comes true; RuntimeError with these words where it takes too long."""
        ends = time.monotonic() + LONGEST_S
        while not claim():
            if time.monotonic() > ends:
                raise RuntimeError(otherwise)
            time.sleep(0.5)

    def end(self, job: int) -> dict[str, str]:
        """The job as SLURM knows it once it has ended for good."""
        self.wait(lambda: self.job(job)["JobState"] in ENDS, f"job {job} does not end")
        return self.job(job)


@contextmanager
def slurm(num_nodes: int, folder: Path) -> Iterator[Slurm]:
    """SLURM on so many nodes and a login node, until the block ends."""
    shared = folder / "shared"
    for each in ("home", "slurm"):
        (shared / each).mkdir(parents=True, exist_ok=True)
    _configure(shared / "slurm", num_nodes)
    with hosts(num_nodes + 1, folder, shared=shared) as (login, *nodes):
        for host in (login, *nodes):
            host.run(_MUNGE)
        login.run(f"{_CONFIGURED}; mkdir -p {SPOOL}/ctld; slurmctld")
        for host in nodes:
            host.run(f"{_CONFIGURED}; mkdir -p {SPOOL}/spool; touch {SPOOL}/gpu0 {SPOOL}/gpu1; slurmd -N {host.name}")
        made = Slurm(login, nodes, shared)
        made.wait(lambda: made.run(_STATES, check=False).split() == ["idle"] * num_nodes, "the nodes do not come up")
        yield made


_CONFIGURED = f"export SLURM_CONF={SHARED}/slurm/slurm.conf"
# slurmd looks for a cgroup that it may write, and the machine's are none of its business.
_MUNGE = f"""
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir -p {MUNGE}
cp {SHARED}/slurm/munge.key {MUNGE}/key
chown -R munge:munge {MUNGE}
chmod 755 {MUNGE}
chmod 400 {MUNGE}/key
setpriv --reuid=munge --regid=munge --clear-groups munged --key-file={MUNGE}/key --socket={MUNGE}/socket \\
    --pid-file={MUNGE}/pid --seed-file={MUNGE}/seed --log-file={MUNGE}/log
"""


def _configure(folder: Path, num_nodes: int) -> None:
    nodes = f"node[2-{num_nodes + 1}]"
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "slurm.conf").write_text(CONFIGURATION.format(nodes=nodes, munge=MUNGE, spool=SPOOL))
    (folder / "gres.conf").write_text(f"NodeName={nodes} Name=gpu File={SPOOL}/gpu[0-1]\n")
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n")
