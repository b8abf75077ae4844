"""Kinds of clusters, what may be set of them, and what they are rendered into."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from ferray.cluster.assignments import settings_of
from ferray.cluster.kinds import KINDS, kind_called, render, render_all
from ferray.cluster.settings import Settings
from ferray.cluster.versions import VERSIONS
from ferray.errors import ConfigError, UnknownComponent
from tests.cluster.shipped import CLUSTER, FILES, USED, named, ray_cluster

ROOT = CLUSTER.parent
WHAT_ENDS_A_LINE = ["a\nb", 'a"b', "a'b", "a b", "a;b", "a$b", "a`b", "a#b", "a{b", "a,b", "a: b", "a\\b", "-a", ""]
WHAT_YAML_READS_AS_ANOTHER = ["on", "007", "1.5", "2020-01-01", "a:"]


def refusal(kind: str, *sets: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        settings_of(kind_called(kind), sets)
    return caught.value


def test_the_folder_is_what_is_rendered_with_the_defaults() -> None:
    there = {named(path): path.read_text(encoding="utf-8") for path in FILES}
    assert there == render_all(), "run `make cluster`"


def test_the_ray_of_a_cluster_is_that_of_the_pins() -> None:
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.search(r"^ray(?:\[[^\]]*\])?==([\d.]+)", pins, flags=re.MULTILINE)
    assert pinned is not None
    assert pinned.group(1) == VERSIONS.ray == ray_cluster("kuberay/cluster.yaml")["rayVersion"]


def test_the_ferray_and_the_python_of_a_cluster_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSIONS.ferray
    assert project["requires-python"].startswith(f">={VERSIONS.python},")


@pytest.mark.parametrize("path", USED, ids=named)
def test_no_file_names_another_version(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"ferray[:-](\d+\.\d+\.\d+)", text)) <= {VERSIONS.ferray}
    assert set(re.findall(r"python[: ]?(\d+\.\d+)", text)) <= {VERSIONS.python}
    assert set(re.findall(r"rayVersion: \"(.*?)\"", text)) <= {VERSIONS.ray}


def test_an_unknown_kind_is_told_its_neighbour() -> None:
    with pytest.raises(UnknownComponent, match="did you mean `kuberay`"):
        render("kuberey")


def test_settings_reach_the_files() -> None:
    settings = settings_of(KINDS["onprem"], ["head=10.0.0.1", "workers=10.0.0.2, 10.0.0.3"])
    provider = yaml.safe_load(render("onprem", settings)["onprem.yaml"])["provider"]
    assert provider == {"type": "local", "head_ip": "10.0.0.1", "worker_ips": ["10.0.0.2", "10.0.0.3"]}


def test_numbers_are_read_from_what_is_typed() -> None:
    settings = settings_of(KINDS["slurm"], ["nodes=8", "account=12345", "partition=null"]).model_dump()
    assert (settings["nodes"], settings["account"], settings["partition"]) == (8, "12345", None)


def test_all_that_is_wrong_is_said_together() -> None:
    told = refusal("aws", "ssh_from=0.0.0.0/0", "market=cheap", "regin=x", "disk_gib=1", "oops").message
    assert [
        word for word in ("ssh_from", "market", "did you mean `region`", "disk_gib", "`oops`") if word not in told
    ] == []


def test_one_mistake_is_one_sentence_with_its_value() -> None:
    error = refusal("gcp", "max_gpu_nodes=0")
    assert error.message == "`--set`: max_gpu_nodes: is `0`, allowed is at least `1`"
    assert "cluster list gcp" in error.hint


def test_ssh_is_never_opened_to_the_whole_world() -> None:
    assert "the whole world" in refusal("aws", "ssh_from=::/0").message


def text_settings() -> list[tuple[str, str]]:
    """Every setting that is a text of the user's own, by its kind."""
    return [
        (kind.name, name)
        for kind in KINDS.values()
        for name, field in kind.settings.model_fields.items()
        if isinstance(field.default, str | tuple) and name != "market"
    ]


@pytest.mark.parametrize(("kind", "name"), text_settings())
def test_no_text_can_end_the_line_that_it_stands_in(kind: str, name: str) -> None:
    model, is_list = KINDS[kind].settings, isinstance(KINDS[kind].settings.model_fields[name].default, tuple)
    taken = [word for word in WHAT_ENDS_A_LINE if accepts(model, name, (word,) if is_list else word)]
    assert taken == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("onprem", "name"),
        ("onprem", "head"),
        ("onprem", "workers"),
        ("onprem", "ssh_user"),
        ("aws", "region"),
        ("gcp", "name"),
        ("kuberay", "image"),
    ],
)
def test_no_text_stands_in_a_file_that_yaml_reads_as_something_else(kind: str, name: str) -> None:
    model, is_list = KINDS[kind].settings, isinstance(KINDS[kind].settings.model_fields[name].default, tuple)
    taken = [word for word in WHAT_YAML_READS_AS_ANOTHER if accepts(model, name, (word,) if is_list else word)]
    assert taken == []


@pytest.mark.parametrize(
    ("kind", "sets"), [("aws", "min_gpu_nodes=5"), ("gcp", "min_gpu_nodes=5"), ("kuberay", "min_workers=3")]
)
def test_no_more_nodes_stay_than_there_may_be(kind: str, sets: str) -> None:
    name, _, value = sets.partition("=")
    assert f"{name} is `{value}`" in refusal(kind, sets).message


def accepts(model: type[Settings], name: str, value: object) -> bool:
    try:
        model.model_validate({name: value})
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("market", ["spot", "on-demand", "spot-first"])
@pytest.mark.parametrize("kind", ["aws", "gcp"])
def test_the_market_decides_which_nodes_there_are(kind: str, market: str) -> None:
    rendered = render(kind, settings_of(KINDS[kind], [f"market={market}", "min_gpu_nodes=1"]))[f"{kind}.yaml"]
    nodes = {name: node.get("min_workers") for name, node in yaml.safe_load(rendered)["available_node_types"].items()}
    expected = {"spot": {"gpu-spot": 1}, "on-demand": {"gpu-on-demand": 1}}
    assert nodes == {"head": None, **expected.get(market, {"gpu-spot": 1, "gpu-on-demand": 0})}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_an_example_is_marked_in_the_files_until_it_is_set(kind: str) -> None:
    model = KINDS[kind].settings
    assert [name for name in model.EXAMPLES if name not in model.model_fields] == []
    assert model().examples() == list(model.EXAMPLES)


def test_a_setting_that_was_made_is_marked_no_longer() -> None:
    rendered = render("onprem", settings_of(KINDS["onprem"], ["head=h", "workers=w"]))["onprem.yaml"]
    assert "  # HERE" not in rendered


def test_files_are_told_the_folder_that_they_lie_in() -> None:
    rendered = render("onprem", settings_of(KINDS["onprem"], [], folder="lab/ray"))["onprem.yaml"]
    assert "lab/ray/node/setup.sh" in rendered
    assert "cluster/" not in rendered.replace("lab/ray/", "")
