"""All commands. Nothing heavy is imported before the arguments are good: each command imports what it needs."""

from __future__ import annotations

import errno
import os
import sys
from shlex import join

import typer
from typer.exceptions import Abort, Exit, TyperException

from ferray import __version__
from ferray.cli.commands import (
    calibrate,
    cluster,
    compare,
    confirm,
    dashboard,
    data,
    ensemble,
    evaluate,
    explain,
    export,
    figures,
    leaderboard,
    ls,
    outliers,
    power,
    predict,
    report,
    rm,
    show,
    sweep,
    sync,
    train,
    trials,
    wandb,
)
from ferray.cli.commands.list import list_components
from ferray.cli.completion import COMPLETE_VAR
from ferray.cli.output_option import push_opened
from ferray.cli.terminal.encoding import print_anything
from ferray.cli.terminal.output import print_error
from ferray.cli.terminal.streams import ReaderLeft, open_streams
from ferray.cli.terminal.wrong_option import hint_of, words_of
from ferray.config.urls import conceal, hide_passwords
from ferray.errors import INTERRUPTED_EXIT_CODE, ConfigError, FerrayError, StorageError
from ferray.files.os_errors import system_words
from ferray.system.lean_imports import import_lean
from ferray.text.commands import program

COMPLETION = ("--install-completion", "--show-completion")  # typer's options

app = typer.Typer(
    name="ferray",
    help="Hyper-parameter sweeps for facial expression recognition: Ray Tune, one Optuna study, a leaderboard with n.",
    epilog="Exit codes: 0 done, 1 a bug, 2 asked wrongly, 3 data, 4 nothing completed, 5 cluster, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("sweep")(sweep.sweep)
app.command("train")(train.train)
app.command("ls")(ls.ls)
app.command("rm")(rm.rm)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("trials")(trials.trials)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("predict")(predict.predict)
app.command("ensemble")(ensemble.ensemble)
app.command("calibrate")(calibrate.calibrate)
app.command("confirm")(confirm.confirm)
app.command("compare")(compare.compare)
app.command("figures")(figures.figures)
app.command("outliers")(outliers.outliers)
app.command("explain")(explain.explain)
app.command("report")(report.report)
app.command("power")(power.power)
app.command("dashboard")(dashboard.dashboard)
app.command("sync")(sync.sync)
app.command("list")(list_components)
app.add_typer(show.app, name="show")
app.add_typer(data.app, name="data")
app.add_typer(cluster.app, name="cluster")
app.add_typer(wandb.app, name="wandb")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True)) -> None:
    if version:
        print(__version__)
        raise Exit


def begin(args: list[str]) -> int:
    """Run one command in a process of its own and return its exit code."""
    import_lean()
    open_streams()
    print_anything(sys.stdout, sys.stderr)
    # W&B keeps sys.argv in every run's file and uploads it: a store's password must not be in it.
    sys.argv[1:] = hide_passwords(sys.argv[1:])
    return run(args)


def run(args: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        code = _returned(args)
        push_opened()
        sys.stdout.flush()
    except FerrayError as error:
        print_error(conceal(error.message, args), conceal(error.hint, args))
        return error.exit_code
    except TyperException as error:
        if not error.format_message():  # the help was printed, for want of arguments
            return error.exit_code
        print_error(conceal(words_of(error), args), hint_of(error, _verb(args)))
        return error.exit_code
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED_EXIT_CODE
    except ReaderLeft:
        return 0
    except (
        OSError
    ) as error:  # whatever file it is that no room of ferray speaks for: a folder without rights, a name too long
        print_error(f"{_what(error)}: {system_words(error)}", "check the path, its rights and its disk")
        return ConfigError.exit_code if error.errno == errno.ENAMETOOLONG else StorageError.exit_code
    return code


def _returned(args: list[str]) -> int:
    try:
        returned = app(args, prog_name=_called(args), complete_var=COMPLETE_VAR, standalone_mode=False)
    except Exit as ended:
        return ended.exit_code
    return returned if isinstance(returned, int) else 0


def _called(args: list[str]) -> str:
    """What usage lines call this program: as it was called, but by its name where a shell is to complete it."""
    is_completed = COMPLETE_VAR in os.environ or any(arg.startswith(COMPLETION) for arg in args)
    return "ferray" if is_completed else join(program())


def _what(error: OSError) -> str:
    return "the machine refuses" if error.filename is None else f"`{os.fsdecode(error.filename)}` cannot be used"


def _verb(args: list[str]) -> str:
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    if not args or args[0] not in known:
        return ""
    group = next((group.typer_instance for group in app.registered_groups if group.name == args[0]), None)
    parts = {command.name for command in group.registered_commands} if group else set()
    return " ".join(args[:2]) if parts & set(args[1:2]) else args[0]
