"""The contract of every outlier rule: subclass `OutlierRemovalContract` in a test and parametrise it by `name`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ferray.outliers import OutlierRemoval, Removal, SampleLosses
from ferray.registry import ROOMS

NUM_CLASSES = 3
EPOCHS = range(1, 13)


def sample_losses(
    losses: Sequence[float] | NDArray[np.float64],
    *,
    labels: Sequence[int] | None = None,
    sample_ids: Sequence[int] | None = None,
    initial_counts: tuple[int, ...] | None = None,
) -> SampleLosses:
    """Scores that belong together, made from cross-entropies: p = exp(-loss), predicted = the label where p > 0.5.

    Left out, labels go round the three classes, ids count from 100 and nothing has been removed yet.
    """
    values = np.asarray(losses, dtype=np.float64)
    label = np.arange(len(values)) % NUM_CLASSES if labels is None else np.asarray(labels)
    probability = np.exp(-values)
    return SampleLosses(
        sample_ids=np.arange(len(values)) + 100 if sample_ids is None else np.asarray(sample_ids),
        labels=label.astype(np.int64),
        losses=values,
        probability=probability,
        predicted=np.where(probability > 0.5, label, (label + 1) % NUM_CLASSES).astype(np.int64),
        margin=2.0 - values,
        initial_counts=initial_counts or tuple(np.bincount(label, minlength=NUM_CLASSES).tolist()),
    )


def without(losses: SampleLosses, gone: frozenset[int]) -> SampleLosses:
    """The same scores after these ids left the training set."""
    return select(losses, np.flatnonzero(~np.isin(losses.sample_ids, list(gone))))


def select(losses: SampleLosses, positions: NDArray[np.int64]) -> SampleLosses:
    """The scores at these positions, in this order; the initial counts stay."""
    return SampleLosses(
        losses.sample_ids[positions],
        losses.labels[positions],
        losses.losses[positions],
        losses.probability[positions],
        losses.predicted[positions],
        losses.margin[positions],
        losses.initial_counts,
    )


def bimodal_losses(seed: int = 0) -> SampleLosses:
    """240 samples, one in twelve of them with a loss far above the others."""
    generator = np.random.default_rng(seed)
    losses = generator.exponential(0.4, 240)
    losses[::12] += generator.uniform(2.0, 4.0, 20)
    return sample_losses(losses)


class OutlierRemovalContract:
    """What the trainer relies on, whichever rule it is given."""

    def test_removes_only_samples_it_was_shown(self, name: str) -> None:
        losses = bimodal_losses()
        assert _removed(review_all(build(name), losses)) <= set(losses.sample_ids.tolist())

    def test_errors_run_parallel_to_the_losses(self, name: str) -> None:
        assert {len(removal.errors) for removal in review_all(build(name), bimodal_losses())[:1]} <= {240}

    def test_order_of_samples_does_not_matter(self, name: str) -> None:
        losses = bimodal_losses()
        shuffled = select(losses, np.random.default_rng(1).permutation(len(losses.losses)))
        assert _ids(review_all(build(name), losses)) == _ids(review_all(build(name), shuffled))

    def test_state_survives_json_and_continues_alike(self, name: str) -> None:
        losses = bimodal_losses()
        first, second = build(name), build(name)
        review_all(first, losses, range(1, 7))
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert _ids(review_all(first, losses, range(7, 13))) == _ids(review_all(second, losses, range(7, 13)))

    def test_a_single_sample_is_reviewed(self, name: str) -> None:
        assert _removed(review_all(build(name), sample_losses([0.3]))) <= {100}

    def test_equal_losses_lose_no_sample(self, name: str) -> None:
        assert _removed(review_all(build(name), sample_losses([0.1] * 30))) == set()

    def test_a_loss_that_is_not_finite_removes_nothing(self, name: str) -> None:
        losses = sample_losses([0.1, 0.2, float("nan"), 5.0])
        assert _removed(review_all(build(name), losses)) == set()

    def test_removes_no_more_than_its_guards_allow(self, name: str) -> None:
        losses = sample_losses(np.random.default_rng(2).exponential(1.0, 240))
        rule = build(name)
        gone = np.isin(losses.sample_ids, list(_removed(review_all(rule, losses))))
        in_class = np.bincount(losses.labels[gone], minlength=NUM_CLASSES)
        assert gone.sum() <= getattr(rule.params, "max_removed_fraction", 1.0) * 240
        assert in_class.max() <= getattr(rule.params, "max_removed_fraction_per_class", 1.0) * 80

    def test_asking_for_losses_changes_nothing(self, name: str) -> None:
        rule = build(name)
        before = json.dumps(rule.state_dict())
        _ = [rule.wants_losses(epoch) for epoch in EPOCHS]
        assert json.dumps(rule.state_dict()) == before


def build(name: str) -> OutlierRemoval:
    """The rule with its default parameters."""
    room = ROOMS["outliers"]
    rule: OutlierRemoval = room.load(name)(room.params(name)())
    return rule


def review_all(rule: OutlierRemoval, losses: SampleLosses, epochs: range = EPOCHS) -> list[Removal]:
    """One review after the other over shrinking samples, as the trainer asks for them."""
    found = []
    for epoch in epochs:
        removal = rule.review(epoch, losses) if rule.wants_losses(epoch) else None
        if removal is not None:
            found.append(removal)
            losses = without(losses, removal.sample_ids)
    return found


def _ids(removals: list[Removal]) -> list[list[int]]:
    return [sorted(removal.sample_ids) for removal in removals]


def _removed(removals: list[Removal]) -> set[int]:
    return {sample_id for removal in removals for sample_id in removal.sample_ids}
