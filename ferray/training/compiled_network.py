"""A network whose training steps torch compiles: `compile: true`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ferray.errors import ConfigError
from ferray.models.model import FerModel

# Of one function, for the folds and trials of a process one after another: torch gives up after eight, and 256 in all.
_MOST_VERSIONS = 100_000
_HINT = "set `compile: false`, or install a C++ compiler such as g++"


class CompiledNetwork:
    """The network as it trains on whole batches; the others, an epoch's last one as a rule, go through it as it is.

    One shape is compiled, not each that comes, as that takes longer than most epochs. Evaluation is left as it is, so
    that a best.pt answers with the bits of its validation. Weights, and what is kept of them, are the network's own.
    """

    def __init__(self, model: FerModel, batch_size: int, compiler: Callable[..., Any] | None = None) -> None:
        self._model = model
        self._batch_size = batch_size
        self._compiled = (compiler or _compiler())(model, dynamic=False)

    def __call__(self, inputs: Tensor) -> Tensor:
        """What the network makes of a batch; ConfigError where torch cannot compile it on this machine."""
        network = self._compiled if len(inputs) == self._batch_size else self._model
        try:
            outputs: Tensor = network(inputs)
        except Exception as error:
            if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise ConfigError(
                    f"compile: torch cannot compile this network here: {_first_line(error)}", _HINT
                ) from error
            raise
        return outputs


def _compiler() -> Callable[..., Any]:
    import torch._dynamo  # seconds, for those alone that compile

    torch._dynamo.config.recompile_limit = _MOST_VERSIONS
    torch._dynamo.config.accumulated_recompile_limit = _MOST_VERSIONS
    return torch.compile


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
