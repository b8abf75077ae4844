"""Scripts and commands, as shellcheck reads them."""

from __future__ import annotations

import pytest

from ferray.cluster.checks import scripts
from ferray.cluster.checks.scripts import NAME
from tests.cluster.checks.said import report_on, said_by

SCRIPT = '#!/bin/bash\nset -euo pipefail\nexport A=1\nif [[ "$A" == 1 ]]; then\n    echo "$A"\nfi\n'
RAY = "cluster_name: x\nprovider: {{type: local}}\nsetup_commands:\n  - {command}\n"
POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: x\n      {words}\n"


def test_a_good_script_is_let_pass() -> None:
    assert said_by(NAME, SCRIPT, "run.sbatch") == []


def test_a_typo_in_a_script_is_named_with_its_line() -> None:
    said = said_by(NAME, SCRIPT.replace("fi\n", "if\n"), "run.sbatch")
    assert said[0][0] in (4, 6)
    assert said[0][1].startswith("SC")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (RAY.format(command="'if true; then echo x'"), 4),
        (POD.format(words="command: [bash, -c, 'if true; then echo x']"), 6),
        (POD.format(words="command: [bash, -lc]\n      args: ['if true; then echo x']"), 7),
        ("spec: {kind: x}\nentrypoint: if true; then echo x\n", 2),
    ],
)
def test_commands_in_yaml_are_read_as_a_shell_would(text: str, line: int) -> None:
    assert {number for number, _ in said_by(NAME, text)} == {line}


def test_without_shellcheck_scripts_are_named_as_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "program_path", lambda _: None)
    report = report_on(SCRIPT, "run.sh")
    assert [(one.validator, one.extra) for one in report.not_checked] == [(NAME, "validators")]
    assert NAME not in report.validators["run.sh"]
