"""Faults inside a trial: out of memory, bugs, losses that are not numbers, images that cannot be read."""

from __future__ import annotations

from pathlib import Path

from bench.stage import Fault, Seen, Stage
from ferray.testing.fake_data import write_image_folder

FOLDER = "image_folder"


def out_of_memory_once(stage: Stage) -> Seen:
    """The first attempt is refused memory, the one in halves is not."""
    stage.write_space(imbalance=f"[{{eats_memory: {{unless: {stage.folder / 'eaten'}, once: true}}}}]")
    ran = stage.sweep()
    halved = [trial.number for trial in stage.record().trials if trial.accumulated == 2]
    lost = stage.lost() if halved == [0] else f"tried in halves: {halved}"
    return Seen(ran.saw("trial 0"), ran.code, lost)


def out_of_memory_always(stage: Stage) -> Seen:
    stage.write_space(imbalance="[none, {eats_memory: {}}]", trials=8)
    ran = stage.sweep()
    return Seen(stage.ferray("trials", "--failed").saw("out of memory"), ran.code, stage.lost(8))


def bug(stage: Stage) -> Seen:
    """Some trials have one, the others go on; the traceback is where the list says."""
    stage.write_space(imbalance="[none, {explodes: {from_epoch: 2}}]", trials=8)
    ran = stage.sweep()
    said = stage.ferray("trials", "--failed").saw("bug: RuntimeError: index 7")
    errors = [trial.error_file for trial in stage.record().trials if trial.reason == "bug"]
    unread = [file for file in errors if "index 7 is out of bounds" not in Path(file).read_text()]
    return Seen(said, ran.code, f"no traceback in {unread}" if unread else stage.lost(8))


def diverged(stage: Stage) -> Seen:
    stage.write_space(imbalance="[none, {diverges: {from_epoch: 2}}]", trials=8)
    ran = stage.sweep()
    return Seen(ran.saw("diverged"), ran.code, stage.lost(8))


def too_many_failures(stage: Stage) -> Seen:
    """Each trial fails: the sweep gives up, and the same command goes on when that is mended."""
    stage.write_space(imbalance=f"[{{explodes: {{unless: {stage.folder / 'mended'}}}}}]", trials=6)
    ran = stage.sweep("--max-failures", "3")
    (stage.folder / "mended").touch()
    again = stage.sweep("--max-failures", "3")
    return Seen(ran.saw("error: .*in a row"), ran.code, stage.lost(6) if again.code == 0 else again.saw("error:"))


def bad_sample_refused(stage: Stage) -> Seen:
    data = _one_torn_image(stage)
    ran = stage.sweep("--data-root", str(data))
    named = ran.saw("000.png")
    return Seen(named, ran.code, "nothing" if not stage.sweep_folder.exists() else "a sweep was begun")


def bad_sample_skipped(stage: Stage) -> Seen:
    data = _one_torn_image(stage)
    ran = stage.sweep("--data-root", str(data), "--bad-samples", "skip")
    return Seen(ran.saw("left out"), ran.code, stage.lost())


def bad_sample_later(stage: Stage) -> Seen:
    """The images vanish between two commands: what is decoded already is used."""
    data = write_image_folder(stage.folder / "data", per_class=12)
    stage.write_space(dataset=FOLDER)
    stage.sweep("--data-root", str(data), "--trials", "2")
    next(iter(sorted(data.glob("train/*/000.png")))).write_bytes(b"\x89PNG torn")
    ran = stage.sweep("--data-root", str(data))
    return Seen(ran.saw("000.png"), ran.code, stage.lost(2))


def _one_torn_image(stage: Stage) -> Path:
    data = write_image_folder(stage.folder / "data", per_class=12)
    next(iter(sorted(data.glob("train/*/000.png")))).write_bytes(b"\x89PNG torn")
    stage.write_space(dataset=FOLDER)
    return data


FAULTS: dict[str, Fault] = {
    "out of memory, once": out_of_memory_once,
    "out of memory, always": out_of_memory_always,
    "bug in a trial": bug,
    "diverged": diverged,
    "too many failures in a row": too_many_failures,
    "bad sample, refused": bad_sample_refused,
    "bad sample, skipped": bad_sample_skipped,
    "bad sample between commands": bad_sample_later,
}
