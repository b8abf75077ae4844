"""Every validator over every file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ferray.cluster.checks import (
    aws,
    cloudformation,
    compose,
    dockerfile,
    gcp,
    kuberay,
    kuberay_crds,
    kubernetes,
    program_options,
    ray_launcher,
    safety,
    scripts,
)
from ferray.cluster.checks.document import NotYaml
from ferray.cluster.checks.report import Finding, NotChecked, Report
from ferray.cluster.checks.source_file import SourceFile, read_source


@dataclass(frozen=True)
class Validator:
    """What looks at a file, if it is one of those that it knows."""

    name: str
    applies: Callable[[SourceFile], bool]
    check: Callable[[SourceFile], Iterator[Finding | NotChecked]]


VALIDATORS = tuple(
    Validator(module.NAME, module.applies, module.check)
    for module in (
        *(ray_launcher, aws, gcp, kubernetes, kuberay, kuberay_crds, compose, cloudformation, dockerfile),
        *(scripts, program_options, safety),
    )
)


def check_files(files: Mapping[str, str]) -> Report:
    """All that can be said against the files of a cluster, given by their paths, without asking any other machine.

    Nothing of the network is used. What a validator that is not installed would have looked at is named in the report.
    """
    return Report.together(check_each(files))


def check_each(files: Mapping[str, str]) -> Iterator[Report]:
    """A report a file, each as soon as it is there: the first one of a kind takes a second or two."""
    for path, text in files.items():
        try:
            source = read_source(path, text)
        except NotYaml as error:
            yield Report.of(path, [Finding(path, error.line, "yaml", error.message)])
            continue
        said: list[Finding | NotChecked] = []
        looked: list[str] = []
        for validator in VALIDATORS:
            if validator.applies(source):
                answers = list(validator.check(source))
                said.extend(answers)
                if not any(isinstance(answer, NotChecked) and answer.validator == validator.name for answer in answers):
                    looked.append(validator.name)
        yield Report.of(path, said, looked)
