from ferray.outliers.none import NoRemoval


def test_never_asks_for_losses() -> None:
    rule = NoRemoval(NoRemoval.Params())
    assert not any(rule.wants_losses(epoch) for epoch in range(1, 50))
