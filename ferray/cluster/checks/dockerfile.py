"""The recipe of an image as hadolint reads it, shellcheck's remarks on its commands among them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from ferray.cluster.checks.programs import json_answer, program_path
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.source_file import FileKind, SourceFile

NAME = "hadolint"
# DL3008: a version of every Debian package goes with the next point release, and the build with it.
LEFT_OUT = ("DL3008",)


def applies(source: SourceFile) -> bool:
    """Whether the file is the recipe of an image."""
    return source.kind is FileKind.DOCKERFILE


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What hadolint has against a Dockerfile."""
    hadolint = program_path("hadolint")
    if hadolint is None:
        yield NotChecked(source.path, NAME, "hadolint is not installed", "validators")
        return
    ignored = [word for rule in LEFT_OUT for word in ("--ignore", rule)]
    try:
        answer = json_answer([hadolint, "--no-color", "--format", "json", *ignored], [("Dockerfile", source.text)])
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        yield NotChecked(source.path, NAME, f"it does not answer: {error}")
        return
    for remark in answer:
        message = f"{remark['code']}: {' '.join(remark['message'].split())}"
        is_error = remark["level"] in ("error", "warning")
        yield source.finding(NAME, message, remark["line"], severity="error" if is_error else "warning")
