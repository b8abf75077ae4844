import math

import numpy as np
import pytest
import torch

from ferray.imbalance import ClassCounts
from ferray.outliers import Removal
from ferray.testing.outliers import sample_losses as scores
from ferray.testing.trials import packed_samples
from ferray.training.outlier_review import outlier_report, sample_losses

LOGITS = torch.tensor([[0.0, math.log(3)], [2.0, 0.5]])
COUNTS = ClassCounts((1, 1))


def losses_of(labels: list[int]):
    samples = packed_samples([6, *labels])
    return sample_losses(samples, np.array([1, 2]), LOGITS, COUNTS)


def test_probability_is_the_labels_softmax() -> None:
    # exp(log 3) / (exp(0) + exp(log 3)) = 3 / 4
    assert losses_of([1, 0]).probability[0] == pytest.approx(0.75)


def test_loss_is_the_labels_cross_entropy() -> None:
    assert losses_of([1, 0]).losses[0] == pytest.approx(math.log(4 / 3))


def test_margin_is_the_labels_logit_minus_the_largest_other() -> None:
    assert losses_of([1, 0]).margin.tolist() == pytest.approx([math.log(3), 1.5])


def test_predictions_are_the_largest_logits() -> None:
    assert losses_of([0, 1]).predicted.tolist() == [1, 0]


def test_scores_carry_the_ids_of_their_samples() -> None:
    assert losses_of([0, 1]).sample_ids.tolist() == [101, 102]


SAMPLES = packed_samples([0, 1, 2, 0], true_labels=[0, 3, -1, 0])
SCORES = scores([0.1, 3.0, 2.0, 0.2], labels=[0, 1, 2, 0])


def report(gone: set[int]):
    return outlier_report(6, Removal(frozenset(gone), SCORES.losses, 1.4, "why"), SCORES, SAMPLES)


def test_report_lists_removed_samples_from_the_highest_loss_down() -> None:
    assert [sample.sample_id for sample in report({102, 101}).removed] == [101, 102]


def test_report_says_what_is_known_of_the_right_label() -> None:
    known = [sample.truly_mislabelled for sample in report({100, 101, 102}).removed]
    assert known == [True, None, False]


def test_wrong_labels_are_not_counted_where_some_right_ones_are_unknown() -> None:
    assert report({101}).num_mislabelled is None


def test_wrong_labels_are_counted_where_all_right_ones_are_known() -> None:
    samples = packed_samples([0, 1, 2, 0], true_labels=[0, 3, 2, 1])
    removal = Removal(frozenset({101}), SCORES.losses, 1.4)
    assert outlier_report(6, removal, SCORES, samples).num_mislabelled == 2  # the second and the fourth


def test_report_names_the_removed_sample() -> None:
    assert report({101}).removed[0].name == "face1"


def test_report_counts_who_stays() -> None:
    assert report({101, 102}).num_kept == 2


def test_histograms_share_their_edges() -> None:
    # Four samples make four bins over 0.1 to 3.0: 0.1 and 0.2 | none | 2.0 | 3.0
    found = report({101})
    assert (found.histogram, found.histogram_after) == ((2, 0, 1, 1), (2, 0, 1, 0))


def test_there_is_no_second_histogram_when_nothing_went() -> None:
    assert report(set()).histogram_after == ()


def test_errors_that_are_not_finite_have_no_histogram() -> None:
    removal = Removal(frozenset(), np.full(4, np.nan), math.nan)
    assert outlier_report(1, removal, SCORES, SAMPLES).bin_edges == ()
