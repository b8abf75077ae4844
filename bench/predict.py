"""How long `ferray predict` takes to its first answer, beyond what importing torch takes.

    python -m bench.predict MODEL PICTURE [--repeats 3] [--runtime auto]

prints one JSON document: CPU seconds of a process that imports torch, of one that answers, and their difference, each
the median of as many processes; and which libraries of the training stack the answering process has imported.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

STACK = ("torch", "timm", "ray", "optuna", "wandb", "albumentations", "sklearn", "torch._dynamo")
TORCH = "import time, torch; print(time.process_time())"
ANSWER = f"""
import contextlib, io, sys, time
from ferray.cli.app import run
with contextlib.redirect_stdout(io.StringIO()):
    code = run(["predict", *sys.argv[1:], "--quiet"])
print(time.process_time(), code, *[name for name in {STACK!r} if name in sys.modules])
"""


def ask(probe: str, *words: str) -> list[str]:
    """What a fresh process prints: its CPU seconds first."""
    done = subprocess.run([sys.executable, "-c", probe, *words], capture_output=True, text=True, check=True)
    return done.stdout.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("picture")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--runtime", default="auto")
    given = parser.parse_args()
    words = (given.model, given.picture, "--runtime", given.runtime)
    torch = [float(ask(TORCH)[0]) for _ in range(given.repeats)]
    answers = [ask(ANSWER, *words) for _ in range(given.repeats)]
    took = statistics.median(float(said[0]) for said in answers)
    figures = {
        "torch_cpu_s": round(statistics.median(torch), 2),
        "answer_cpu_s": round(took, 2),
        "beyond_torch_cpu_s": round(took - statistics.median(torch), 2),
        "exit_code": int(answers[0][1]),
        "imported": answers[0][2:],
    }
    print(json.dumps({"benchmark": "predict", "asked_for": vars(given), **figures}, indent=2))


if __name__ == "__main__":
    main()
