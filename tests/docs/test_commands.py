"""Every command that a page prints works: run as it stands where seconds allow, else read by the command line.

`HOW` decides by the longest beginning that it knows; a command that it does not know fails, so that no page can show
one that nobody tried. Sweeps and trainings run on spaces of the shipped names and data of a few images each.
"""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from ferray.cli.app import app
from ferray.config.load import find_space
from ferray.testing.command import INLINE, ferray
from tests.docs.pages import PAGES, ROOT, Command, commands, commands_of, options_of, text_of
from tests.docs.sandbox import build, sweep_all

NAMES = {
    "NAME": "sfew",
    "DIR": "frames",
    "DATA": "frames",
    "SPACE": "sfew",
    "DATASET": "sfew",
}  # placeholders of the pages
FEW = ("--trials", "1", "--name", "tried", "--fresh", *INLINE)
How = Callable[[Command], None]


def run(*more: str) -> How:
    """In the sandbox, as printed and with these words behind it; what is sent into a file lies there."""

    def act(command: Command) -> None:
        words, (_, *target) = cut(command.words, ">")
        ran = ferray(*(NAMES.get(word, word) for word in words[1:]), *more)
        assert ran.code == 0, ran.err
        for file in target:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(ran.out)

    return act


def cut(words: Sequence[str], mark: str) -> tuple[Sequence[str], Sequence[str]]:
    """What stands before a mark of the shell, and the mark with what follows; a mark alone where there is none."""
    place = words.index(mark) if mark in words else len(words)
    return words[:place], words[place:] or (mark,)


def refused(command: Command) -> None:
    """What the page shows is how it is refused."""
    ran = ferray(*command.words[1:])
    assert (ran.code, ran.err.split(":")[0]) == (2, "error")


def read(command: Command) -> None:
    """Its options exist and their values are of the right kind; where it names a space, the space exists."""
    words = command.words[1:]
    context = parse(words)
    space = context.params.get("space")
    assert space is None or find_space(space)


def named(command: Command) -> None:
    """The command and its options exist; its arguments are left out in the text."""
    parse(command.words[1:], is_whole=False)


def parse(words: Sequence[str], *, is_whole: bool = True) -> typer.Context:
    """The context of the innermost command, with everything parsed and nothing run."""
    found, rest, context = typer.main.get_command(app), list(words), None
    while True:
        context = found.make_context(found.name, rest, parent=context, resilient_parsing=not is_whole)
        if not context._protected_args:
            return context
        (name,), rest = context._protected_args, list(context.args)
        found = found.get_command(context, name)
        assert found is not None, f"no command `{name}`"


def target(command: Command) -> None:
    """A target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in command.words[1:])


def extras(command: Command) -> None:
    """Extras that pyproject.toml has, or another package."""
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = re.search(r"ferray\[(.*)\]", command.words[-1])
    assert asked is None or set(asked.group(1).split(",")) <= set(known)


def module(command: Command) -> None:
    """A module that is there."""
    assert importlib.util.find_spec(command.words[2]) is not None


def files(command: Command) -> None:
    """A tool that is not ours, or not here: the files of the checkout that it is given are there."""
    ours = [word for word in command.words if word.startswith(("cluster/", "tests/", "bench/", "docs/"))]
    assert [word for word in ours if not (ROOT / word).exists()] == []


def innermost(found: Any, path: str = "ferray") -> Iterator[tuple[str, Any]]:
    """Every command that runs something, by the words that name it."""
    if not hasattr(found, "commands"):
        yield path, found
    for name, inner in getattr(found, "commands", {}).items():
        yield from innermost(inner, f"{path} {name}")


COMMANDS = dict(innermost(typer.main.get_command(app)))
PARAMS = [param for command in COMMANDS.values() for param in command.params]
OPTIONS = {option for param in PARAMS for option in (*param.opts, *param.secondary_opts)}
OPTIONS |= {"--help", *(option for param in typer.main.get_command(app).params for option in param.opts)}

GROUPS = {name.rpartition(" ")[0] for name in COMMANDS}

HOW: dict[str, How] = {
    "ferray --help": run(),
    "ferray --install-completion": named,  # writes into the user's home
    "ferray ls": run(),
    "ferray cluster check": run(),
    "ferray cluster up": read,  # starts machines; tests/cli/test_cluster_up.py
    "ferray cluster down": read,
    "ferray cluster submit": read,  # wants a cluster; tests/cluster/test_real_jobs.py has one
    "ferray cluster status": read,
    "ferray cluster logs": read,
    "ferray cluster stop": read,
    "ferray cluster check my-cluster.yaml": read,
    "ferray sweep --help": run(),
    "ferray sweep sfew": run(*FEW),
    "ferray sweep demo": run(*FEW),
    "ferray sweep demo --dry-run --set head.dropout=1.5": refused,
    "ferray sweep sfew-heads --then sfew": read,
    "ferray sweep demo --name again --like demo": read,
    "ferray sweep fer2013": run(*FEW),
    "ferray sweep fer2013-sfew": run("--epochs", "1", "--set", "backbone=tiny_cnn", *FEW),
    "ferray sweep fer2013 --exclude": read,  # the audit of these few drawn faces has nothing to leave out
    "ferray sweep NAME": run(*FEW),
    "ferray sweep papers/wang2020": run(*INLINE),
    "ferray sweep recipes/": read,  # an hour; an arm a switch
    "ferray compare recipes/": read,  # what has not been swept here
    "ferray sweep papers/": read,  # minutes; `make papers` runs them all
    "ferray sweep sfew --address": read,  # wants a cluster
    "ferray sweep sfew --set dataset.faces=mtcnn": read,  # after cutting 84 faces
    "ferray sweep sfew --set dataset=kdef": read,  # the data set of the example, which test_contributing.py adds
    "ferray train": run("--epochs", "1"),
    "ferray leaderboard": run(),
    "ferray leaderboard NAME --output s3://": read,  # there is no such bucket
    "ferray trials": run(),
    "ferray evaluate": run(),
    "ferray export": run("--no-onnx", "--force"),
    "ferray predict": read,  # wants pictures; tests/cli/test_predict_command.py has some
    "ferray ensemble": run(),
    "ferray ensemble sfew --soup": read,  # wants a recipe with several seeds; tests/apps/test_soup.py has some
    "ferray calibrate": run(),
    "ferray confirm": read,  # minutes; tests/apps/test_confirm.py runs it
    "ferray figures sfew": run(),
    "ferray figures demo": run(),
    "ferray figures wang2020": run(),
    "ferray figures assa2021": read,
    "ferray outliers": run(),
    "ferray explain": run(),
    "ferray report": run(),
    "ferray compare": run(),
    "ferray power --sd": run(),
    "ferray dashboard": read,  # serves until Ctrl-C; tests/apps/test_dashboard.py ends it
    "ferray sync": read,  # wants a network
    "ferray wandb publish": run("--spec-only", "specs.json"),
    "ferray list": run(),
    "ferray show": run(),
    "ferray data clean": run("--epochs", "1", "--folds", "2"),
    "ferray data audit": run(),
    "ferray data prepare": run("--workers", "1", "--quiet", "--data-root", "frames"),
    "ferray data show": run(),
    "ferray cluster list": run(),
    "ferray cluster render": run("--force"),
    "ferray rm": read,  # asks; tests/cli/test_rm_command.py runs it
    "make": target,
    "pip install": extras,
    "python -m": module,
    ".venv/bin/python -m pytest": files,
    ".venv/bin/python -m pip": files,
    "pytest": files,
    "export": files,
    "optuna-dashboard": files,  # tests/test_end_to_end.py opens a store with it
    ".venv/bin/optuna-dashboard": files,
    "wandb sync": files,
    "ray": files,
    "kubectl": files,
    "docker build": files,
    "sbatch": files,  # tests/cluster/ runs the script
    "scancel": files,
}


def how(command: Command) -> How:
    """The act for the longest known beginning; what the text only names, without its arguments, is looked for."""
    line = " ".join(command.words)
    if not command.is_whole and (line in GROUPS or lacks_arguments(command)):
        return named
    known = [start for start in HOW if line.startswith(start)]
    assert known, f"`{command}` is new: say in `HOW` how it is tried"
    return HOW[max(known, key=len)]


def lacks_arguments(command: Command) -> bool:
    """Whether it is one of ours that cannot run for want of an argument."""
    if not any(" ".join(command.words).startswith(name) for name in COMMANDS):
        return False
    try:
        parse(command.words[1:])
    except typer.exceptions.Exit:  # of `--help`
        return False
    except typer.exceptions.TyperException as error:
        return type(error).__name__ == "MissingParameter"
    return False


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The working folder of all commands."""
    folder = build(tmp_path_factory.mktemp("docs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FERRAY_DATA", str(folder / "data"))
        patch.chdir(folder)
        sweep_all()
        yield


@pytest.mark.slow
@pytest.mark.parametrize("command", commands(), ids=str)
@pytest.mark.usefixtures("sandbox")
def test_a_command_works_as_printed(command: Command) -> None:
    how(command)(command)


def test_a_command_that_nobody_tried_is_found() -> None:
    (command,) = commands_of("```console\n$ ferray conquer sfew   # soon\n```")
    with pytest.raises(AssertionError, match="`ferray conquer sfew` is new"):
        how(command)


def test_a_misspelt_option_is_found() -> None:
    with pytest.raises(typer.exceptions.TyperException, match="--trails"):
        read(Command(("ferray", "sweep", "sfew", "--trails", "3"), is_whole=True))


@pytest.mark.parametrize("page", PAGES)
def test_every_option_in_the_text_exists(page: str) -> None:
    assert options_of(text_of(page)) - OPTIONS == set()
