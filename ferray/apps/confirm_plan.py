"""What a confirmation trains: an ordinary sweep of arms by seeds beside its search, found again by what it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ferray.config.exclusion import kept_list
from ferray.config.place import CONFIRM, RESOLVED_NAME, Place, unused
from ferray.config.sweep import SweepSpec
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError, DataError
from ferray.files.atomic import write_json
from ferray.files.private_folder import make_private
from ferray.files.read import read_json
from ferray.results.finalist_choice import BASELINE, MOST_SEEDS, Arm, fresh_seed, seeds_of_search
from ferray.study.records import SweepRecord

SEARCH_NAME = "search.json"  # in the folder of the trainings: the search whose finalists they are


@dataclass(frozen=True)
class Trainings:
    """The sweep that trains finalists: where it lies, its arms, its first seed, and over how many nested folds.

    `num_folds` is 0 where there is a test split. `search` names the search by its identity.
    """

    folder: Path
    search: str
    arms: tuple[Arm, ...]
    first_seed: int
    num_folds: int = 0

    @property
    def name(self) -> str:
        """Its name."""
        return self.folder.name

    def remember(self) -> None:
        """Write down in its folder which search it is of."""
        make_private(self.folder)
        arms = [arm.to_json() for arm in self.arms]
        facts = {"search": self.search, "arms": arms, "first_seed": self.first_seed, "num_folds": self.num_folds}
        write_json(self.folder / SEARCH_NAME, facts)

    def spec(self, record: SweepRecord, num_seeds: int, lists: Mapping[str, str]) -> SweepSpec:
        """The grid of arms and seeds, judged as the trials of the search were: by the same metric and epoch.

        `lists` are the files behind each `exclude`, by digest; its own copies come first.
        """
        arms = {arm.name: _keys(arm.config, self.num_folds) for arm in self.arms}
        first, *others = arms.values()
        common = {key: value for key, value in first.items() if all(arm.get(key) == value for arm in others)}
        own = {name: {key: arm[key] for key in arm if key not in common} for name, arm in arms.items()}
        digests = {str(arm.config["exclude"]) for arm in self.arms if arm.config.get("exclude")}
        copies = {digest: kept_list(self.folder, digest) for digest in digests}
        kept = {digest: str(path) for digest, path in copies.items() if path is not None and path.is_file()}
        folds = {"space": {"dataset.fold": {"grid": list(range(self.num_folds))}}} if self.num_folds else {}
        return SweepSpec.model_validate(
            {
                "name": self.name,
                "dataset": first["dataset"],
                "objective": {"metric": record.metric, "mode": record.mode, "epoch": record.counts},
                "sampler": "random",
                "pruner": "none",
                "base": {"seed": self.first_seed, **{key: common[key] for key in common if key != "dataset"}},
                "arms": own,
                "seeds": num_seeds,
                "lists": {digest: path for digest, path in {**lists, **kept}.items() if digest in digests},
                **folds,
            }
        )


def _keys(config: dict[str, Any], num_folds: int) -> dict[str, Any]:
    """A configuration as the keys of an arm; with folds, the nested ones of the kind that it was searched by."""
    keys = {key: value for key, value in config.items() if key != "seed" and value is not None}
    if not num_folds:
        return keys
    keys.pop("folds", None)
    ((name, params),) = keys["dataset"].items()
    kept = {key: value for key, value in params.items() if key not in ("fold", "folds_of") and value is not None}
    return {**keys, "dataset": {name: {**kept, "split": nested_split(config), "folds": num_folds}}}


def nested_split(config: dict[str, Any]) -> str:
    """The protocol that holds each image out once, and keeps groups together where the search has."""
    (params,) = config["dataset"].values()
    by_group = str(params.get("split")).endswith("_by_group") or (config.get("folds") or {}).get("kind") == "by_film"
    return "nested_kfold_by_group" if by_group else "nested_kfold"


def num_nested_folds(config: TrialConfig, num_test: int) -> int:
    """Over how many folds a recipe is judged: none with test images, else as many as the search had, or five."""
    params = config.dataset.build_params()
    if config.folds is not None:
        return config.folds.k
    if num_test:
        return 0
    return int(params.folds) if "kfold" in params.split else 5


def find_trainings(search: Place, record: SweepRecord, arms: Sequence[Arm], num_folds: int) -> Trainings:
    """Those that were begun for these recipes, or new ones beside the search with seeds that it has not had.

    Those begun go on as long as the search has used none of their seeds for these recipes since. What is new where a
    search has been confirmed already has a name of its own.
    """
    identity, output = search.identity or search.study, search.folder.parent
    asked = Trainings(output / f"{search.folder.name}{CONFIRM}", identity, tuple(arms), 0, num_folds)
    for known in known_trainings(output):
        block = range(known.first_seed, known.first_seed + MOST_SEEDS)
        is_fresh = not any(seed in block for seed in seeds_of_search(record, arms))
        if known.search == identity and _recipes(known) == _recipes(asked) and is_fresh:
            return known
    return replace(asked, folder=unused(asked.folder), first_seed=fresh_seed([record]))


def known_trainings(output: Path) -> Iterator[Trainings]:
    """Every confirmation's trainings in a folder of sweeps, by name; what is damaged is passed over."""
    for path in sorted(output.glob(f"*/{SEARCH_NAME}")):
        try:
            facts = read_json(path)
            arms = tuple(Arm.from_json(arm) for arm in facts["arms"])
            yield Trainings(path.parent, str(facts["search"]), arms, int(facts["first_seed"]), int(facts["num_folds"]))
        except (DataError, ValueError, TypeError, KeyError):
            continue


def refuse_trainings(place: Place) -> None:
    """ConfigError where a sweep is the trainings of a confirmation itself."""
    if (place.folder / SEARCH_NAME).exists():
        message = f"`{place.folder.name}` is the trainings of a confirmation, and no search"
        raise ConfigError(message, "name the sweep whose finalists they are")


def num_seeds_asked(folder: Path) -> int:
    """How many seeds the trainings in `folder` were last asked for, 0 where they have not begun."""
    try:
        return int(read_json(folder / RESOLVED_NAME)["seeds"])
    except (DataError, ValueError, TypeError, KeyError):
        return 0


def _recipes(trainings: Trainings) -> tuple[int, frozenset[tuple[bool, str]]]:
    """What tells trainings apart: the recipes, which of them is the baseline, and what judges them."""
    return trainings.num_folds, frozenset((arm.name == BASELINE, arm.recipe) for arm in trainings.arms)
