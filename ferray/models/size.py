"""How large a trial's network is, without its weights being made or read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ferray.config.trial import TrialConfig
from ferray.errors import FerrayError
from ferray.system.late import late

if TYPE_CHECKING:
    import torch

    from ferray.models.model import FerModel
else:
    torch = late("torch")

_OPTIMISER_COPIES = {"sgd": 1}  # of each trained weight, for its momentum; two for the others
_NO_WEIGHTS = {"pretrained": False, "weights": None}


@dataclass(frozen=True)
class NetworkSize:
    """Bytes of a network's weights in float32, and of what an optimiser keeps beside them."""

    weights: int
    optimiser: int

    @property
    def best_checkpoint(self) -> int:
        """What best.pt holds of them, and stays."""
        return self.weights

    @property
    def last_checkpoint(self) -> int:
        """What last.pt holds of them while a trial runs: the present weights, the best ones, the optimiser."""
        return 2 * self.weights + self.optimiser


def network_size(config: TrialConfig, num_classes: int) -> NetworkSize | None:
    """The size of a trial's network over images; None where building it in thought is not possible."""
    params = config.backbone.build_params()
    fields = {name: value for name, value in _NO_WEIGHTS.items() if name in type(params).model_fields}
    try:
        with torch.device("meta"):
            model = _build(config, params.model_copy(update=fields), num_classes)
    except (RuntimeError, NotImplementedError, FerrayError):
        return None
    tensors = [*model.parameters(), *model.buffers()]
    trained = sum(parameter.nbytes for parameter in model.parameters() if parameter.requires_grad)
    return NetworkSize(
        sum(tensor.nbytes for tensor in tensors), trained * _OPTIMISER_COPIES.get(config.optimizer.name, 2)
    )


def _build(config: TrialConfig, params: Any, num_classes: int) -> FerModel:
    from ferray.models.model import FerModel

    backbone = config.backbone.load()(params).build()
    if config.image_size is not None:
        backbone.resize_input(config.image_size)
    head = config.head.load()(config.head.build_params()).build(backbone.num_features, num_classes)
    model = FerModel(backbone, head)
    model.freeze(config.finetune)
    return model
