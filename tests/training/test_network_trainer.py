from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ferray.artifacts.trial import TrialArtifacts
from ferray.artifacts.validation_logits import ValidationLogits, read_validation_logits
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError, ResumeMismatch
from ferray.events import EpochReport
from ferray.stats.metrics import confusion_matrix
from ferray.testing.trials import demo_config, demo_job
from ferray.training.checkpoint import read_checkpoint, write_checkpoint
from ferray.training.network_trainer import NetworkTrainer

# Everything on that draws or remembers: dropout, augmentation, a sampler, BDR with two rounds, a schedule.
EVERYTHING = {
    "epochs": 5,
    "augment": "light",
    "head": {"linear": {"dropout": 0.4}},
    "imbalance": "weighted_sampler",
    "outliers": {"bdr": {"start_epoch": 1, "every": 2, "max_rounds": 2}},
}


def run(trainer: NetworkTrainer, epochs: int) -> list[EpochReport]:
    return [trainer.step() for _ in range(epochs)]


def figures(reports: list[EpochReport]) -> list[dict[str, Any]]:
    """What must repeat bit for bit: all but the clock's figures."""
    clock = ("seconds", "images_per_s")
    return [
        replace(report, metrics={key: value for key, value in report.metrics.items() if key not in clock}).to_json()
        for report in reports
    ]


def best_weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "best.pt", weights_only=True)["model"]


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def train(folder: Path, cache: Path, config: TrialConfig) -> list[EpochReport]:
    with NetworkTrainer(demo_job(folder, cache, config)) as trainer:
        return run(trainer, config.epochs)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[Path, list[EpochReport]]:
    """Five epochs without a break, in the first trial of this module."""
    folder = tmp_path_factory.mktemp("straight")
    return folder, train(folder, cache, demo_config(**EVERYTHING))


def test_reference_removes_samples_twice(straight: tuple[Path, list[EpochReport]]) -> None:
    assert [bool(report.outliers.removed) for report in straight[1]] == [True, False, True, False, False]


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[Path, list[EpochReport]]:
    """The same trial, interrupted after two epochs."""
    folder = tmp_path_factory.mktemp("resumed")
    job = demo_job(folder, cache, demo_config(**EVERYTHING))
    with NetworkTrainer(job) as trainer:
        reports = run(trainer, 2)
        trainer.save()
    torch.manual_seed(123)
    with NetworkTrainer(job) as trainer:
        return folder, [*reports, *run(trainer, 3)]


def test_resumed_trial_reports_what_an_uninterrupted_one_does(
    straight: tuple[Path, list[EpochReport]], resumed: tuple[Path, list[EpochReport]]
) -> None:
    assert figures(resumed[1]) == figures(straight[1])


def test_resumed_trial_ends_with_the_same_weights(
    straight: tuple[Path, list[EpochReport]], resumed: tuple[Path, list[EpochReport]]
) -> None:
    assert equal(best_weights(resumed[0]), best_weights(straight[0]))


def test_resumed_history_holds_every_epoch_once(resumed: tuple[Path, list[EpochReport]]) -> None:
    lines = (resumed[0] / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4, 5]


def test_removed_samples_are_listed_once_each(resumed: tuple[Path, list[EpochReport]]) -> None:
    ids = [line.split(",")[1] for line in (resumed[0] / "removed.csv").read_text().splitlines()[1:]]
    removed = [str(sample.sample_id) for report in resumed[1] for sample in report.outliers.removed]
    assert ids == removed


def test_a_later_trial_of_a_process_equals_the_first(
    straight: tuple[Path, list[EpochReport]], tmp_path: Path, cache: Path
) -> None:
    for number in range(8):
        train(tmp_path / str(number), cache, demo_config(seed=number, epochs=1, head="bn_mlp"))
    tenth = train(tmp_path / "tenth", cache, demo_config(**EVERYTHING))
    assert figures(tenth) == figures(straight[1])
    assert equal(best_weights(tmp_path / "tenth"), best_weights(straight[0]))


def test_a_trial_leaves_the_global_generators_alone(tmp_path: Path, cache: Path) -> None:
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    train(tmp_path, cache, demo_config(**EVERYTHING))
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.random.get_state()[1].tolist() == numpy_before  # noqa: NPY002


def test_a_trial_goes_on_from_another_folder(
    straight: tuple[Path, list[EpochReport]], tmp_path: Path, cache: Path
) -> None:
    first = demo_job(tmp_path / "first", cache, demo_config(**EVERYTHING))
    with NetworkTrainer(first) as trainer:
        reports = run(trainer, 3)
        trainer.save()
    second = replace(first, folder=str(tmp_path / "second"), resume_from=str(tmp_path / "first" / "last.pt"))
    with NetworkTrainer(second) as trainer:
        reports += run(trainer, 2)
    assert figures(reports) == figures(straight[1])


def test_last_epoch_leaves_the_best_checkpoint_alone(straight: tuple[Path, list[EpochReport]]) -> None:
    assert sorted(path.name for path in straight[0].iterdir()) == [
        "best.pt",
        "config.json",
        "history.jsonl",
        "removed.csv",
        "val-logits.safetensors",
    ]


def test_best_checkpoint_says_what_it_is(straight: tuple[Path, list[EpochReport]]) -> None:
    folder, reports = straight
    best = max(reports, key=lambda report: report.metrics["val/uar"])
    state = torch.load(folder / "best.pt", weights_only=True)
    assert (state["epoch"], state["metrics"], state["config"]) == (
        best.epoch,
        best.metrics,
        demo_config(**EVERYTHING).to_json(),
    )


def test_best_checkpoint_knows_what_had_been_removed_before_its_epoch(
    straight: tuple[Path, list[EpochReport]],
) -> None:
    folder, reports = straight
    state = torch.load(folder / "best.pt", weights_only=True)
    earlier = [report.outliers for report in reports[: state["epoch"] - 1] if report.outliers]
    assert sorted(state["removed_ids"]) == sorted(gone.sample_id for review in earlier for gone in review.removed)


def test_last_checkpoint_loads_with_weights_only(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config(**EVERYTHING))) as trainer:
        trainer.step()
        trainer.save()
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert {"config", "epoch", "learner", "removed_ids", "outliers", "rng", "history", "best"} <= state.keys()


def test_another_configuration_is_not_continued(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path / "first", cache, demo_config())
    with NetworkTrainer(job) as trainer:
        trainer.step()
        trainer.save()
    other = demo_job(tmp_path / "second", cache, demo_config(seed=1), resume_from=str(tmp_path / "first" / "last.pt"))
    with pytest.raises(ResumeMismatch, match="seed is `0` there, asked is `1`"):
        NetworkTrainer(other)


def test_a_torn_checkpoint_costs_its_epochs_and_is_said(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"torn")
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        report = trainer.step()
    said = f"`{tmp_path / 'last.pt'}` is torn, or not a checkpoint of ferray; it starts from the beginning"
    assert (report.epoch, report.note) == (1, said)


def test_what_was_torn_is_said_once(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"torn")
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        trainer.step()
        assert trainer.step().note == ""


def test_a_torn_checkpoint_gives_way_to_that_of_an_earlier_attempt(tmp_path: Path, cache: Path) -> None:
    first = demo_job(tmp_path / "first", cache, demo_config())
    with NetworkTrainer(first) as trainer:
        trainer.step()
        trainer.save()
    (tmp_path / "torn.pt").write_bytes(b"torn")
    earlier = (str(first.path / "last.pt"),)
    retry = replace(first, folder=str(tmp_path / "third"), resume_from=str(tmp_path / "torn.pt"), resume_else=earlier)
    with NetworkTrainer(retry) as trainer:
        report = trainer.step()
    assert report.epoch == 2
    assert report.note.endswith("is torn, or not a checkpoint of ferray; it goes on after epoch 1")


def test_a_lost_checkpoint_costs_its_epochs(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config(), resume_from=str(tmp_path / "gone.pt"))) as trainer:
        assert "cannot be read: No such file" in trainer.step().note


def test_a_checkpoint_that_removed_images_which_are_gone_costs_its_epochs(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        trainer.step()
        trainer.save()
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    torch.save({**state, "removed_ids": [10**14]}, tmp_path / "last.pt")
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        report = trainer.step()
    assert report.epoch == 1
    assert report.note.startswith("its checkpoint removed images that the training split does not hold any more")


def test_an_unknown_objective_is_refused_with_its_neighbour(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean `val/uar`"):
        NetworkTrainer(demo_job(tmp_path, cache, demo_config(), metric="val/uarr"))


def test_a_loss_that_is_not_finite_ends_the_trial(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        next(iter(trainer.parts.learner.model.parameters())).data.fill_(math.nan)
        report = trainer.step()
    assert (report.diverged, report.is_last, report.is_best) == (True, True, False)


def test_a_diverged_epoch_is_null_in_the_history(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        next(iter(trainer.parts.learner.model.parameters())).data.fill_(math.nan)
        trainer.step()
    line = json.loads((tmp_path / "history.jsonl").read_text())
    assert line["metrics"]["train/loss"] is None


def test_a_rule_can_end_the_trial(tmp_path: Path, cache: Path) -> None:
    config = demo_config(epochs=5, outliers={"bdr": {"start_epoch": 1, "halt_variance": 1e6}})
    with NetworkTrainer(demo_job(tmp_path, cache, config)) as trainer:
        assert trainer.step().is_last
    assert (tmp_path / "best.pt").exists()


def test_smallest_loss_is_best_when_the_objective_is_to_be_small(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config(epochs=4), metric="val/loss", mode="min")) as trainer:
        reports = run(trainer, 4)
        best = trainer.best
    assert best is not None
    assert best.epoch == min(reports, key=lambda report: report.metrics["val/loss"]).epoch


def test_batches_are_counted_for_a_progress_bar(tmp_path: Path, cache: Path) -> None:
    seen: list[tuple[int, int]] = []
    with NetworkTrainer(
        demo_job(tmp_path, cache, demo_config(batch_size=32)), on_batch=lambda done, total: seen.append((done, total))
    ) as trainer:
        trainer.step()
    # 84 images in batches of 32.
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_interrupted_epoch_is_not_saved(tmp_path: Path, cache: Path) -> None:
    def interrupt(done: int, total: int) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    trainer = NetworkTrainer(demo_job(tmp_path, cache, demo_config()), on_batch=interrupt)
    trainer.epochs_done = 1
    with pytest.raises(KeyboardInterrupt):
        trainer.step()
    trainer.save()
    trainer.close()
    assert not (tmp_path / "last.pt").exists()


def test_it_says_which_epoch_the_checkpoint_holds(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config(epochs=4))) as trainer:
        trainer.step()
        trainer.save()
        assert trainer.epochs_saved == 1


def test_a_pruned_trial_keeps_no_checkpoint(tmp_path: Path, cache: Path) -> None:
    with NetworkTrainer(demo_job(tmp_path, cache, demo_config())) as trainer:
        trainer.step()
        trainer.save()
        trainer.discard()
    assert not (tmp_path / "last.pt").exists()


def test_closing_twice_is_closing_once(tmp_path: Path, cache: Path) -> None:
    trainer = NetworkTrainer(demo_job(tmp_path, cache, demo_config()))
    trainer.close()
    trainer.close()


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_trains(tmp_path: Path, cache: Path, precision: str) -> None:
    reports = train(tmp_path, cache, demo_config(precision=precision, epochs=1))
    assert math.isfinite(reports[0].metrics["train/loss"])


def val_logits(folder: Path) -> ValidationLogits:
    found = read_validation_logits(TrialArtifacts.at(str(folder)))
    assert found is not None
    return found


def test_the_validation_logits_are_those_of_the_best_epoch(straight: tuple[Path, list[EpochReport]]) -> None:
    folder, reports = straight
    best, found = max(reports, key=lambda report: report.metrics["val/uar"]), val_logits(folder)
    said = confusion_matrix(torch.from_numpy(found.labels), torch.from_numpy(found.logits).argmax(1), 7)
    assert (found.epoch, said.tolist()) == (best.epoch, [list(row) for row in best.confusion])


def test_a_resumed_trial_keeps_the_same_validation_logits(
    straight: tuple[Path, list[EpochReport]], resumed: tuple[Path, list[EpochReport]]
) -> None:
    assert np.array_equal(val_logits(straight[0]).logits, val_logits(resumed[0]).logits)


def test_a_checkpoint_from_before_validation_logits_were_kept_is_gone_on_from(tmp_path: Path, cache: Path) -> None:
    job = demo_job(tmp_path / "trial", cache, demo_config(epochs=2, optimizer={"lr": 1e-9}))
    with NetworkTrainer(job, None) as trainer:
        trainer.step()
        trainer.save()
    last = TrialArtifacts.at(job.folder).last
    state = read_checkpoint(last, "last")
    del state["best"]["val_logits"]
    write_checkpoint(last, "last", {name: part for name, part in state.items() if name != "ferray"})
    with NetworkTrainer(job) as trainer:
        trainer.step()
    assert TrialArtifacts.at(job.folder).best.exists()
