"""Where the commands of the pages run as printed: tiny data, and spaces of the shipped names, cut to seconds."""

from __future__ import annotations

from pathlib import Path

from ferray.testing.command import INLINE, ferray
from ferray.testing.fake_data import film_name, write_fer2013_csv, write_sfew2, write_sfew675

SMALL = "{image_size: 32, augment: none, backbone: {tiny_cnn: {width: 4, depth: 3}}, batch_size: 32, epochs: 1}"
SPACE = f"""
dataset: DATASET
objective: {{metric: val/uar}}
sampler: random
pruner: none
base: {SMALL}
space:
  optimizer.lr: {{log_uniform: [1.0e-4, 1.0e-2]}}
  head: {{one_of: [{{linear: {{dropout: {{uniform: [0.0, 0.5]}}}}}}]}}
  imbalance: {{one_of: [none, focal]}}
  outliers: {{one_of: [{{trimmed_loss: {{fraction: 0.1, start_epoch: 1}}}}]}}
"""
PAPER = f"""
dataset: {{sfew: {{faces: aligned, split: wang2020}}}}
objective: {{metric: val/accuracy, epoch: last}}
sampler: random
pruner: none
seeds: 2
base: {SMALL}
arms: {{plain: {{}}, bdr: {{outliers: {{bdr: {{start_epoch: 1}}}}}}}}
published:
  - {{row: ResNet-50, arm: plain, value: 0.42, split: test, n: 216}}
  - {{row: ResNet-50 with BDR, arm: bdr, value: 0.46, split: test, n: 216}}
quick: {{seeds: 1}}
"""
DATASETS = {
    "sfew": "{sfew: {split: wang2020}}",
    "demo": "{demo: {num_train: 70, num_val: 35, num_test: 35}}",
    "fer2013": "fer2013",
}
LAST_TRIAL = 3  # that the pages speak of


def build(folder: Path) -> Path:
    """Data and spaces, and the sweeps `sfew`, `demo` and `wang2020`, finished, in the working folder."""
    write_sfew2(folder / "data", per_class=6)
    write_fer2013_csv(folder / "data", per_class=6)
    write_sfew675(folder / "frames", per_class=2)
    (folder / "search_spaces" / "papers").mkdir(parents=True)
    for name, dataset in DATASETS.items():
        (folder / "search_spaces" / f"{name}.yaml").write_text(SPACE.replace("DATASET", dataset))
    (folder / "search_spaces" / "papers" / "wang2020.yaml").write_text(PAPER)
    (folder / "suspects.csv").write_text(f"name\nSFEW/Train/Angry/{film_name('TrainFilm0', 0)}\n")
    (folder / "corrected.csv").write_text("source,x,y,width,height\n")
    return folder


def sweep_all() -> None:
    """The sweeps that the pages look back on."""
    for words in (("sfew", "--trials", LAST_TRIAL + 1), ("demo", "--trials", LAST_TRIAL + 1), ("papers/wang2020",)):
        ran = ferray("sweep", *words, *INLINE)
        assert ran.code == 0, ran.err
