"""How many seeds a difference needs, for `ferray power`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ferray.config.place import Place
from ferray.errors import ConfigError, DataError
from ferray.results.confirmation import read_confirmation
from ferray.results.seed_spread import SeedSpread, confirmed_spread, searched_spread
from ferray.stats.power import LEVEL, Spread
from ferray.study.history import load_sweep
from ferray.text.commands import command

DIFFERENCES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
SEEDS = (5, 9, 20)
USUAL_DISAGREEMENT = 0.1


@dataclass(frozen=True)
class Asked:
    """What is to be found: true `differences`, or by how many `seeds`; with which `power`, among how many comparisons.

    `disagreement` is the share of images that one recipe, over its seeds, gets right and the other wrong; None where
    it is to be measured, or taken to be `USUAL_DISAGREEMENT`.
    """

    differences: tuple[float, ...] = DIFFERENCES
    seeds: tuple[int, ...] = SEEDS
    power: float = 0.8
    comparisons: int = 1
    disagreement: float | None = None


@dataclass(frozen=True)
class PowerTable:
    """Seeds for each difference, None where no number does; the smallest difference for each number of seeds.

    `disagreement` is None where the spread of differences was measured, or the draw of images is not counted.
    """

    sd: float
    n: int | None
    source: str
    asked: Asked
    disagreement: float | None
    spread: Spread
    seeds: tuple[tuple[float, int | None], ...]
    smallest: tuple[tuple[int, float | None], ...]

    def to_json(self) -> dict[str, Any]:
        """The contract of `ferray power --json`."""
        return {
            "sd": self.sd,
            "n": self.n,
            "source": self.source,
            "disagreement": self.disagreement,
            "power": self.asked.power,
            "comparisons": self.asked.comparisons,
            "seed_error_of_one_pair": self.spread.per_pair,
            "draw_error": self.spread.draw_error,
            "differences": [{"difference": gap, "seeds": seeds} for gap, seeds in self.seeds],
            "seeds": [{"seeds": seeds, "smallest_difference": gap} for seeds, gap in self.smallest],
        }


def power_table(asked: Asked, *, sd: float | None, num_images: int | None, measured: SeedSpread | None) -> PowerTable:
    """The table for an `sd` over seeds that is given, else for one that was `measured`; ConfigError for neither.

    `num_images` stands in the place of those that it was measured on; without either their draw is not counted.
    """
    if sd is None and measured is None:
        sweep = f"a sweep with arms and seeds, or one that `{command('confirm', 'NAME')}` has confirmed"
        raise ConfigError("there is no spread over seeds to reckon with", f"pass `--sd 0.012`, or the name of {sweep}")
    found = measured.sd if sd is None and measured is not None else sd
    assert found is not None
    n = num_images or (measured.n if measured else None)
    of_pairs = measured.of_pairs if measured and sd is None and asked.disagreement is None else None
    disagreement = USUAL_DISAGREEMENT if asked.disagreement is None else asked.disagreement
    spread = Spread.of_recipes(found, n, disagreement=disagreement)
    if of_pairs is not None and n is not None:
        spread = of_pairs.on_images(n)
    test = {"power": asked.power, "level": LEVEL / asked.comparisons}
    return PowerTable(
        found,
        n,
        measured.source if measured and sd is None else "as given",
        asked,
        disagreement if n and of_pairs is None else None,
        spread,
        tuple((gap, spread.num_seeds(gap, **test)) for gap in asked.differences),
        tuple((seeds, spread.smallest_gap(seeds, **test)) for seeds in asked.seeds),
    )


def spread_of(place: Place, storage: str | None) -> SeedSpread:
    """What a sweep's confirmation says of the scatter over seeds, else what its own trials do.

    DataError where no recipe of it was trained with two seeds, or its trials are ranked by no score.
    """
    confirmation = read_confirmation(place.folder)
    found = confirmed_spread(confirmation) if confirmation else None
    record = None if found else load_sweep(place.folder, storage)
    found = found or (searched_spread(record) if record else None)
    if found is None:
        assert record is not None
        message = f"no recipe of `{record.name}` was trained to its end with two seeds"
        raise DataError(
            message, f"`{record.command('confirm')}` trains the best anew, or pass `--sd` in place of the name"
        )
    return found


def refuse_wrong(asked: Asked, sd: float | None, num_images: int | None) -> None:
    """ConfigError for a number that no study has."""
    _refuse("--sd", [sd] if sd is not None else [], 0, 0.5, "a standard deviation of scores between 0 and 1")
    _refuse("--difference", asked.differences, 1e-6, 1, "a difference of scores between 0 and 1")
    _refuse("--disagreement", [] if asked.disagreement is None else [asked.disagreement], 0, 1, "a share of the images")
    _refuse("--power", [asked.power], 0.05, 0.999, "the chance to find a difference")
    _refuse("--seeds", asked.seeds, 2, 10_000, "two seeds or more")
    _refuse("--comparisons", [asked.comparisons], 1, 10_000, "one comparison or more")
    _refuse("--images", [num_images] if num_images is not None else [], 2, 10**9, "two images or more")


def _refuse(option: str, values: Sequence[float], low: float, high: float, what: str) -> None:
    wrong = [value for value in values if not low <= value <= high]
    if wrong:
        raise ConfigError(f"`{option} {wrong[0]:g}` is not {what}", _hint(option, wrong[0]))


def _hint(option: str, value: float) -> str:
    if 1 <= value <= 100 and option in ("--sd", "--difference", "--disagreement", "--power"):
        return f"write `{option} {value / 100:g}` for {value:g} %"
    return f"see `{command('power', '--help')}`"
