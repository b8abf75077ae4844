import torch
from torch.nn import functional as F

from ferray.losses.cross_entropy import CrossEntropy


def test_the_cost_of_a_label_is_torchs_cross_entropy() -> None:
    logits_NC = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    costs = CrossEntropy(CrossEntropy.Params()).of_classes(logits_NC)
    labels = torch.tensor([0, 6, 3, 3, 1])
    torch.testing.assert_close(costs[torch.arange(5), labels], F.cross_entropy(logits_NC, labels, reduction="none"))
