from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ferray.data.datasets.demo import Demo, class_sizes
from ferray.data.samples import Sample


def demo(**params: Any) -> Demo:
    return Demo(Demo.Params(**params), Path("nowhere"))


def part(dataset: Demo, name: str) -> list[Sample]:
    return [sample for sample in dataset.samples().samples if sample.part == name]


def test_parts_have_the_sizes_asked_for() -> None:
    dataset = demo(num_train=100, num_val=20, num_test=30)
    assert [len(part(dataset, name)) for name in ("train", "val", "test")] == [100, 20, 30]


def test_classes_are_imbalanced_like_sfew() -> None:
    # SFEW 2.0's aligned training faces: 891. One image a class is set aside first, so a count may be one off.
    assert class_sizes(891) == pytest.approx([178, 52, 78, 184, 144, 161, 94], abs=1)


@pytest.mark.parametrize("count", [7, 8, 20, 1500])
def test_class_sizes_add_up(count: int) -> None:
    assert class_sizes(count).sum() == count
    assert class_sizes(count).min() >= 1


def test_eight_in_a_hundred_training_labels_are_wrong() -> None:
    wrong = [sample for sample in part(demo(num_train=500), "train") if sample.label != sample.true_label]
    assert len(wrong) == 40


def test_labels_of_val_and_test_are_right() -> None:
    dataset = demo(label_noise=0.5)
    assert all(sample.label == sample.true_label for sample in part(dataset, "val") + part(dataset, "test"))


def test_without_label_noise_every_label_is_right() -> None:
    assert all(sample.label == sample.true_label for sample in demo(label_noise=0).samples().samples)


def test_a_larger_training_part_leaves_val_alone() -> None:
    assert part(demo(num_train=50), "val") == part(demo(num_train=500), "val")


def test_label_noise_changes_no_pixel() -> None:
    clean, noisy = demo(label_noise=0), demo(label_noise=0.5)
    first, second = part(clean, "train")[3], part(noisy, "train")[3]
    assert np.array_equal(clean.decode(first, 32), noisy.decode(second, 32))


def test_another_seed_is_other_people() -> None:
    sample = part(demo(), "val")[0]
    assert not np.array_equal(demo(seed=0).decode(sample, 32), demo(seed=1).decode(sample, 32))


def test_faces_of_one_expression_differ() -> None:
    dataset = demo()
    images = [dataset.decode(sample, 32) for sample in part(dataset, "test") if sample.true_label == 3][:5]
    assert len({image.tobytes() for image in images}) == 5
