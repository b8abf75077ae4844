"""What is wrong with a data set before anything is trained on it, for `ferray data audit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ferray.apps.data_clean import command_without
from ferray.apps.data_show import distinct_data, open_data
from ferray.apps.options import overrides_from, runtime_from
from ferray.config.data_root import data_root_words
from ferray.config.load import load_space_or_dataset
from ferray.config.runtime import Runtime
from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.events import Listener
from ferray.files.private_folder import make_private
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.apps.data_show import ShownData
    from ferray.audit.findings import Findings

LISTING = "copies.csv"


@dataclass(frozen=True)
class CleanSplit:
    """The list of what leaves the splits, how many samples of each, and the command that trains without them."""

    path: Path
    left: Mapping[str, int]
    command: str


@dataclass(frozen=True)
class AuditedData:
    """A data set, what was found in it, and the files that show it: `listing` has every copy."""

    shown: ShownData
    findings: Findings
    listing: Path
    sheets: tuple[Path, ...]
    clean: CleanSplit | None

    def to_json(self) -> dict[str, Any]:
        """An entry of `ferray data audit --json`."""
        from ferray.audit.label_order import order_remarks

        summary = self.shown.summary
        split = {"path": str(self.clean.path), "left_out": dict(self.clean.left)} if self.clean else None
        return {
            "dataset": summary.dataset,
            "place": summary.account.place,
            "classes": list(summary.classes),
            "label_order": order_remarks(summary.classes),
            "class_counts": {split.name: list(split.counts) for split in summary.splits},
            "refused": self.shown.refused,
            "left_out": [sample.name for sample in summary.skipped.samples] if summary.skipped else [],
            **self.findings.to_json(),
            "listing": str(self.listing),
            "sheets": [str(sheet) for sheet in self.sheets],
            "clean_split": split,
        }


def audit_data(name: str, asked: Mapping[str, Any], listener: Listener) -> Iterator[AuditedData]:
    """Each data set that trials of a space see, or the one of that name, looked through; no original is touched."""
    spec, notes = load_space_or_dataset(name, overrides_from(asked))
    for note in notes:
        listener.noted(f"note: {note}")
    _refuse_unusable(asked["write_split"])
    configs = distinct_data(spec)
    if asked["write_split"] and len(configs) > 1:
        message = f"`{name}` splits its data in {len(configs)} ways, and `--write-split` writes one"
        raise ConfigError(message, "name a data set, or fix what differs with `--set dataset...`")
    runtime = runtime_from({**asked, "launcher": "inline"})
    listener.noted(f"auditing the data of `{name}` in `{data_root_words(runtime.data_root)}`")
    for config in configs:
        yield _audited(name, spec.name, config, runtime, asked, listener)


def _refuse_unusable(split: str | None) -> None:
    """ConfigError for a name that is none, or that of the list of all copies."""
    if split is None or split.endswith(".csv"):
        return
    if not split or "/" in split or f"{split}.csv" == LISTING:
        message = f"`--write-split {split}` is no name for a list beside `{LISTING}`"
        raise ConfigError(message, "give a word such as `clean`, or a path ending in .csv")


def _audited(
    name: str, spec_name: str, config: TrialConfig, runtime: Runtime, asked: Mapping[str, Any], listener: Listener
) -> AuditedData:
    from ferray.audit.sheets import write_sheets

    folder = asked["to"] or runtime.output / "audit" / config.dataset.name
    shown, findings = _examined(config, runtime, listener)
    make_private(folder)
    findings.write_csv(folder / LISTING)
    sheets = tuple(write_sheets(folder, findings))
    if sheets:
        listener.noted(f"{counted(len(sheets), 'contact sheet is', 'contact sheets are')} in `{folder}`")
    clean = _clean_split(name, spec_name, folder, findings, asked) if asked["write_split"] else None
    if asked["write_split"] and clean is None:
        listener.warned(f"`{config.dataset.name}` is clean as it is split: nothing leaves, and no list is written")
    return AuditedData(shown, findings, folder / LISTING, sheets, clean)


def _examined(config: TrialConfig, runtime: Runtime, listener: Listener) -> tuple[ShownData, Findings]:
    from ferray.audit.examine import examine
    from ferray.audit.pictures import SIDE, pictures_of
    from ferray.data.groups import grouped, groups_in_words
    from ferray.data.opened import open_dataset

    shown = open_data(config, runtime, listener, SIDE)
    listing = open_dataset(shown.config.dataset, runtime.data_root, runtime.cache_dir).listing
    pictures, params = pictures_of(shown.splits, listing), shown.config.dataset.build_params()
    named = grouped(pictures.samples, params, runtime.data_root)
    try:
        findings = examine(pictures, named, groups_in_words(params, listing.account.groups), listener.progressed)
    finally:
        listener.progressed("", 0, 0)
    return shown, findings


def _clean_split(
    name: str, spec_name: str, folder: Path, findings: Findings, asked: Mapping[str, Any]
) -> CleanSplit | None:
    from ferray.audit.clean_split import leaving, write_clean_split

    if not leaving(findings):
        return None
    given = asked["write_split"]
    path = Path(given) if given.endswith(".csv") else folder / f"{given}.csv"
    left = write_clean_split(path, findings)
    return CleanSplit(path, left, command_without(name, spec_name, asked, path))
