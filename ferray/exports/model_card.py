"""The README.md of an exported folder: what the model is, how it is used, what was measured, what it is not for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ferray.config.option_names import own_name
from ferray.config.readable import params_line
from ferray.config.trial import TrialConfig
from ferray.exports.onnx_file import OPSET
from ferray.exports.origin import Checks, Measured, Origin, score_lines
from ferray.models.timm_config import TimmConfig

# For other machines, on which no command is called as it is here.
_ASK = " ".join(("$ ferray", "predict", ".", "photos", "--faces", "mtcnn", "--csv"))
_INSTALL = " ".join(("$ pip", "install", "onnxruntime", "pillow"))
INTENDED = """\
It names the expression that a face shows, as the people who labelled the data set saw it. That is not what a person
feels, and error rates differ between classes and between groups of people that the data set may not tell apart. It is
for research; decisions about people are not to rest on it. Faces have to be cut as those it was trained on.
"""


@dataclass(frozen=True)
class Card:
    """All that the page tells; `preprocessing` is None where it is asked about rows and no pictures."""

    config: TrialConfig
    classes: tuple[str, ...]
    origin: Origin
    preprocessing: dict[str, Any] | None
    measured: Sequence[Measured]
    checks: Checks
    timm: TimmConfig | None


def model_card(card: Card) -> str:
    """The page as markdown, its head as model hubs read it."""
    return "\n".join([*_head(card), *_facts(card), *_use(card), *_input(card), *_scores(card), *_rest(card)])


def _head(card: Card) -> Iterator[str]:
    library = "timm" if card.timm and card.timm.is_whole else "ferray"
    yield from ("---", f"library_name: {library}", "pipeline_tag: image-classification")
    yield from ("tags:", "- facial-expression-recognition", "- image-classification", "---", "")


def _facts(card: Card) -> Iterator[str]:
    config, origin = card.config, card.origin
    yield f"# {_model_name(config)} for facial expressions"
    yield ""
    yield f"Trial {origin.trial} (recipe `{origin.recipe}`) of the sweep `{_plain(origin.sweep)}`, exported by ferray."
    chosen = (
        f"the best of {origin.num_complete:,} trials" if origin.is_best else f"one of {origin.num_complete:,} trials"
    )
    yield f"It is {chosen} by `{origin.metric}` on the validation split, at its best epoch by that."
    yield ""
    yield from data_set_lines(config)
    yield f"- backbone: `{_plain(_model_name(config))}`, head: `{config.head.name}`"
    yield f"- classes, in the order of the logits: {', '.join(map(_plain, card.classes))}"
    yield "- the whole configuration: `config.json`, under `ferray`"
    yield ""


def data_set_lines(config: TrialConfig) -> Iterator[str]:
    """What a trial was trained on, that of each earlier stage first."""
    for number, stage in enumerate(config.earlier_stages, start=1):
        yield f"- data set of stage {number} of {config.num_stages}: {_data_set(stage)}"
    yield f"- data set: {_data_set(config)}"


def licence_line(configs: Sequence[TrialConfig]) -> str:
    """Whose licences hold for weights of these trials."""
    began = {config.init_from or _pretrained(config) for config in configs} - {""}
    several = len({data_set for config in configs for data_set in data_set_lines(config)}) > 1
    sets = "each data set" if several else "the data set"
    if not began:
        return f"The licence of {sets} holds for it too."
    starts = " and ".join(f"`{_plain(start)}`" for start in sorted(began))
    return f"It began with {starts}, whose licence holds for it too, beside that of {sets}."


def _pretrained(config: TrialConfig) -> str:
    return "pretrained weights" if config.backbone.params.get("pretrained") else ""


def _data_set(config: TrialConfig) -> str:
    return f"`{_plain(config.dataset.name)}` ({_plain(params_line(dict(config.dataset.params))) or 'its defaults'})"


def _use(card: Card) -> Iterator[str]:
    yield from ("## Use", "")
    if card.checks.onnx is not None:
        yield from onnx_lines()
    if card.preprocessing is None:
        yield from ("With ferray:", "", "```python", "import ferray", "", 'predictor = ferray.load_predictor(".")')
        yield from ("probabilities = predictor.probabilities(rows)", "```", "")
        return
    yield from ("With ferray:", "", "```console", _ASK, "```", "")
    yield from ("```python", "import ferray", "", 'predictor = ferray.load_predictor(".")')
    yield from ('probabilities = predictor.probabilities(["face.png"])', "```", "")
    yield from _timm_lines(card, card.preprocessing)


def onnx_lines() -> Iterator[str]:
    """How `predict.py` and `model.onnx` are used."""
    yield from ("With onnxruntime and Pillow alone:", "", "```console", _INSTALL)
    yield from ("$ python predict.py face.png", "```", "", "```python", "from predict import Model, read_picture", "")
    yield from ("model = Model()", 'probabilities = model.probabilities([read_picture("face.png")])', "```", "")


def _timm_lines(card: Card, known: dict[str, Any]) -> Iterator[str]:
    if card.timm is None:
        yield from ("timm does not have this backbone: `model.safetensors` holds the weights under ferray's names.", "")
        return
    yield from _whole_by_timm(known) if card.timm.is_whole else _backbone_by_timm(card.timm)
    logits = known["logits"]
    if logits["offset"] is not None or logits["temperature"] != 1.0 or known["views"] > 1:
        yield "That gives the network's own logits for one view. The trial's are, by `preprocessing.json`, the mean"
        yield "over its views, plus `logits.offset`, divided by `logits.temperature`, as `model.onnx` has them."
        yield ""


def _whole_by_timm(known: dict[str, Any]) -> Iterator[str]:
    yield from ("With timm alone:", "", "```python", "import timm", "from PIL import Image", "")
    yield 'network = timm.create_model("local-dir:.", pretrained=True).eval()'
    yield "look = timm.data.create_transform(**timm.data.resolve_model_data_config(network))"
    yield 'logits = network(look(Image.open("face.png").convert("RGB")).unsqueeze(0))'
    yield from ("```", "")
    if known["mean"] is None or known["grey"]:
        yield "Its transform does not know the normalisation of this trial: see `preprocessing.json`."
        yield ""


def _backbone_by_timm(timm: TimmConfig) -> Iterator[str]:
    document = timm.document
    extra = "".join(f", {name}={value!r}" for name, value in document["model_args"].items())
    yield from ("With timm and torch, as timm builds the backbone alone:", "", "```python", "import timm, torch")
    yield from ("from safetensors.torch import load_file", "", 'weights = load_file("model.safetensors")')
    yield f'backbone = timm.create_model("{document["architecture"]}", num_classes=0{extra})'
    yield f"head = torch.nn.Sequential({', '.join(timm.head_layers)})"
    yield 'for part, start in ((backbone, "backbone.net."), (head, "head.")):'
    yield "    own = {name.removeprefix(start): tensor for name, tensor in weights.items() if name.startswith(start)}"
    yield "    part.load_state_dict(own)"
    yield "network = torch.nn.Sequential(backbone, head).eval()"
    yield from ("```", "")


def _input(card: Card) -> Iterator[str]:
    known = card.preprocessing
    if known is None:
        return
    size = known["resize"]["size"]
    yield from ("## Input", "")
    yield f"A face, RGB, the whole picture made {size} x {size} pixels without keeping its proportions: averaged over"
    yield "areas where both sides shrink, interpolated linearly else."
    yield ""
    if known["mean"] is not None:
        yield f"Then `(x / 255 - mean) / std`, mean {_numbers(known['mean'])}, std {_numbers(known['std'])}" + _grey(
            known
        )
    else:
        yield f"Then `{known['normalise']}` over each image by itself" + _grey(known)
    yield ""
    if known["views"] > 1:
        views = card.config.evaluate.model_dump(mode="json")
        yield f"The logits are the mean over {known['views']} views of it ({params_line(views)})."
        yield ""
    if card.checks.onnx is not None:
        yield f"`model.onnx` (opset {OPSET}) takes `images`, uint8 of shape (batch, {size}, {size}, 3), a batch of any"
        yield "size, and does all that follows: `logits` and `probabilities` are float32 of shape (batch, classes)."
        yield ""


def _grey(known: dict[str, Any]) -> str:
    return ", of the average of the three channels." if known["grey"] else "."


def _scores(card: Card) -> Iterator[str]:
    yield from ("## Measured", "", "| split | score | value | 95 % interval | n |", "|---|---|---|---|---|")
    for measured in card.measured:
        yield from score_lines(measured)
    yield ""
    rest = "chose nothing" if len(card.measured) > 1 else "was not read for this model"
    yield "The intervals are those of one model on so many images. The validation split chose the epoch and the trial,"
    yield f"and so flatters it; the test split {rest}."
    yield ""
    yield from _check_lines(card.checks)


def _check_lines(checks: Checks) -> Iterator[str]:
    told = [f"`model.safetensors` {checks.safetensors:.1e}"]
    told += [f"`model.onnx` {checks.onnx:.1e}"] if checks.onnx is not None else []
    told += [f"timm's own network {checks.timm:.1e}"] if checks.timm is not None else []
    yield f"Checked on {checks.asked} when it was written: logits differ from the trial's by at most {', '.join(told)}."
    yield ""


def _rest(card: Card) -> Iterator[str]:
    yield from ("## Intended use and limits", "", INTENDED)
    yield licence_line([card.config])
    yield ""


def _model_name(config: TrialConfig) -> str:
    return own_name(config.backbone)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _plain(text: str) -> str:
    """A name as it may stand in markdown: on one line, without what would end its quotes or begin a tag."""
    return "".join(letter if letter.isprintable() and letter not in "`<>|" else "_" for letter in text)
