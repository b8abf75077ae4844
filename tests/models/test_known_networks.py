"""What a network has shown is asked once, as long as nothing that it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ferray import registry
from ferray.config.trial import TrialConfig
from ferray.models.backbones import BackboneFactory
from ferray.models.known_networks import FOLDER, KnownNetworks
from ferray.testing.guests import bring_guest


class Asked:
    """Answers, and counts how often."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.times = answer, 0

    def __call__(self) -> Any:
        self.times += 1
        return self.answer


def config(**keys: Any) -> TrialConfig:
    return TrialConfig.model_validate({"dataset": "demo", "backbone": "tiny_cnn", **keys})


def asked_twice(folder: Path, answer: Any, *, of: TrialConfig, questions: tuple[str, str] = ("size", "size")) -> int:
    ask = Asked(answer)
    told = [KnownNetworks(folder).answer(question, [of], ask) for question in questions]
    assert told == [answer, answer]
    return ask.times


def test_an_answer_is_kept_for_the_next_process(tmp_path: Path) -> None:
    assert asked_twice(tmp_path, {"weights": 12}, of=config()) == 1


def test_another_question_is_another_answer(tmp_path: Path) -> None:
    assert asked_twice(tmp_path, True, of=config(), questions=("size", "step")) == 2


def test_what_has_failed_is_asked_again(tmp_path: Path) -> None:
    assert asked_twice(tmp_path, None, of=config()) == 2


def test_what_depends_on_a_file_of_weights_is_always_asked(tmp_path: Path) -> None:
    weights = {"timm": {"name": "resnet18", "weights": "mine.pt"}}
    assert asked_twice(tmp_path, True, of=config(backbone=weights)) == 2


class Guest(BackboneFactory):
    """A backbone of another package, whose code lies who knows where."""

    class Params(registry.Params):
        """Nothing to choose."""


def test_what_depends_on_the_code_of_another_package_is_always_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_guest(monkeypatch, "backbone", Guest)
    assert asked_twice(tmp_path, True, of=config(backbone="guest")) == 2


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("{"), lambda path: path.unlink()])
def test_an_answer_that_is_gone_or_torn_is_asked_again(tmp_path: Path, spoil: Callable[[Path], Any]) -> None:
    KnownNetworks(tmp_path).answer("size", [config()], Asked(1))
    (file,) = (tmp_path / FOLDER).iterdir()
    spoil(file)
    assert KnownNetworks(tmp_path).answer("size", [config()], Asked(2)) == 2


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file in its place")
    assert asked_twice(tmp_path, True, of=config()) == 2
