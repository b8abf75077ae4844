"""`ferray cluster up`: machines started by Ray's launcher, once everything that can be checked has been."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferray.cli import arguments
from ferray.cli.terminal.output import print_json, say, show
from ferray.cli.terminal.question import Yes, is_wanted
from ferray.errors import ConfigError
from ferray.text.commands import command

LauncherPath = Annotated[
    Path, typer.Argument(metavar="FILE", help="A file of `ray up`, such as `cluster/onprem.yaml`.", show_default=False)
]


def up(
    file: LauncherPath,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file, say what would start, and stop.")] = False,
    json: arguments.Json = False,
) -> None:
    """Start a cluster, or bring a running one up to its file. Everything is checked first, and it asks."""
    from ferray.cluster.extra import refuse_missing
    from ferray.cluster.launcher import launch, read_launcher_file

    found = read_launcher_file(file)
    _refuse_faulty(file)
    if found.missing:
        raise ConfigError(_missing_words(found.missing), "`make wheel` builds the wheel; paths are those from here")
    for line in found.sentences():
        (show if dry_run and not json else say)(line)
    if json:
        print_json(found.to_json())
    if dry_run:
        return
    refuse_missing("up")
    brings = "rented machines cost from now on" if found.is_rented else "Ray on these machines ends first"
    if not yes and not is_wanted(f"start {found.name}? {brings}", f"whether `{found.name}` should start"):
        say("nothing was started")
        return
    _have_token()
    launch("up", found, say)
    say(f"`{command('cluster status', '--address', file)}` shows it, `{command('cluster down', file)}` ends it")


def _missing_words(missing: list[Path]) -> str:
    return "the nodes are to be given what is not here: " + ", ".join(f"`{path}`" for path in missing)


def _have_token() -> None:
    from ferray.cluster.tokens import ensure_token

    written = ensure_token()
    if written is not None:
        say(f"a token for this cluster and its users was drawn into `{written}`")


def _refuse_faulty(file: Path) -> None:
    """ConfigError for a file in which a check has found a fault; what nobody could check is said."""
    from ferray.cluster.checks.check import check_files
    from ferray.files.read import read_text

    report = check_files({str(file): read_text(file, ConfigError)})
    for one in (*report.not_checked, *(finding for finding in report.findings if finding not in report.errors)):
        say(f"note: {one}")
    if report.errors:
        faults = "\n".join(f"  {finding}" for finding in report.errors)
        raise ConfigError(f"`{file}` has faults:\n{faults}", "mend them: nothing was started")
