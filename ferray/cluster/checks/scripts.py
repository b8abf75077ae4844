"""Scripts, and the commands that YAML holds for a shell, as shellcheck reads them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from ferray.cluster.checks.programs import json_answer, program_path
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.shell_texts import shell_texts
from ferray.cluster.checks.source_file import FileKind, SourceFile

NAME = "shellcheck"
# SC1091: files that a script reads lie on the node. SC2016: what is in single quotes is meant for the node's shell.
# SC2148: commands in YAML have no first line. SC2154: Ray and batch systems set variables.
LEFT_OUT = "SC1091,SC2016,SC2148,SC2154"


def applies(source: SourceFile) -> bool:
    """Whether a shell runs something of the file."""
    return any(True for _ in shell_texts(source))


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What shellcheck has against a script as a whole, or against each command in a document."""
    texts = list(shell_texts(source))
    shellcheck = program_path("shellcheck")
    if shellcheck is None:
        yield NotChecked(source.path, NAME, "shellcheck is not installed", "validators")
        return
    command = [shellcheck, "--norc", "--format=json1", "--severity=style", f"--exclude={LEFT_OUT}"]
    if source.kind is not FileKind.SCRIPT:
        command.append("--shell=bash")  # Ray's launcher and the templates' pods run `bash -c`
    try:
        answer = json_answer(command, [(str(index), text.text) for index, text in enumerate(texts)])
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        yield NotChecked(source.path, NAME, f"it does not answer: {error}")
        return
    for remark in answer["comments"]:
        text = texts[int(remark["file"])]
        line = text.line + (remark["line"] - 1 if text.is_verbatim else 0)
        message = f"SC{remark['code']}: {remark['message']}"
        is_error = remark["level"] in ("error", "warning")
        yield source.finding(NAME, message, line, severity="error" if is_error else "warning")
