"""`BestCheckpoint`: what best.pt holds, which is all that an answer needs of a trial and what is known of its epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ferray.config.trial import TrialConfig

_FACTS = (
    "config",
    "classes",
    "class_counts",
    "image_size",
    "epoch",
    "metrics",
    "confusion",
    "removed_ids",
    "temperature",
)


@dataclass(frozen=True)
class BestCheckpoint:
    """A trial as its best epoch left it.

    `classes` are in the order of the labels. `class_counts` says how many samples of each that epoch was trained on,
    None in a file that was written before it was kept. `image_size` is 0 for a table of features. `parts` are tensors
    and plain containers: `model` (weights), `input_spec`, `pixels` (how an input is made) and `init` of a network,
    `estimator` and `features` (how an input is made) of an estimator. `temperature` is what corrected logits are
    divided by, 1 but for a predictor that was calibrated.
    """

    config: TrialConfig
    classes: tuple[str, ...]
    class_counts: tuple[int, ...] | None
    image_size: int
    epoch: int
    metrics: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    removed_ids: tuple[int, ...]
    parts: dict[str, Any] = field(repr=False)
    temperature: float = 1.0

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> BestCheckpoint:
        """The inverse of `to_state`; any error of `taking_apart` where a part is missing or of another kind."""
        classes, counts = tuple(map(str, state["classes"])), state.get("class_counts")
        if counts is not None and len(counts) != len(classes):
            raise ValueError(f"`{len(counts)}` class counts for `{len(classes)}` classes")
        return cls(
            config=TrialConfig.model_validate(state["config"]),
            classes=classes,
            class_counts=None if counts is None else tuple(map(int, counts)),
            image_size=int(state["image_size"]),
            epoch=int(state["epoch"]),
            metrics={name: float(value) for name, value in state["metrics"].items()},
            confusion=tuple(tuple(row) for row in state["confusion"]),
            removed_ids=tuple(map(int, state["removed_ids"])),
            parts={name: value for name, value in state.items() if name not in (*_FACTS, "ferray")},
            temperature=float(state.get("temperature", 1.0)),
        )

    def to_state(self) -> dict[str, Any]:
        """Plain containers and tensors, as `write_checkpoint` takes them."""
        return {
            **self.parts,
            "config": self.config.to_json(),
            "classes": list(self.classes),
            "class_counts": None if self.class_counts is None else list(self.class_counts),
            "image_size": self.image_size,
            "epoch": self.epoch,
            "metrics": self.metrics,
            "confusion": [list(row) for row in self.confusion],
            "removed_ids": list(self.removed_ids),
            **({} if self.temperature == 1.0 else {"temperature": self.temperature}),
        }
