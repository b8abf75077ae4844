"""`ferray data audit`: copies, leaks, contested labels and blank pictures of a data set, and a split without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import Lines, Warnings
from ferray.cli.terminal.output import print_json, say
from ferray.text.counting import counted

if TYPE_CHECKING:
    from rich.console import Console

    from ferray.apps.data_audit import AuditedData
    from ferray.audit.findings import CopyCount, Findings

WriteSplit = Annotated[
    str | None,
    typer.Option(
        "--write-split",
        metavar="NAME",
        help="List what should leave the splits, for `--exclude`; a name, or a path ending in .csv.",
    ),
]
MOST_SHARED = 5


def audit(
    name: Annotated[
        str,
        typer.Argument(
            help="A search space, or a data set by name.",
            show_default=False,
            autocompletion=completion.spaces_and_datasets,
        ),
    ],
    set: arguments.Sets = None,
    limit_per_class: arguments.LimitPerClass = None,
    bad_samples: arguments.BadSamples = None,
    write_split: WriteSplit = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of lists and sheets; else `audit/NAME` in the output folder.")
    ] = None,
    data_root: arguments.DataRoot = None,
    output: arguments.OutputHere = Path("runs"),
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Find copies within and across splits, conflicting labels among them, leaks of films and people, blank pictures.

    Identical files and near copies (brightened, saved again, mirrored, cropped) are told from pictures that are merely
    alike by laying them over each other. No original is touched; `--write-split` lists what a clean split leaves out.
    """
    from ferray.apps.data_audit import audit_data

    documents = []
    for audited in audit_data(name, dict(locals()), Warnings() if quiet else Lines()):
        documents.append(audited.to_json())
        if not json:
            _print(audited)
        if audited.clean and not quiet:
            say("look at the sheets, take off the list what is right, and train without the rest:")
            say(f"`{audited.clean.command}`")
    if json:
        print_json({"datasets": documents})


def _print(audited: AuditedData) -> None:
    from ferray.cli.terminal.plain_table import print_line
    from ferray.cli.terminal.tables import stdout_console

    out, summary = stdout_console(), audited.shown.summary
    place = f" in `{summary.account.place}`" if summary.account.place else ""
    num = sum(map(audited.findings.num_in, ("train", "val", "test")))
    print_line(out, f"`{summary.dataset}`{place}: {counted(num, 'image')} in its splits")
    _print_copies(out, audited.findings)
    _print_classes(out, audited)
    for line in _lines(audited):
        print_line(out, line)


def _print_copies(out: Console, findings: Findings) -> None:
    from ferray.cli.terminal.plain_table import print_table

    columns = ("groups", "images", "across splits", "under two labels")
    counts: tuple[tuple[str, CopyCount], ...] = (
        ("identical files", findings.count(findings.identical)),
        ("all, with near copies", findings.count(findings.copies)),
    )
    rows = [
        (title, *(f"{number:,}" for number in (count.groups, count.images, count.across_splits, count.two_labels)))
        for title, count in counts
    ]
    print_table(out, ("copies", *columns), rows, right=columns)


def _print_classes(out: Console, audited: AuditedData) -> None:
    """Each class with its label, its images and its share of each split."""
    from ferray.cli.terminal.plain_table import print_table

    splits = [split for split in audited.shown.summary.splits if split.total]
    columns = tuple(column for split in splits for column in (split.name, "%"))
    rows = []
    for label, name in enumerate(audited.shown.summary.classes):
        shares = [(split.counts[label], 100 * split.counts[label] / split.total) for split in splits]
        rows.append((str(label), name, *(cell for count, share in shares for cell in (f"{count:,}", f"{share:.1f}"))))
    print_table(out, ("label", "class", *columns), rows, right=("label", *columns))


def _lines(audited: AuditedData) -> Iterator[str]:
    from ferray.audit.label_order import order_remarks

    findings, summary = audited.findings, audited.shown.summary
    yield from _seen_before(findings)
    yield from _leaks(findings)
    if not findings.pictures.greys.size:
        yield "its samples are rows of numbers: near copies and blank pictures are not looked for"
    if summary.skipped:
        yield summary.skipped.sentence(summary.dataset)
    for rows, what in ((findings.blank, "blank"), (findings.placeholders, "mostly one grey (a placeholder?)")):
        if rows:
            yield f"{counted(len(rows), 'picture is', 'pictures are')} {what}: {_names(findings, rows)}"
    yield from (f"classes: {words}" for words in _imbalance(audited))
    yield from (f"label order: {words}" for words in order_remarks(summary.classes))
    if audited.shown.refused:
        yield f"a sweep is refused: {audited.shown.refused}"
    yield f"all of it is listed in `{audited.listing}`"
    yield from (f"to look at: {sheet}" for sheet in audited.sheets)
    if audited.clean:
        gone = ", ".join(f"{split} {count:,}" for split, count in audited.clean.left.items() if count)
        yield f"the clean split leaves out {gone or 'nothing'}: `{audited.clean.path}`"


def _seen_before(findings: Findings) -> Iterator[str]:
    """How much of what a model is chosen and judged by it has seen."""
    for split, before in (("val", "train"), ("test", "train or val")):
        total, seen = findings.num_in(split), findings.num_seen(split, findings.copies)
        if seen:
            same = findings.num_seen(split, findings.identical)
            yield (
                f"{split}: {seen:,} of {counted(total, 'image')} ({seen / total:.1%}) "
                f"{'has a copy' if seen == 1 else 'have copies'} in {before}, {same:,} as the same file"
            )


def _leaks(findings: Findings) -> Iterator[str]:
    leaks = findings.leaks
    if leaks is None:
        yield "no names tell films or people: `dataset.group_pattern` or `dataset.groups` can"
        return
    without = f"; {counted(leaks.num_without, 'image tells', 'images tell')} none" if leaks.num_without else ""
    if not leaks.shared:
        yield f"{leaks.what}: none of {leaks.num_groups:,} stands on two sides of a split{without}"
        return
    sides = [f"{leaks.num_images(split):,} images of {split}" for split in ("val", "test") if leaks.num_images(split)]
    shown = ", ".join(f"`{shared.group}`" for shared in leaks.shared[:MOST_SHARED])
    more = f" and {len(leaks.shared) - MOST_SHARED} more" if len(leaks.shared) > MOST_SHARED else ""
    yield (
        f"{leaks.what}: {len(leaks.shared):,} of {leaks.num_groups:,} on two sides of a split, with "
        f"{' and '.join(sides)}: {shown}{more}{without}; `dataset.split=kfold_by_group` keeps each on one side"
    )


def _names(findings: Findings, rows: tuple[int, ...]) -> str:
    shown = ", ".join(f"`{findings.pictures.samples[row].name}`" for row in rows[:MOST_SHARED])
    return f"{shown} and {len(rows) - MOST_SHARED} more" if len(rows) > MOST_SHARED else shown


def _imbalance(audited: AuditedData) -> Iterator[str]:
    """The largest class against the smallest, by split."""
    classes = audited.shown.summary.classes
    for split in audited.shown.summary.splits:
        if split.total:
            small, large = min(split.counts), max(split.counts)
            if small == large:
                yield f"{split.name} has {large:,} of each class"
                continue
            ratio = f"{large / small:.1f} times" if small else "without end"
            yield (
                f"{split.name} has {ratio} as many of `{classes[split.counts.index(large)]}` ({large:,}) as of "
                f"`{classes[split.counts.index(small)]}` ({small:,})"
            )
