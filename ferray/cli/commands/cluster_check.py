"""`ferray cluster check`: what would go wrong with a cluster's files, said before machines are paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, say, show
from ferray.errors import ConfigError
from ferray.text.commands import install_extra
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.cluster.checks.report import Report


def check(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND|FILE]...",
            help="Kinds of clusters, files or folders; without one, every kind as it is rendered.",
            show_default=False,
        ),
    ] = None,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Check a cluster's files by all validators that need no network: of Ray, the clouds, Kubernetes, shells, images.

    Exit code 2 where something must be mended. What a validator that is not installed would have looked at is listed.
    """
    from ferray.apps.cluster_check import files_to_check

    files = files_to_check(what or [])
    if not quiet and not json:
        say(f"checking {counted(len(files), 'file')}")
    from ferray.cluster.checks.check import check_files

    report = check_files(files)
    if json:
        print_json(report.to_json())
    else:
        _print(report)
        if not quiet:
            _say_end(report)
    if report.errors:
        raise typer.Exit(ConfigError.exit_code)


def _print(report: Report) -> None:
    """A line a file with who looked at it, and below it what they have against it."""
    for file in report.files:
        findings = [finding for finding in report.findings if finding.file == file]
        state = "wrong" if any(one.severity == "error" for one in findings) else "ok"
        looked = ", ".join(report.validators[file]) or "nobody reads it but people"
        show(f"{state:<5}  {file}  ({looked})", indent=" " * 7)
        for finding in findings:
            line = "" if finding.line is None else f"line {finding.line}: "
            mark = "" if finding.severity == "error" else "warning: "
            show(f"  {line}{mark}{finding.message} ({finding.validator})", indent=" " * 7)
        for one in report.not_checked:
            if one.file == file:
                show(f"  not checked by {one.validator}: {one.reason}", indent=" " * 7)


def _say_end(report: Report) -> None:
    num_errors, num_warnings = len(report.errors), len(report.findings) - len(report.errors)
    parts = [counted(num_errors, "error"), counted(num_warnings, "warning")]
    if report.not_checked:
        parts.append(f"{len(report.not_checked):,} not checked")
    say(f"{counted(len(report.files), 'file')}: {', '.join(parts)}")
    for extra in sorted({one.extra for one in report.not_checked if one.extra}):
        say(f"hint: `{install_extra(extra)}` installs what did not look")
