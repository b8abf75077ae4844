"""Options of Ray's programs, held against Ray's own parser."""

from __future__ import annotations

import pytest

from ferray.cluster.checks.program_options import NAME
from tests.cluster.checks.said import said_by

KUBERAY = "apiVersion: ray.io/v1\nkind: RayCluster\nspec:\n  headGroupSpec:\n    rayStartParams:\n      {param}\n"


@pytest.mark.parametrize(
    "command",
    [
        "ray start --head --port=6379 --dashboard-host=127.0.0.1 --num-gpus=$GPUS",
        '~/venv/bin/ray start --address "$HEAD:6379" --num-cpus 4',
        "srun ray symmetric-run --address a:1 --min-nodes 2 --num-gpus=2 -- ferray sweep --output x",
        "ray stop",
        'echo "ray $VERSION"',
        "ray job submit --whatever",
    ],
)
def test_a_good_command_is_let_pass(command: str) -> None:
    assert said_by(NAME, f"{command}\n", "run.sh") == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("ray start --haed", "`ray start` has no option `--haed`: did you mean `--head`?"),
        (
            "srun ray symmetric-run --adress a",
            "`ray symmetric-run` has no option `--adress`: did you mean `--address`?",
        ),
        ("ray strat --head", "`ray strat` is no command: did you mean `start`?"),
        ("ray symetric-run --address a", "`ray symetric-run` is no command: did you mean `symmetric-run`?"),
        ("ray start --port=x", "`--port=x`: 'x' is not a valid integer."),
    ],
)
def test_a_typo_is_named_with_its_line(command: str, message: str) -> None:
    assert said_by(NAME, f"# a script\n{command}\n", "run.sh") == [(2, message)]


def test_start_parameters_of_kuberay_are_options_of_ray_start() -> None:
    assert said_by(NAME, KUBERAY.format(param="dashboard-host: 127.0.0.1")) == []
    message = "`ray start` has no option `--dashbord-host`: did you mean `dashboard-host`?"
    assert said_by(NAME, KUBERAY.format(param="dashbord-host: 127.0.0.1")) == [(6, message)]
