"""What a card gives: the bare step in every format and layout, ferray's trainer on it, heads as one, trials packed.

    python -m bench.gpu [--backbone resnet18] [--image-size 224] [--batch-size 64] [--seconds 2] [--copies 8]

prints one JSON document on stdout and a table on stderr, in minutes. The bare step needs torch, torchvision and timm;
the trainer, the heads and the packing need `pydantic`, `platformdirs` and `opencv-python-headless` beside,
augmentation on the host `albumentations` too, and nothing else of what ferray installs: parts whose packages are
missing are left out, and named. Trials are packed with augmentation on the host, as by default, where it can be had.
Without a CUDA device nothing is measured, and the document says so; `--on-cpu` runs the parts that a CPU can run, to
see that they run, and its figures say nothing about a card.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bench.gpu_steps import NUM_CLASSES, VARIANTS, BareStep, Shape, Variant
from bench.record import Record, Recording, recording

OF_THE_TRAINER = {"pydantic": "pydantic", "platformdirs": "platformdirs", "cv2": "opencv-python-headless"}
NO_CARD = "torch finds no CUDA device: nothing was measured, and nothing is known of a card"
REFERENCE = "bfloat16, channels last"  # the bare step that the trainer's is nearest to
ON_HOST, ON_DEVICE = "bfloat16, wang2020 on the host", "bfloat16, wang2020 on the device"
TRAINERS: dict[str, dict[str, Any]] = {
    "float32": {"precision": "float32", "augment": "none"},
    "bfloat16": {"precision": "bfloat16", "augment": "none"},
    "bfloat16, compiled": {"precision": "bfloat16", "augment": "none", "compile": True},
    ON_HOST: {"precision": "bfloat16", "augment": "wang2020"},
    ON_DEVICE: {
        "precision": "bfloat16",
        "augment": "wang2020",
        "augment_on": "device",
    },
}
BATCHES = 32  # of an epoch of the trainer


@dataclass(frozen=True)
class Asked:
    """What is measured, and for how long."""

    shape: Shape
    seconds: float = 2.0
    rounds: int = 3
    copies: int = 8
    threads: int = 4
    device: str = "cuda"


def measure(quick: bool = False, asked: Asked | None = None) -> Record:
    """The record; without a card one that says so."""
    asked = asked or Asked(Shape("resnet18", 224, 64))
    asked = replace(asked, seconds=0.0, rounds=1) if quick else asked
    with recording("gpu", quick=quick) as record:
        record.details |= {"asked_for": asdict(asked), "left_out": {}}
        has_device = asked.device != "cuda" or torch.cuda.is_available()
        if has_device:
            _measure_all(asked, record)
        else:
            record.details["left_out"]["everything"] = NO_CARD
    return {**record.document(), "device": device_facts(asked) if has_device else None}


def _measure_all(asked: Asked, record: Recording) -> None:
    bare = bare_steps(asked, record)
    if missing := missing_packages():
        why = f"needs {', '.join(f'`{name}`' for name in missing)}"
        record.details["left_out"] |= dict.fromkeys(("trainer", "heads", "packing"), why)
        return
    trainers(asked, record, bare)
    with leaving_out(record, "heads", torch.device(asked.device)):
        from bench.gpu_heads import fused_heads

        fused_heads(record, device=asked.device, rounds=asked.rounds, quick=not asked.seconds)
    with leaving_out(record, "packing", torch.device(asked.device)):
        packing(asked, record)


def bare_steps(asked: Asked, record: Recording) -> dict[str, list[float]]:
    """Images a second of each variant, round by round; each is built anew, so that one has the device at a time."""
    device, rates = torch.device(asked.device), dict[str, list[float]]()
    starts: dict[str, float] = {}
    chosen = [name for name, variant in VARIANTS.items() if asked.seconds or not variant.compiled]
    for number in range(asked.rounds):
        for name in chosen if number % 2 == 0 else reversed(chosen):
            with leaving_out(record, f"step: {name}", device):
                rate, start_s = _bare_rate(asked, VARIANTS[name], device)
                rates.setdefault(name, []).append(rate)
                starts.setdefault(name, start_s)  # of the first round: compiled networks are kept
    for name, found in rates.items():
        _beside(record, f"step: {name}", found, rates.get("float32", []))
    record.details["start_s"] = {name: round(value, 2) for name, value in starts.items()}
    record.details["compile_pays_after_images"] = break_even(rates, starts)
    return rates


def _bare_rate(asked: Asked, variant: Variant, device: torch.device) -> tuple[float, float]:
    """Images a second of a step that is gone afterwards, and the seconds until it was ready."""
    step = BareStep(asked.shape, variant, device)
    return step.images_per_s(asked.seconds), step.start_s


@contextmanager
def leaving_out(record: Recording, what: str, device: torch.device) -> Iterator[None]:
    """Around one figure: what a card refuses (its memory, a format, a compiler) is named, and the others are taken."""
    try:
        yield
    except Exception as error:
        record.details["left_out"][what] = f"{type(error).__name__}: {error}".splitlines()[0]
    empty(device)


def _beside(record: Recording, name: str, found: Sequence[float], floor: Sequence[float]) -> None:
    """The figure with its floor, alone where that was not measured as often."""
    if len(floor) < len(found):
        record.state(name, median(found), "images/s")
    else:
        record.compare(name, found, floor[: len(found)], unit="images/s")


def break_even(rates: Mapping[str, Sequence[float]], starts: Mapping[str, float]) -> int | None:
    """After how many images a compiled network has won back what compiling took; None where it never does."""
    plain, compiled = REFERENCE, f"{REFERENCE}, compiled"
    if compiled not in rates or plain not in rates:
        return None
    saved = 1 / median(rates[plain]) - 1 / median(rates[compiled])
    return round(max(0.0, starts[compiled] - starts[plain]) / saved) if saved > 0 else None


def trainers(asked: Asked, record: Recording, bare: Mapping[str, Sequence[float]]) -> None:
    """Training passes of ferray's own trainer, images a second, against the bare step of their format."""
    from ferray.training.device_trial import DeviceTrial

    for name, keys in TRAINERS.items():
        if "compile" in keys and not asked.seconds:
            continue  # it would take minutes, for a figure that means nothing
        floor = bare.get("float32, channels last" if keys["precision"] == "float32" else REFERENCE)
        count = max(3, asked.rounds) if asked.seconds else 1
        with (
            leaving_out(record, f"trainer: {name}", torch.device(asked.device)),
            closing(DeviceTrial(workload(asked, **keys), asked.device, batches=BATCHES)) as trial,
        ):
            rates = [trial.epoch().metrics["images_per_s"] for _ in range(count)]
            _beside(record, f"trainer: {name}", rates, [median(floor)] * count if floor else [])


def packing(asked: Asked, record: Recording) -> None:
    """Images a second of 1, 2, 3, ... trials at once, and what `--gpus-per-trial auto` makes of it."""
    if asked.device != "cuda":
        record.details["left_out"]["packing"] = "a CPU has no memory of its own to share"
        return
    from ferray.launch._local_gpu import local_gpu
    from ferray.sweeps.gpu_memory import GpuMemory
    from ferray.sweeps.gpu_packing import Bounds, pack

    packed = trainer_to_pack()
    trained = workload(asked, **TRAINERS[packed])
    with tempfile.TemporaryDirectory() as folder, local_gpu() as gpu:
        memory = GpuMemory(gpu.facts, Path(folder))
        found = pack([trained], gpu, memory, Bounds(asked.copies, f"`--copies {asked.copies}`"))
        known = memory.known(trained)
        one = memory.rate(trained, 1)
    for copies, rate in known.images_per_s.items() if known is not None else ():
        record.compare(f"packing: {copies} at once", [rate], [one or rate], unit="images/s")
    record.details["packing"] = {"of": packed, **found.to_json(), "said": str(found)}


def trainer_to_pack() -> str:
    """The trials that users have by default, else those that can be had here."""
    return ON_HOST if find_spec("albumentations") is not None else ON_DEVICE


def workload(asked: Asked, **keys: Any) -> Any:
    """The training of ferray that the bare step is the heart of."""
    from ferray.config.trial import TrialConfig
    from ferray.config.workload import Workload

    shape = asked.shape
    plain = {"dataset": "demo", "backbone": {"timm": {"name": shape.backbone}}, "image_size": shape.image_size}
    config = TrialConfig.model_validate({**plain, "batch_size": shape.batch_size, **keys})
    return Workload.of(config, image_size=shape.image_size, num_classes=NUM_CLASSES, threads=asked.threads)


def missing_packages() -> list[str]:
    """What is to be installed, by the names of the package index, before the trainer can be measured."""
    return [package for module, package in OF_THE_TRAINER.items() if find_spec(module) is None]


def device_facts(asked: Asked) -> dict[str, Any]:
    """The card that the figures are of."""
    if asked.device != "cuda":
        return {"name": asked.device, "note": "no card: its figures say nothing about one"}
    facts = torch.cuda.get_device_properties(0)
    return {"name": facts.name, "memory_gib": round(facts.total_memory / 2**30, 1), "cuda": torch.version.cuda}


def empty(device: torch.device) -> None:
    """Give what nobody holds back to the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def table(record: Record) -> Iterator[str]:
    """The figures for people, a line each, then what was left out and what trials packed come to."""
    if record["device"] is not None:
        yield f"{'on ' + record['device']['name']:42}{'':10}  times"
    for name, figure in record["figures"].items():
        times = f"{figure['ratio']:7.2f}" if "ratio" in figure else ""
        yield f"{name:42}{figure['value']:10.4g} {figure['unit']:10}{times}"
    if packed := record["details"].get("packing"):
        yield f"auto, {packed['of']}: {packed['said']}"
    for what, why in record["details"]["left_out"].items():
        yield f"left out: {what}: {why}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--backbone", default="resnet18", help="a network of timm")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each figure in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=8, help="trials at once, at most")
    parser.add_argument("--threads", type=int, default=min(4, os.cpu_count() or 1), help="of a trial, for augmentation")
    parser.add_argument("--quick", action="store_true", help="just enough to see that it works")
    parser.add_argument("--on-cpu", action="store_true", help="what a CPU can run, to see that it runs")
    given = parser.parse_args()
    asked = Asked(
        Shape(given.backbone, given.image_size, given.batch_size),
        seconds=given.seconds,
        rounds=given.rounds,
        copies=given.copies,
        threads=given.threads,
        device="cpu" if given.on_cpu else "cuda",
    )
    record = measure(given.quick, asked)
    print(json.dumps(record, indent=2))
    for line in table(record):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
