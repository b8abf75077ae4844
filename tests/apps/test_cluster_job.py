"""A job is the command that its user would type on the head, and holds no secret and no place of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ferray.apps.cluster_job import JobRequest, request_job
from ferray.errors import ConfigError

SPACE = "dataset: demo\nbudget: {trials: 2}\nspace: {optimizer.lr: {log_uniform: [1e-4, 1e-2]}}\n"
ASKED = {"launcher": "ray", "cpus_per_trial": 1, "output": Path("runs")}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def job(*words: str, space: str = "demo", requirements: Path | None = None, **asked: Any) -> JobRequest:
    return request_job(space, words, {**ASKED, **asked}, requirements)


def test_it_is_the_sweep_on_the_cluster_that_runs_it() -> None:
    line = job("--trials", "5", trials=5).submission.entrypoint
    assert "exec python -m ferray sweep demo --trials 5 --address auto" in line


def test_results_do_not_lie_in_the_jobs_own_folder() -> None:
    assert job().submission.entrypoint.endswith('--output "${FERRAY_RUNS:-$HOME/runs}"')


def test_it_is_known_whether_anybody_has_said_where_results_lie() -> None:
    assert (job().is_placed_by_the_head, job("--output", "/shared/runs").is_placed_by_the_head) == (True, False)


def test_an_output_that_is_given_is_the_only_one() -> None:
    assert job("--output=s3://bucket/runs").submission.entrypoint.count("--output") == 1


@pytest.mark.parametrize("words", [("--output", "runs"), ("--output=./runs",), ("--data-root", "data")])
def test_a_folder_of_this_machine_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="is a folder of this machine"):
        job(*words)


def test_words_reach_the_sweep_as_they_were_typed() -> None:
    assert "--wandb-notes 'a $HOME; rm -rf /'" in job("--wandb-notes", "a $HOME; rm -rf /").submission.entrypoint


@pytest.mark.parametrize(
    "given", [("--storage", "postgresql://me:secret@db/x"), ("--storage=postgresql://me:secret@db/x",)]
)
def test_a_password_is_refused_and_not_repeated(given: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="a password among the options") as error:
        job(*given)
    assert "secret" not in str(error.value)


def test_a_store_without_a_password_is_taken() -> None:
    assert "postgresql://me@db/x" in job("--storage", "postgresql://me@db/x").submission.entrypoint


def test_a_space_of_this_folder_goes_along(here: Path) -> None:
    (here / "mine.yaml").write_text(SPACE)
    found = job(space="mine.yaml")
    assert (list(found.working_dir.files), found.submission.sweep) == (["mine.yaml"], "mine")
    assert "sweep ./mine.yaml" in found.submission.entrypoint


def test_a_space_from_elsewhere_is_called_by_where_it_arrives(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "mine.yaml"
    file.write_text(SPACE)
    assert "sweep ./given/mine.yaml" in job(space=str(file)).submission.entrypoint


def test_files_that_options_name_go_along(here: Path) -> None:
    (here / "first.csv").write_text("optimizer.lr\n0.001\n")
    assert list(job("--enqueue", "first.csv").working_dir.files) == ["first.csv"]


def test_a_list_that_a_key_names_goes_along_and_keeps_its_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "list.csv"
    file.write_text("x")
    assert "--set faces.file=given/list.csv" in job("--set", f"faces.file={file}").submission.entrypoint


def test_a_file_that_is_called_as_a_value_stays_here(here: Path) -> None:
    (here / "secret").write_text("x")
    assert job("--name", "secret", name="secret").working_dir.files == {}


def test_a_space_that_is_wrong_is_refused_before_anything_is_sent(here: Path) -> None:
    (here / "mine.yaml").write_text("dataset: demo\nspaec: {}\n")
    with pytest.raises(ConfigError, match="spaec"):
        job(space="mine.yaml")


def test_a_launcher_of_this_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="uses no cluster"):
        job("--launcher", "inline", launcher="inline")


def test_versions_are_written_into_the_job() -> None:
    assert set(job().submission.metadata) == {"ferray", "ray", "python"}


def test_pinned_requirements_are_taken(here: Path) -> None:
    pins = f"# mine\ntimm==1.0.20 \\\n    --hash=sha256:{'0' * 64}\nfoo[bar]==2.1 ; python_version < '3.13'\n"
    (here / "requirements.txt").write_text(pins)
    found = job(requirements=Path("requirements.txt")).submission.requirements
    assert found == (f"timm==1.0.20 --hash=sha256:{'0' * 64}", "foo[bar]==2.1 ; python_version < '3.13'")


@pytest.mark.parametrize(
    "line", ["timm", "timm>=1.0", "timm==1.*", "--index-url https://me:secret@host", "-r other.txt"]
)
def test_what_is_not_pinned_is_refused(here: Path, line: str) -> None:
    (here / "requirements.txt").write_text(line)
    with pytest.raises(ConfigError, match="is no pinned requirement"):
        job(requirements=Path("requirements.txt"))
