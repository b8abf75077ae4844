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
    from ferray.cluster.checks.check import check_each
    from ferray.cluster.checks.report import Report

    parts = []
    for part in check_each(files):
        parts.append(part)
        if not json:
            _print(part)
    report = Report.together(parts)
    if json:
        print_json(report.to_json())
    elif not quiet:
        _say_end(report)
    if report.errors:
        raise typer.Exit(ConfigError.exit_code)


def _print(report: Report) -> None:
    """A line about a file with who looked at it, and below it what they have against it."""
    for file, validators in report.validators.items():
        looked = ", ".join(validators) or "no program reads it"
        show(f"{'wrong' if report.errors else 'ok':<5}  {file}  ({looked})", indent=" " * 7)
    for finding in report.findings:
        line = "" if finding.line is None else f"line {finding.line}: "
        mark = "" if finding.severity == "error" else "warning: "
        show(f"  {line}{mark}{finding.message} ({finding.validator})", indent=" " * 7)
    for one in report.not_checked:
        show(f"  not checked by {one.validator}: {one.reason}", indent=" " * 7)


def _say_end(report: Report) -> None:
    num_errors, num_warnings = len(report.errors), len(report.findings) - len(report.errors)
    parts = [counted(num_errors, "error"), counted(num_warnings, "warning")]
    if report.not_checked:
        parts.append(f"{len(report.not_checked):,} not checked")
    say(f"{counted(len(report.files), 'file')}: {', '.join(parts)}")
    for extra in sorted({one.extra for one in report.not_checked if one.extra}):
        say(f"hint: `{install_extra(extra)}` installs what did not look")
