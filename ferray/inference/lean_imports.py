"""Networks of timm in a process that answers and never compiles, without torch's compiler: seconds of imports less.

torchvision imports the compiler to ask it one question of two of its functions, and timm to have it leave one alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_COMPILER, _QUESTIONS, _TRACKER = "torch._dynamo", "torch._dynamo.utils", "wandb"
_ASKING = ("timm", "torchvision", _COMPILER)


@contextmanager
def without_compiler() -> Iterator[None]:
    """Around what may import timm first: a stand-in takes the compiler's place, unless one of them is imported already.

    For commands whose process ends once it has answered: torch.compile works afterwards, but for the one function of
    timm that would have been left alone. W&B, which timm imports for trainings of its own, is not to be had inside.
    """
    if any(name in sys.modules for name in _ASKING):
        yield
        return
    compiler, questions = ModuleType(_COMPILER), ModuleType(_QUESTIONS)
    compiler.__dict__.update(__path__=[], disable=_unchanged)
    questions.__dict__.update(is_compile_supported=_is_compile_supported)
    stand_ins: dict[str, Any] = {_COMPILER: compiler, _QUESTIONS: questions}
    if _TRACKER not in sys.modules:
        stand_ins[_TRACKER] = None  # the import system's word for what is not to be had
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)


def _unchanged(function: Any = None, *_: Any, **__: Any) -> Any:
    return function if function is not None else _unchanged


def _is_compile_supported(device_type: str) -> bool:
    """Asked by torchvision when such a function is called, by then of the compiler itself."""
    from torch._dynamo.utils import is_compile_supported

    return bool(is_compile_supported(device_type))
