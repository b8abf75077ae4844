"""What is trained and chosen depends on no test image and on no label of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.config.trial import TrialConfig
from ferray.data.recent import look_again
from ferray.events import EpochReport
from ferray.testing.fake_data import fake_image, write_image_folder, write_png
from ferray.testing.trials import demo_config, demo_job
from ferray.training.trainers import open_trainer

NETWORK = demo_config(epochs=2, dataset="image_folder", image_size=16)
ROWS = demo_config(
    epochs=1, dataset="image_folder", image_size=16, estimator={"svm": {}}, descriptor={"lpq": {"grid": 1}}
)


def trained(folder: Path, config: TrialConfig) -> list[EpochReport]:
    look_again()
    job = demo_job(folder / "trial", folder / "cache", config, data_root=str(folder / "data"))
    with open_trainer(job) as trainer:
        return [trainer.step() for _ in range(config.epochs)]


def with_other_test_images(root: Path) -> Path:
    """The test pictures of each class replaced by noise of another one's."""
    for number, path in enumerate(sorted(root.glob("test/*/*.png"))):
        write_png(path, fake_image(number % 5, 9000 + number))
    return root


def told(report: EpochReport) -> dict[str, Any]:
    """What an epoch says but for how long it took."""
    return {**report.metrics, "seconds": 0, "images_per_s": 0, "confusion": report.confusion}


@pytest.mark.parametrize("config", [NETWORK, ROWS], ids=["network", "estimator"])
def test_a_training_is_the_same_whatever_the_test_images_are(tmp_path: Path, config: TrialConfig) -> None:
    write_image_folder(tmp_path / "a" / "data", per_class=6)
    with_other_test_images(write_image_folder(tmp_path / "b" / "data", per_class=6))
    first, second = (trained(tmp_path / name, config) for name in "ab")
    assert list(map(told, first)) == list(map(told, second))
