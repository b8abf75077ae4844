from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ferray.config.ema import EmaConfig
from ferray.config.trial import TrialConfig
from ferray.events import EpochReport
from ferray.models.model import FerModel, build_model
from ferray.testing.trials import demo_config, demo_job
from ferray.training.assemble import assemble
from ferray.training.epoch import run_epoch
from ferray.training.network_trainer import NetworkTrainer
from ferray.training.predictor import load_predictor
from ferray.training.weight_average import WeightAverage

SMALL = {"num_train": 28, "num_val": 14, "image_size": 16, "epochs": 2}


@pytest.fixture
def model() -> FerModel:
    return build_model(demo_config(image_size=16), 7)


def set_all(model: FerModel, value: float) -> None:
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, value)


def averaged(config: EmaConfig, model: FerModel, values: list[float]) -> float:
    """The average of a weight that has these values after its steps."""
    average = WeightAverage(config, model)
    for value in values:
        set_all(model, value)
        average.update(model)
    return float(next(average.model.parameters()).detach().flatten()[0])


def first_epoch(folder: Path, cache: Path, config: TrialConfig) -> EpochReport:
    parts = assemble(demo_job(folder, cache, config))
    with parts.randomness.active():
        report = run_epoch(parts, 1).report
    parts.prefetcher.close()
    return report


def test_average_is_the_textbooks(model: FerModel) -> None:
    # The first step copies 1; then .5 * 1 + .5 * 3 = 2 and .5 * 2 + .5 * 4 = 3.
    assert averaged(EmaConfig(decay=0.5, warmup=False), model, [1, 3, 4]) == 3


def test_warmup_begins_with_a_shorter_memory(model: FerModel) -> None:
    # The second step counts as one: 1 - (1 + 1) ** -1 = .5, so .5 * 1 + .5 * 3.
    assert averaged(EmaConfig(decay=0.999, warmup_power=1), model, [1, 3]) == 2


def test_weights_are_copied_until_averaging_begins(model: FerModel) -> None:
    assert averaged(EmaConfig(decay=0.5, update_after_step=2), model, [1, 3, 4]) == 4


def test_weights_that_a_trial_begins_with_do_not_count(model: FerModel) -> None:
    average = WeightAverage(EmaConfig(), model)
    set_all(model, 7)  # as `init_from` does after everything is assembled
    average.update(model)
    assert all(bool((parameter == 7).all()) for parameter in average.model.parameters())


def test_what_is_kept_is_what_was_judged(tmp_path: Path, cache: Path) -> None:
    config = demo_config(**SMALL, ema={"decay": 0.9})
    with NetworkTrainer(demo_job(tmp_path, cache, config)) as trainer:
        reports = [trainer.step(), trainer.step()]
    best = next(report for report in reversed(reports) if report.is_best)
    val = assemble(demo_job(tmp_path, cache, config)).splits.val
    predictor = load_predictor(tmp_path / "best.pt")
    assert predictor.evaluate(val).loss == best.metrics["val/loss"]


def test_without_it_the_network_itself_is_judged(tmp_path: Path, cache: Path) -> None:
    learner = assemble(demo_job(tmp_path, cache, demo_config(**SMALL))).learner
    assert learner.judged is learner


def test_outlier_rules_see_the_losses_of_what_is_judged(tmp_path: Path, cache: Path) -> None:
    rule = {"trimmed_loss": {"start_epoch": 1}}
    with_it, without = (demo_config(**SMALL, outliers=rule, ema=ema) for ema in ({"decay": 0.9}, None))
    assert first_epoch(tmp_path, cache, with_it).outliers != first_epoch(tmp_path, cache, without).outliers


def test_a_checkpoint_whose_average_is_of_another_network_is_not_gone_on_from(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path, cache, demo_config(**SMALL, ema={}))
    with NetworkTrainer(job) as trainer:
        trainer.step()
        trainer.save()
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    state["learner"]["average"]["model"].popitem()
    torch.save(state, tmp_path / "last.pt")
    with NetworkTrainer(job) as trainer:
        assert "it starts from the beginning" in trainer.step().note
