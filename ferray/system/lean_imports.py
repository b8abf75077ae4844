"""torch without its compiler for as long as nobody compiles, and timm without W&B: seconds less of every start.

torchvision imports the compiler to ask it one question, timm to set one limit, and torch itself for the first step of
an optimiser, to leave marks that only a compilation sees.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"
_QUESTIONS = f"{COMPILER}.utils"
_NETWORKS, _TRACKER = "timm", "wandb"
_here = threading.local()  # `hides_tracker` is True while this thread imports timm


def import_lean() -> None:
    """Put stand-ins where torch's compiler would be imported; who compiles, or asks it anything else, has the real one.

    For a process that may import torch later, or has done so; more than once does nothing more.
    """
    if not any(isinstance(finder, _LeanFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LeanFinder())
    if COMPILER not in sys.modules:
        sys.modules[COMPILER] = _Compiler(COMPILER)
        sys.modules[_QUESTIONS] = _Questions(_QUESTIONS)


@contextmanager
def absent(name: str) -> Iterator[None]:
    """Around the import of who takes a package along that is optional to it, and is not needed; none where it is there.

    For commands, which import on one thread: others would miss the package meanwhile.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say that there is no such module
    try:
        yield
    finally:
        del sys.modules[name]


class _StandIn(ModuleType):
    """What it does not have itself, it imports the real module for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None, is_package=True)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what `inspect` and others ask of every module there is
            raise AttributeError(name)
        _import_compiler()
        return getattr(import_module(self.__name__), name)


class _Limits(ModuleType):
    """The compiler's settings, which are kept until there is one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_import_compiler().config, name)


class _Compiler(_StandIn):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.config = _Limits(f"{name}.config")

    def disable(self, function: Callable[..., Any] | None = None, *given: Any, **options: Any) -> Any:
        """The function, which the compiler is to leave alone once there is one."""
        if function is None:
            return partial(self.disable, **options)

        @wraps(function)
        def left_alone(*args: Any, **kwargs: Any) -> Any:
            if sys.modules[COMPILER] is self:
                return function(*args, **kwargs)
            return sys.modules[COMPILER].disable(function, *given, **options)(*args, **kwargs)

        return left_alone

    def graph_break(self, *_: Any, **__: Any) -> None:
        """A mark for a compilation, of which there is none."""


class _Questions(_StandIn):
    def is_compile_supported(self, device_type: str) -> bool:
        """Asked by torchvision when one of its functions is called, by then of the compiler itself."""
        _import_compiler()
        return bool(import_module(_QUESTIONS).is_compile_supported(device_type))


def _import_compiler() -> Any:
    """The real one, in the place of the stand-ins and with the settings that they were given."""
    stand_in = sys.modules.get(COMPILER)
    if isinstance(stand_in, _Compiler):
        for name in (COMPILER, _QUESTIONS):
            sys.modules.pop(name, None)
        compiler = import_module(COMPILER)
        for name, value in vars(stand_in.config).items():
            if not name.startswith("__"):
                setattr(compiler.config, name, value)
    return import_module(COMPILER)


class _LeanFinder(MetaPathFinder):
    """Brings the compiler before any part of it, and hides W&B from timm, which imports it for trainings of its own."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith(f"{COMPILER}.") and isinstance(sys.modules.get(COMPILER), _Compiler):
            path = _import_compiler().__path__
            if (module := sys.modules.get(fullname)) is None:
                return PathFinder.find_spec(fullname, path, target)
            # The import system takes the module's own word for how it is loaded, and would load it once more.
            module.__spec__ = ModuleSpec(fullname, _Imported(module))
            return module.__spec__
        if fullname == _TRACKER and getattr(_here, "hides_tracker", False):
            raise ModuleNotFoundError(f"{_NETWORKS} is imported without {_TRACKER}", name=_TRACKER)
        spec = PathFinder.find_spec(fullname, path, target) if fullname == _NETWORKS else None
        if spec is not None and _TRACKER not in sys.modules:
            spec.loader = _WithoutTracker(spec.loader)
        return spec


class _Imported(Loader):
    """Gives a module that was imported while it was looked for."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


class _WithoutTracker(Loader):
    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None, "the import system has given it one"
        module.__spec__.loader = module.__loader__ = self._loader
        _here.hides_tracker = True
        try:
            self._loader.exec_module(module)
        finally:
            _here.hides_tracker = False
