"""Faults inside a trial: memory, bugs, losses that are not numbers, images, checkpoints and weights not to be had."""

from __future__ import annotations

import signal
from pathlib import Path

import timm
from safetensors.torch import save_file

from bench.stage import Fault, Seen, Stage
from ferray.testing.fake_data import write_image_folder

FOLDER = "image_folder"
LONG = 150  # epochs that outlast the first checkpoint


def out_of_memory_once(stage: Stage) -> Seen:
    """The first attempt is refused memory, the one in halves is not."""
    stage.write_space(imbalance=f"[{{eats_memory: {{unless: {stage.folder / 'eaten'}, once: true}}}}]")
    ran = stage.sweep()
    halved = [trial.number for trial in stage.record().trials if trial.accumulated == 2]
    lost = stage.lost() if halved == [0] else f"tried in halves: {halved}"
    return Seen(ran.saw("trial 0"), ran.code, lost)


def cublas_out_of_memory(stage: Stage) -> Seen:
    """The same, in the words of a library."""
    stage.write_space(imbalance=f"[{{exhausts_cublas: {{unless: {stage.folder / 'eaten'}, once: true}}}}]")
    ran = stage.sweep()
    halved = [trial.number for trial in stage.record().trials if trial.accumulated == 2]
    lost = stage.lost() if halved == [0] else f"tried in halves: {halved}"
    return Seen(ran.saw("trial 0"), ran.code, lost)


def torn_checkpoint(stage: Stage) -> Seen:
    """The sweep is interrupted, and the disk tears the checkpoint that it left."""
    stage.write_space(epochs=LONG)
    running = stage.start()
    running.until(lambda: any(stage.sweep_folder.glob("trials/*/last.pt")))
    running.signal(signal.SIGINT)
    running.wait()
    torn = list(stage.sweep_folder.glob("trials/*/last.pt"))
    for checkpoint in torn:
        checkpoint.write_bytes(checkpoint.read_bytes()[:2000])
    ran = stage.sweep()
    return Seen(ran.saw("is torn"), ran.code, stage.lost() if torn else "no checkpoint was left")


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
    return Seen(ran.saw("000.png"), ran.code, _unbegun(stage))


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


def unwritable_cache(stage: Stage) -> Seen:
    """Features of a frozen backbone cannot be kept, in any trial."""
    cache = stage.own_cache()
    frozen = _frozen(stage, "ra_in1k")
    (cache / "features").write_text("a file where a folder should be")
    ran = stage.sweep(*frozen)
    (cache / "features").unlink()
    again = stage.sweep(*frozen)
    lost = stage.lost() if again.code == 0 else f"after mending: {again.code} {again.saw('error:')}"
    failed = [trial.number for trial in stage.record().trials if trial.outcome == "failed"]
    return Seen(ran.saw("error: .*features cannot be kept"), ran.code, f"failed: {failed}" if failed else lost)


def features_of_another_mean(stage: Stage) -> Seen:
    """One file of weights under two names, whose inputs are normalised differently."""
    cache = stage.own_cache()
    ran = [stage.sweep("--name", tag, *_frozen(stage, tag)) for tag in ("ra_in1k", "ra4_e3600_r224_in1k")]
    kept = len(list((cache / "features").glob("*.npy")))
    lost = "nothing" if kept == len(ran) else f"{kept} sets of features for two networks"
    return Seen("(nothing)", max(one.code for one in ran), lost)


def _frozen(stage: Stage, tag: str) -> tuple[str, ...]:
    """Options that freeze a network whose random weights lie in a file."""
    weights = stage.folder / "weights.safetensors"
    if not weights.exists():
        net = timm.create_model("mobilenetv3_large_100", num_classes=0)
        save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, weights)
    backbone = f"backbone={{timm: {{name: mobilenetv3_large_100.{tag}, weights: {weights}}}}}"
    return ("--set", backbone, "--set", "finetune=head", "--set", "epochs=2")


def weights_out_of_reach(stage: Stage) -> Seen:
    """The hub does not answer, and nothing was downloaded before."""
    stage.variables |= {
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HOME": str(stage.folder / "hub"),
        "TORCH_HOME": str(stage.folder / "torch"),
    }
    ran = stage.sweep("--set", "backbone={timm: {name: resnet18, pretrained: true}}")
    return Seen(ran.saw("error: .*nor to be reached"), ran.code, _unbegun(stage))


def renamed_network(stage: Stage) -> Seen:
    ran = stage.sweep("--set", "backbone={timm: {name: tf_efficientnet_b0_ap}}")
    return Seen(ran.saw("tf_efficientnet_b0.ap_in1k"), ran.code, _unbegun(stage))


def _unbegun(stage: Stage) -> str:
    return "nothing" if not stage.sweep_folder.exists() else "a sweep was begun"


def _one_torn_image(stage: Stage) -> Path:
    data = write_image_folder(stage.folder / "data", per_class=12)
    next(iter(sorted(data.glob("train/*/000.png")))).write_bytes(b"\x89PNG torn")
    stage.write_space(dataset=FOLDER)
    return data


FAULTS: dict[str, Fault] = {
    "out of memory, once": out_of_memory_once,
    "out of memory, by cuBLAS": cublas_out_of_memory,
    "out of memory, always": out_of_memory_always,
    "bug in a trial": bug,
    "diverged": diverged,
    "too many failures in a row": too_many_failures,
    "bad sample, refused": bad_sample_refused,
    "bad sample, skipped": bad_sample_skipped,
    "bad sample between commands": bad_sample_later,
    "torn last.pt": torn_checkpoint,
    "unwritable cache": unwritable_cache,
    "features of another mean": features_of_another_mean,
    "hub without network": weights_out_of_reach,
    "renamed timm name": renamed_network,
}
