import numpy as np
import pytest

from ferray.config.trial import ImbalanceChoice
from ferray.errors import DataError
from ferray.testing.trials import packed_samples
from ferray.training.training_set import TrainingSet

LABELS = [0, 0, 0, 1, 1, 2]


def training_set(strategy: str = "none") -> TrainingSet:
    return TrainingSet(packed_samples(LABELS), ImbalanceChoice.model_validate(strategy))


def test_an_epoch_visits_each_kept_sample_once() -> None:
    order = training_set().order(np.random.default_rng(0))
    assert sorted(order.tolist()) == [0, 1, 2, 3, 4, 5]


def test_a_removed_sample_is_not_visited() -> None:
    training = training_set()
    training.remove(frozenset({101}))
    assert 1 not in training.order(np.random.default_rng(0))


def test_the_strategy_is_built_anew_from_the_kept_samples() -> None:
    training = training_set()
    training.remove(frozenset({101, 105}))
    assert training.strategy.counts.counts == (2, 2, 0, 0, 0, 0, 0)


def test_the_initial_counts_stay() -> None:
    training = training_set()
    training.remove(frozenset({101}))
    assert training.initial_counts.counts == (3, 2, 1, 0, 0, 0, 0)


def test_the_strategys_positions_are_those_of_the_split() -> None:
    training = training_set("weighted_sampler")
    training.remove(frozenset({100, 101, 102}))
    assert set(training.order(np.random.default_rng(0)).tolist()) <= {3, 4, 5}


def test_removals_add_up() -> None:
    training = training_set()
    training.remove(frozenset({101}))
    training.remove(frozenset({100}))
    assert (training.removed_ids, training.kept.tolist()) == ([101, 100], [2, 3, 4, 5])


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(DataError, match="`1` training images are left"):
        training_set().remove(frozenset({100, 101, 102, 103, 104}))


def test_a_corrected_label_is_counted_and_sampled_by() -> None:
    training = training_set("class_weights")
    training.correct({105: 1})
    assert training.strategy.counts.counts == (3, 3, 0, 0, 0, 0, 0)


def test_a_correction_leaves_the_samples_of_others_as_they_are() -> None:
    samples = packed_samples(LABELS)
    training = TrainingSet(samples, ImbalanceChoice.model_validate("none"))
    training.correct({105: 1})
    assert samples.labels.tolist() == LABELS


def test_a_corrected_sample_may_be_removed_afterwards() -> None:
    training = training_set()
    training.correct({105: 1})
    training.remove(frozenset({105}))
    assert training.strategy.counts.counts == (3, 2, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("labels", [{999: 1}, {105: 7}, {105: -1}, {1: 1}])
def test_a_correction_of_nothing_or_to_nothing_is_refused(labels: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="corrected"):
        training_set().correct(labels)
