"""`ferray predict`: a trained model asked about pictures and videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferray.cli import arguments, completion
from ferray.cli.terminal.listeners import Lines, Warnings
from ferray.cli.terminal.output import print_json, say, show, show_text
from ferray.errors import ConfigError, DataError
from ferray.text.counting import counted

if TYPE_CHECKING:
    from ferray.apps.predict import Predicted
    from ferray.inference.files import Unanswered

MOST_NAMED = 20
_PICTURES = "Pictures"
_MODEL = "Model"

Model = Annotated[
    str,
    typer.Argument(
        help="An exported folder, a best.pt, a .safetensors or .onnx file, or SWEEP:best, SWEEP:17 or SWEEP:ensemble.",
        show_default=False,
        autocompletion=completion.trials,
    ),
]
Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Pictures, videos, and folders of them.", show_default=False)
]
Faces = Annotated[
    str,
    typer.Option(
        "--faces",
        help="none: the whole picture is a face. mtcnn, center, csv: cut first, as `data prepare` does.",
        rich_help_panel=_PICTURES,
        autocompletion=completion.components("faces"),
    ),
]
Margin = Annotated[
    float,
    typer.Option(
        "--margin", help="Added to a face on each side, as a part of its box's side.", rich_help_panel=_PICTURES
    ),
]
Align = Annotated[
    bool, typer.Option("--align/--no-align", help="Rotate faces so that the eyes are level.", rich_help_panel=_PICTURES)
]
Fps = Annotated[
    float, typer.Option("--fps", help="Frames of a second of a video that are looked at.", rich_help_panel=_PICTURES)
]
Annotate = Annotated[
    Path | None,
    typer.Option(
        "--annotate",
        metavar="DIR",
        help="Write each picture with its answers drawn over it.",
        rich_help_panel=_PICTURES,
    ),
]
BatchSize = Annotated[
    int,
    typer.Option("--batch-size", min=1, max=4096, help="Faces that are answered at a time.", rich_help_panel=_MODEL),
]
Runtime = Annotated[
    str,
    typer.Option(
        "--runtime",
        help="torch, onnx, or auto: onnxruntime where it is installed and the folder has a model.onnx.",
        rich_help_panel=_MODEL,
        autocompletion=completion.words("auto", "torch", "onnx"),
    ),
]


def predict(
    model: Model,
    paths: Paths,
    faces: Faces = "none",
    margin: Margin = 0.2,
    align: Align = True,
    fps: Fps = 1.0,
    annotate: Annotate = None,
    batch_size: BatchSize = 64,
    runtime: Runtime = "auto",
    device: arguments.Device = "auto",
    output: arguments.Output = Path("runs"),
    csv: Annotated[bool, typer.Option("--csv", help="Print one line of CSV a face to stdout.")] = False,
    json: arguments.Json = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Say which expression each picture shows, with a probability for each class.

    Files that are no pictures, damaged ones and pictures without a face are named on stderr, and the rest is answered.
    Exit code 3 where a file could not be read, 0 where every one was, whether or not a face was seen in it.
    """
    asked = dict(locals())
    if csv and json:
        raise ConfigError("`--csv` and `--json` are two choices", "leave one out")
    from ferray.apps.predict import predict_files

    predicted = predict_files(asked, Warnings() if quiet else Lines())
    _print_answers(predicted, csv=csv, json=json)
    _tell_the_rest(predicted, quiet=quiet)


def _print_answers(predicted: Predicted, *, csv: bool, json: bool) -> None:
    from ferray.inference.answer_tables import csv_of, document_of, lines_of

    if json:
        print_json(document_of(predicted.answers, predicted.model, predicted.files.passed_over))
    elif csv:
        show_text(csv_of(predicted.answers))
    else:
        for line in lines_of(predicted.answers):
            show(line)


def _tell_the_rest(predicted: Predicted, *, quiet: bool) -> None:
    """What has no answer, by name; DataError where that is for a file that could not be read."""
    found, passed_over = predicted.answers, predicted.files.passed_over
    if not quiet:
        _name("passed over", passed_over)
        if predicted.annotated:
            written = counted(len(predicted.annotated), "annotated picture")
            say(f"{written} written, the first `{predicted.annotated[0]}`")
    _name("without a face", found.without_face)
    if not predicted.files.asked:
        raise DataError("there is no picture and no video among these", "name pictures, or a folder that holds some")
    if found.unread:
        lines = [f"  {_line(unanswered)}" for unanswered in found.unread[:MOST_NAMED]]
        more = len(found.unread) - MOST_NAMED
        rest = [f"  and {more:,} more"] if more > 0 else []
        message = f"{counted(len(found.unread), 'file')} of {len(predicted.files.asked):,} could not be answered"
        raise DataError("\n".join([message, *lines, *rest]), _hint(predicted))


def _hint(predicted: Predicted) -> str:
    """What helps: another file where all are the same wrong thing."""
    from ferray.data.file_kinds import remedy_of

    remedies = {remedy_of(unanswered.reason) for unanswered in predicted.answers.unread}
    remedy = remedies.pop() if len(remedies) == 1 else ""
    rest = "; all else was answered" if predicted.answers.answers else ""
    return f"{remedy or 'mend or delete what is named'}{rest}"


def _name(what: str, unanswered: list[Unanswered]) -> None:
    for each in unanswered[:MOST_NAMED]:
        say(f"{what}: {_line(each)}")
    if (more := len(unanswered) - MOST_NAMED) > 0:
        say(f"{what}: and {more:,} more")


def _line(unanswered: Unanswered) -> str:
    return f"`{unanswered.file}` {unanswered.reason}"
