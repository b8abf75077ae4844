"""What a check found, and what it could not look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a file; of a warning its validator is not sure, or it costs no more than comfort."""

    file: str
    line: int | None  # counted from 1
    validator: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        mark = "" if self.severity == "error" else "warning: "
        return f"{place}: {mark}{self.message} ({self.validator})"


@dataclass(frozen=True)
class NotChecked:
    """What nobody looked at, and why: a validator that is not installed, or a fact that only the cloud knows."""

    file: str
    validator: str
    reason: str
    extra: str = ""  # of ferray, that would bring the validator

    def __str__(self) -> str:
        return f"{self.file}: not checked by {self.validator}: {self.reason}"


@dataclass(frozen=True)
class Report:
    """All that is to be said about some files, each by line; `validators` are those that looked at a file."""

    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    validators: dict[str, tuple[str, ...]]  # by file

    @classmethod
    def of(cls, file: str, said: Iterable[Finding | NotChecked], validators: Iterable[str] = ()) -> Report:
        """The report about one file, at which `validators` looked."""
        told = list(dict.fromkeys(said))
        findings = tuple(sorted((one for one in told if isinstance(one, Finding)), key=_place))
        not_checked = tuple(one for one in told if isinstance(one, NotChecked))
        return cls((file,), findings, not_checked, {file: tuple(validators)})

    @classmethod
    def together(cls, reports: Iterable[Report]) -> Report:
        """The report about all files of several reports."""
        parts = list(reports)
        return cls(
            tuple(file for part in parts for file in part.files),
            tuple(finding for part in parts for finding in part.findings),
            tuple(one for part in parts for one in part.not_checked),
            {file: names for part in parts for file, names in part.validators.items()},
        )

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What must be mended before anything is started."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def to_json(self) -> dict[str, Any]:
        """The report as the document of `--json`."""
        return {
            "ok": not self.errors,
            "files": [{"file": file, "validators": list(names)} for file, names in self.validators.items()],
            "findings": [asdict(finding) for finding in self.findings],
            "not_checked": [asdict(one) for one in self.not_checked],
        }


def _place(finding: Finding) -> tuple[int, str]:
    return finding.line or 0, finding.message
