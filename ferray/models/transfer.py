"""Starting from weights of an earlier trial: its backbone always, its head where it answers the same question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ferray.config.trial import TrialConfig
from ferray.errors import ConfigError
from ferray.files.readable import Readable
from ferray.models.weights import StateDict, load_strictly, read_content, refuse_misfit, tensors_in, under_names
from ferray.system.late import late

if TYPE_CHECKING:
    from torch import nn

    from ferray.models.backbones import Backbone
    from ferray.models.model import FerModel
else:
    nn = late("torch.nn")

NAME_A_TRIAL = "name a trial as `SWEEP:best` or `SWEEP:17`, or give the path of a `best.pt`"
_KINDS: dict[str, type] = {"model": dict, "config": dict, "classes": list, "epoch": int, "metrics": dict}


@dataclass(frozen=True)
class Loaded:
    """What a network started from.

    `backbone` is the network's name, `head` is `kept` or says why it was replaced. `config`, `recipe`, `epoch`,
    `metrics` and `classes` are those of the trial that trained the weights, None where the file does not say.
    """

    path: str
    backbone: str
    head: str
    epoch: int | None = None
    recipe: str | None = None
    classes: list[str] | None = None
    metrics: dict[str, float] | None = None
    config: dict[str, Any] | None = None

    @property
    def said(self) -> str:
        """One sentence for a person."""
        epoch = "" if self.epoch is None else f" epoch {self.epoch},"
        return f"backbone of {self.backbone} from `{self.path}`,{epoch} head {self.head}"

    def to_json(self) -> dict[str, Any]:
        """What init.json holds."""
        return {"said": self.said, **asdict(self)}


def load_initial(model: FerModel, file: Readable, *, config: TrialConfig, classes: Sequence[str]) -> Loaded:
    """Replace the network's weights by those of a `best.pt` of ferray, or of a plain file with a state dict.

    The backbone is loaded whole. The head is loaded where it has the same shapes and `classes`, those the network is
    to tell apart, are the same in the same order; otherwise it stays as it is. Raises ConfigError for a missing, torn
    or foreign file and for weights of another backbone than that of `config`.
    """
    content = _read(file)
    former = _Former(content)
    name = _agreed_backbone(former, file, config)
    backbone, head = _parts(tensors_in(content, source=str(file)), model.backbone)
    load_strictly(model.backbone, backbone, source=str(file), without=model.backbone.classifier)
    objection = former.differs(classes) or _misfit(model.head, head)
    if not objection:
        load_strictly(model.head, head, source=str(file))
    return Loaded(
        path=str(file),
        backbone=name,
        head=f"replaced: {objection}" if objection else "kept",
        epoch=former.epoch,
        recipe=former.recipe,
        classes=former.classes,
        metrics=former.metrics,
        config=former.config,
    )


def refuse_initial(file: Readable, config: TrialConfig) -> None:
    """ConfigError for a file that `load_initial` would refuse by its kind or by the name of its backbone."""
    content = _read(file)
    _agreed_backbone(_Former(content), file, config)
    tensors_in(content, source=str(file))


def refuse_unfit(file: Readable, backbone: Backbone) -> None:
    """ConfigError for a file whose weights do not fit the backbone, which may be on the meta device."""
    weights, _ = _parts(tensors_in(_read(file), source=str(file)), backbone)
    refuse_misfit(backbone, weights, source=str(file), without=backbone.classifier)


def numbered_head(file: Readable, config: TrialConfig, classes: Sequence[str]) -> str:
    """A warning where another set's head is kept because both call their classes by the same bare numbers; else ""."""
    former = _Former(_read(file))
    if former.config is None or former.differs(classes) or not all(name.strip().isdecimal() for name in classes):
        return ""
    if _same_set(former.config["dataset"], config.to_json()["dataset"]):
        return ""
    return (
        f"`{file}` was trained on another data set whose classes are called `{classes[0]}` to `{classes[-1]}` too: its "
        "head is kept, which is right only if the numbers mean the same"
    )


def _agreed_backbone(former: _Former, file: Readable, config: TrialConfig) -> str:
    name = _network(config.backbone.name, config.backbone.params)
    if former.backbone not in (None, name):
        raise ConfigError(
            f"`{file}` holds the backbone `{former.backbone}`, the trial has `{name}`",
            f"set `backbone` to `{former.backbone}`, or start from another trial",
        )
    return name


class _Former:
    """What a checkpoint says of the trial behind it; every property is None for a plain file of weights."""

    def __init__(self, content: dict[str, Any]) -> None:
        known = content if "ferray" in content else {}
        self.config: dict[str, Any] | None = known.get("config")
        self.classes: list[str] | None = known.get("classes")
        self.epoch: int | None = known.get("epoch")
        self.metrics: dict[str, float] | None = known.get("metrics")

    @property
    def backbone(self) -> str | None:
        """The name of its network."""
        if self.config is None:
            return None
        ((name, params),) = self.config["backbone"].items()
        return _network(name, params)

    @property
    def recipe(self) -> str | None:
        """None for a configuration of another version of ferray as well, which has no recipe here."""
        try:
            return TrialConfig.model_validate(self.config).recipe
        except ValidationError:
            return None

    def differs(self, classes: Sequence[str]) -> str:
        """Why its head does not tell these classes apart; empty where it does."""
        if self.classes is None:
            return "the file names no classes"
        if len(self.classes) != len(classes):
            return f"{len(classes)} classes for {len(self.classes)}"
        return "" if self.classes == list(classes) else "other classes"


def _same_set(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two choices of a data set, as JSON, mean the same images, however they are split."""
    named = [(name, params.get("path")) for choice in (first, second) for name, params in choice.items()]
    return named[0] == named[1]


def _read(file: Readable) -> dict[str, Any]:
    try:
        file.open("rb").close()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ConfigError(f"there is no checkpoint `{file}` to start from", NAME_A_TRIAL) from error
    except OSError:
        pass  # `read_content` says what hinders
    content = read_content(file)
    if not str(content.get("ferray", "best/")).startswith("best/"):
        raise ConfigError(f"`{file}` belongs to a trial that has not ended", NAME_A_TRIAL)
    if "ferray" in content and "model" not in content:
        raise ConfigError(f"`{file}` is of a trial without a network, whose weights none can begin with", NAME_A_TRIAL)
    if "ferray" in content:
        _refuse_misshapen(content, file)
    return content


def _refuse_misshapen(content: dict[str, Any], file: Readable) -> None:
    """ConfigError where what a best.pt says of its trial is not of the kinds that ferray writes."""
    wrong = [key for key, kind in _KINDS.items() if not isinstance(content.get(key, kind()), kind)]
    config = {} if wrong else content.get("config", {})
    wrong += [f"config.{part}" for part in ("backbone", "dataset") if not _is_choice(config.get(part, {"": {}}))]
    if wrong:
        raise ConfigError(f"`{file}` is not as ferray writes it: `{wrong[0]}` is of another kind", NAME_A_TRIAL)


def _is_choice(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and all(isinstance(params, dict) for params in value.values())


def _network(component: str, params: dict[str, Any]) -> str:
    """`resnet18` for `{timm: {name: resnet18.a1_in1k}}`, whichever weights it began with; `tiny_cnn` for itself."""
    return str(params.get("name", component)).partition(".")[0]


def _parts(tensors: StateDict, network: Backbone) -> tuple[StateDict, StateDict]:
    """Backbone and head of a whole network; a file without such names is a backbone alone."""
    backbone, head = (
        {name.removeprefix(part): value for name, value in tensors.items() if name.startswith(part)}
        for part in ("backbone.", "head.")
    )
    if backbone:
        return backbone, head
    places = list(network.state_dict())
    if not all(name.startswith("net.") for name in places):
        return tensors, {}
    bare = under_names(tensors, [name.removeprefix("net.") for name in places])
    return {f"net.{name}": value for name, value in bare.items()}, {}


def _misfit(head: nn.Module, weights: StateDict) -> str:
    places = {name: value.shape for name, value in head.state_dict().items()}
    return "" if places == {name: value.shape for name, value in weights.items()} else "it is of another kind"
