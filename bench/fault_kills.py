"""Faults from outside: signals and killed processes, on real Ray."""

from __future__ import annotations

import signal
from dataclasses import replace

from bench import family
from bench.stage import Fault, Running, Seen, Stage
from bench.tally import tally
from ferray.launch._session_folder import PREFIX

RAY = ("--launcher", "ray")
ENDS_WITHIN_S = 10.0
EPOCHS = 80  # long enough that a trial is running when a blow falls


def _started(stage: Stage) -> Running:
    """A sweep on Ray that has finished a trial, and is in the middle of another."""
    stage.write_space(epochs=EPOCHS)
    running = stage.start(*RAY)
    running.until(stage.is_under_way)
    return running


def _gone_on(stage: Stage, said: str, code: int) -> Seen:
    """Run the same command again: it must end well, with all trials."""
    again = stage.sweep(*RAY)
    lost = stage.lost() if again.code == 0 else f"the same command again ends with {again.code}: {again.saw('error:')}"
    return Seen(f"{said}; then the same command: {tally(stage.sweep_folder)['resumed']} resumed", code, lost)


def driver_killed(stage: Stage) -> Seen:
    running = _started(stage)
    running.signal(signal.SIGKILL)
    return _gone_on(stage, "(killed)", running.wait().code)


def everything_killed(stage: Stage) -> Seen:
    running = _started(stage)
    running.kill_everything()
    seen = _gone_on(stage, "(killed)", running.wait().code)
    left = [path.name for path in (stage.folder / "tmp").glob(f"{PREFIX}????????")]
    return replace(seen, lost=f"left behind: {left}") if left else seen


def raylet_killed(stage: Stage) -> Seen:
    running = _started(stage)
    running.kill_one(lambda: family.titled(family.RAYLET))
    ran = running.wait()
    if ran.code == 0:
        return Seen("(the sweep ended well all the same)", 0, stage.lost())
    return _gone_on(stage, ran.saw("error:"), ran.code)


def worker_killed(stage: Stage) -> Seen:
    """In the middle of a step."""
    running = _started(stage)
    running.kill_one(lambda: family.titled(family.IN_A_STEP))
    ran = running.wait()
    return Seen(ran.saw("worker was lost"), ran.code, stage.lost())


def worker_killed_in_its_start(stage: Stage) -> Seen:
    """While it imports torch, or builds its first trial."""
    running = stage.start(*RAY)
    running.kill_one(family.in_their_start)
    ran = running.wait()
    return Seen(ran.saw("worker was lost"), ran.code, stage.lost())


def worker_stopped(stage: Stage) -> Seen:
    """SIGSTOP in the middle of a step: it lives, and says nothing more."""
    stage.write_space(epochs=EPOCHS)
    running = stage.start(*RAY, "--trial-timeout", "30s")
    running.until(stage.is_under_way)
    running.stop_one(lambda: family.titled(family.IN_A_STEP))
    ran = running.wait()
    return Seen(ran.saw("no word for 30 s"), ran.code, stage.lost())


def all_workers_lost(stage: Stage) -> Seen:
    """Each worker dies in its first epoch: the sweep ends, and the same command goes on when that is mended."""
    stage.write_space(imbalance=f"[{{dies: {{unless: {stage.folder / 'mended'}}}}}]", trials=8)
    ran = stage.sweep(*RAY)
    (stage.folder / "mended").touch()
    again = stage.sweep(*RAY)
    said = ran.saw("error: workers were lost")
    return Seen(said, ran.code, stage.lost(8) if again.code == 0 else f"mended: {again.code} {again.saw('error:')}")


def _asked_to_end(stage: Stage, number: int) -> Seen:
    running = _started(stage)
    running.signal(number)
    ran = running.wait()
    seen = _gone_on(stage, f"{ran.saw('same command again')} after {ran.seconds:.1f} s", ran.code)
    late = ran.seconds > ENDS_WITHIN_S
    return Seen(seen.said, seen.exit_code, f"{ran.seconds:.1f} s to end" if late else seen.lost)


def ctrl_c(stage: Stage) -> Seen:
    return _asked_to_end(stage, signal.SIGINT)


def sigterm(stage: Stage) -> Seen:
    return _asked_to_end(stage, signal.SIGTERM)


def sighup(stage: Stage) -> Seen:
    return _asked_to_end(stage, signal.SIGHUP)


def hang(stage: Stage) -> Seen:
    """The first trial sleeps, the second attempt at it does not."""
    stage.write_space(imbalance=f"[{{hangs: {{unless: {stage.folder / 'hung'}, once: true, from_epoch: 3}}}}]")
    ran = stage.sweep(*RAY, "--trial-timeout", "45s")
    return Seen(ran.saw("no word for 45 s"), ran.code, stage.lost())


def hang_for_good(stage: Stage) -> Seen:
    """Every attempt sleeps: the trial fails under its name."""
    stage.write_space(imbalance="[{hangs: {}}]", trials=1)
    ran = stage.sweep(*RAY, "--trial-timeout", "30s", "--max-retries", "1")
    return Seen(stage.ferray("trials", "--failed").saw("failed .*hang"), ran.code, stage.lost(1))


FAULTS: dict[str, Fault] = {
    "driver killed": driver_killed,
    "worker killed in a step": worker_killed,
    "worker killed in its start": worker_killed_in_its_start,
    "worker stopped": worker_stopped,
    "all workers lost": all_workers_lost,
    "raylet killed": raylet_killed,
    "everything killed": everything_killed,
    "SIGTERM": sigterm,
    "SIGINT": ctrl_c,
    "SIGHUP": sighup,
    "hang, once": hang,
    "hang, always": hang_for_good,
}
